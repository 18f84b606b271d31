"""One try at one callback: signs it, sends it, and says in words what came back.

Owns what a customer's endpoint sees and what the attempt's line shows. Must not write rows or decide about claims."""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from django.conf import settings

from streams.database_clock import RunningClock
from streams.fetch import FailureKind, FetchFailed, Reply, fetch
from streams.models import Callback, CallbackAttempt
from streams.pure.callback.auth_tokens import Tokens
from streams.pure.callback.form_request import FormRequest, signed_form
from streams.pure.callback.parameters import as_sent
from streams.pure.callback.signature import standard_webhook_headers
from streams.pure.foreign_text import cleaned
from streams.pure.scrubbing import scrubbed
from streams.trace_headers import trace_headers

log = logging.getLogger(__name__)

RESPONSE_HEAD_BYTES = 4096
INTERNAL_ERROR = "Streamdesk could not send this callback; the worker's log says why."


class SendResult(NamedTuple):
    """The attempt's line, not saved yet, and what the retry rule asks of it."""

    attempt: CallbackAttempt
    delivered: bool
    may_retry: bool
    timed_out: bool = False
    retry_after_seconds: float | None = None


def send_once(callback: Callback, signing: Tokens | None, clock: RunningClock) -> SendResult:
    """Sends `callback` once, signed with these tokens (None: they could not be read). Blocks up to CALLBACK_TIMEOUT_SECONDS, and asks no
    database."""
    started_at = clock.now()
    if signing is None:
        return _internal_error(started_at)
    try:
        request = _request(callback, signing, started_at)
        reply = fetch(
            callback.method,
            request.url,
            body=request.body,
            headers=request.headers,
            deadline_seconds=settings.CALLBACK_TIMEOUT_SECONDS,
            max_bytes=RESPONSE_HEAD_BYTES,
            reach=settings.DIAL_REACH,
        )
    except FetchFailed as failure:
        return _unanswered(failure, started_at)
    except Exception:  # a row that cannot be sent must not be tried for ever: it uses up its tries like any other
        log.exception("Callback %s could not be sent.", callback.message_id)
        return _internal_error(started_at)
    return _answered(reply, started_at)


def _request(callback: Callback, signing: Tokens, at: datetime) -> FormRequest:
    """Signed anew for each try, over the frozen parameters; the message id is the same in all of them."""
    parameters = as_sent(callback.parameters, callback.stream.extra_headers)
    form = signed_form(callback.method, callback.url, parameters, signing, secrets.token_hex(16))
    webhook = standard_webhook_headers(callback.message_id, int(at.timestamp()), form.body, signing)
    trace = trace_headers(dict(callback.parameters)["CallUUID"], "try", callback.message_id, callback.tries + 1)
    return form._replace(headers={**form.headers, **webhook, **trace})


def _internal_error(started_at: datetime) -> SendResult:
    return SendResult(CallbackAttempt(started_at=started_at, duration_ms=0, error=INTERNAL_ERROR), delivered=False, may_retry=True)


def _unanswered(failure: FetchFailed, started_at: datetime) -> SendResult:
    attempt = CallbackAttempt(
        started_at=started_at, duration_ms=failure.duration_ms, address=failure.address, error=cleaned(failure.problem, 300)
    )
    may_retry = failure.kind is not FailureKind.REFUSED_ADDRESS
    return SendResult(attempt, delivered=False, may_retry=may_retry, timed_out=failure.kind is FailureKind.TIMEOUT)


def _answered(reply: Reply, started_at: datetime) -> SendResult:
    attempt = CallbackAttempt(
        started_at=started_at,
        duration_ms=reply.duration_ms,
        address=reply.address,
        status=reply.status,
        error=cleaned(_problem(reply), 300),
        response_head=body_as_text(reply.body),
    )
    wait_seconds = retry_after_seconds(reply.headers, started_at)
    return SendResult(attempt, delivered=not attempt.error, may_retry=True, retry_after_seconds=wait_seconds)


def _problem(reply: Reply) -> str:
    if 200 <= reply.status < 300:
        return ""
    if reply.redirect:
        where = scrubbed(reply.redirect)
        return f"The endpoint answered {reply.status}, a redirect to {where}. Redirects are not followed: give the final URL."
    return f"The endpoint answered {reply.status_words}; a callback counts as delivered when the answer is 2xx."


def body_as_text(body: bytes) -> str:
    """The head of an answer's body as text that can be stored and shown; its line breaks stay."""
    return "\n".join(cleaned(line, RESPONSE_HEAD_BYTES) for line in body.decode("utf-8", "replace").splitlines())


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """What Retry-After asks for, in seconds or as a date (RFC 9110, 10.2.3); None when there is none that can be read."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max((parsedate_to_datetime(text) - now).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):  # TypeError: a date without a zone
        return None
