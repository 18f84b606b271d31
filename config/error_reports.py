"""Reports of errors to Sentry, or to what speaks as it does (GlitchTip, Bugsink): off unless SENTRY_DSN is set.

Owns what leaves the machine: what an ERROR line of the log says, and where in the code it was, by a list of what may be told. No request,
no local variable, no argument of a command, no phone number, no value of a URL. They are sent by a thread of their own; one that cannot be
sent is dropped. Sentry's library is imported only when it is used."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from config.json_lines import JsonLines
from streams.log_subject import spoken_of
from streams.pure.scrubbing import scrubbed

TOLD = ("event_id", "timestamp", "level", "platform", "logger", "environment", "release", "server_name", "sdk")
"""As they are: none of these has anything of a call in it."""
TOLD_OF_FRAME = ("filename", "function", "module", "lineno", "in_app", "pre_context", "context_line", "post_context")
NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[ .()-]{0,2}\d){6,}(?![\w-])")
"""Seven digits or more in a row, as numbers are written; none of a uuid's."""
QUIET = logging.CRITICAL + 1


def report_address(env: Environment) -> str:
    """SENTRY_DSN, if it can be one. Raises ImproperlyConfigured, without its key."""
    if not (dsn := env.text("SENTRY_DSN")):
        return ""
    from sentry_sdk.utils import BadDsn, Dsn  # noqa: PLC0415 - only who has set it needs it

    try:
        Dsn(dsn)
    except BadDsn as error:
        wanted = "It looks like https://key@sentry.example.org/7, and your Sentry shows it under Client Keys."
        raise ImproperlyConfigured(f"SENTRY_DSN is not the address of a project. {wanted}") from error
    return dsn


def begin_reporting(dsn: str) -> None:
    """From now on, in this process. Does nothing without a `dsn`."""
    if not dsn:
        return
    import sentry_sdk  # noqa: PLC0415 - as above
    from sentry_sdk.integrations.atexit import AtexitIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.dedupe import DedupeIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.threading import ThreadingIntegration  # noqa: PLC0415

    # What fails in a page, a task or a call is a line of the log, with its traceback: nothing is patched to hear of it.
    integrations = [
        LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
        ExcepthookIntegration(),
        ThreadingIntegration(propagate_scope=False),
        DedupeIntegration(),
        AtexitIntegration(callback=lambda waiting, seconds: None),
    ]
    sentry_sdk.init(
        dsn,
        integrations=integrations,
        default_integrations=False,
        auto_enabling_integrations=False,
        before_send=tellable_event,
        max_breadcrumbs=0,
        include_local_variables=False,
        max_request_body_size="never",
        send_default_pii=False,
        send_client_reports=False,
        auto_session_tracking=False,
        shutdown_timeout=2,
    )
    # What cannot be reported is in our own log already.
    for name in ("sentry_sdk.errors", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(QUIET)


def tellable_event(event: Any, hint: Mapping[str, Any]) -> Any:
    """Of what Sentry's library has gathered, what may be told; the words are those of the log."""
    known = {name: event[name] for name in TOLD if name in event}
    if record := hint.get("log_record"):
        known["logentry"] = {"message": tellable_words(JsonLines().scrubbed_parts(record)[0])}
    if raised := (event.get("exception") or {}).get("values"):
        known["exception"] = {"values": [_error(each) for each in raised]}
    return known | {"tags": spoken_of()}


def _error(raised: Mapping[str, Any]) -> dict[str, Any]:
    frames = (raised.get("stacktrace") or {}).get("frames") or []
    told_of = [{name: frame[name] for name in TOLD_OF_FRAME if name in frame} for frame in frames]
    named = {name: raised[name] for name in ("type", "module") if raised.get(name)}
    return named | {"value": tellable_words(str(raised.get("value") or "")), "stacktrace": {"frames": told_of}}


def tellable_words(text: str) -> str:
    return NUMBER.sub("(a number)", scrubbed(text))
