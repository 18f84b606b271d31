"""One try to send a message: as a mail, or as a request through the guard; and in words what came of it.

Owns what a receiver sees. Never raises for what is wrong with a receiver. Must not write rows, nor decide when it is tried again."""

import json
import logging
import smtplib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from cdr.alert_rows import AlertChannel, AlertMessage, AlertTry, ChannelKind
from cdr.alerts.mail_server import DeadlineBackend
from cdr.pure.alerts.messages import Content, pagerduty_body, slack_body, subject, text, webhook_body
from streams.database_clock import RunningClock
from streams.delivery.sending import body_as_text, retry_after_seconds
from streams.fetch import FailureKind, FetchFailed, Reply, fetch
from streams.pure.callback.signature import standard_webhook_headers
from streams.pure.foreign_text import cleaned

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 20.0
ANSWER_BYTES = 4096
PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"
BROKE = "Streamdesk could not send this message; the worker's log says why."


class AlertSend(NamedTuple):
    """The try, not saved yet, and what the retry rule asks of it. `warning`: it was taken, but not for everybody."""

    attempt: AlertTry
    sent: bool
    may_retry: bool = True
    timed_out: bool = False
    retry_after_seconds: float | None = None
    warning: str = ""


def send_message(message: AlertMessage, clock: RunningClock) -> AlertSend:
    """Blocks for DEADLINE_SECONDS at most."""
    started_at = clock.now()
    began = time.monotonic()
    try:
        if message.channel.kind == ChannelKind.MAIL:
            return _mailed(message.channel, message.content, started_at, began)
        return _requested(message, started_at)
    except Exception:  # a bug of ours, or a row that nobody can send: it uses up its tries like any other
        log.exception("Message %s of alerts could not be sent.", message.message_id)
        return AlertSend(_tried(started_at, began, error=BROKE), sent=False)


def _tried(started_at: datetime, began: float, **columns: Any) -> AlertTry:
    return AlertTry(started_at=started_at, duration_ms=round(1000 * (time.monotonic() - began)), **columns)


# Mail ------------------------------------------------------------------------------------------------------------------------------
def _mailed(channel: AlertChannel, content: Content, started_at: datetime, began: float) -> AlertSend:
    mail = settings.MAIL
    if not mail.backend:
        attempt = _tried(started_at, began, error="No mail server is set: set EMAIL_URL, and restart the workers.")
        return AlertSend(attempt, sent=False)
    server = get_connection(mail.backend, fail_silently=False, **mail.options)
    email = EmailMessage(subject(content), text(content, settings.PUBLIC_URL), mail.sender, channel.addresses.split(), connection=server)
    email.extra_headers["Auto-Submitted"] = "auto-generated"
    try:
        email.send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        late = isinstance(server, DeadlineBackend) and server.late
        problem = f"The mail server took longer than {DEADLINE_SECONDS:g} s." if late else smtp_words(error)
        status = getattr(error, "smtp_code", None)
        attempt = _tried(started_at, began, address=mail.place, status=status, error=cleaned(problem, 300))
        refused = isinstance(error, smtplib.SMTPRecipientsRefused) and all(code >= 500 for code, _ in error.recipients.values())
        return AlertSend(attempt, sent=False, may_retry=not refused, timed_out=late or timed_out(error))
    refused_some = refused_words(getattr(server, "refused", {}))
    return AlertSend(_tried(started_at, began, address=mail.place, answer=refused_some), sent=True, warning=refused_some)


def timed_out(error: Exception) -> bool:
    """smtplib tells it as a connection that was closed."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def smtp_words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"The mail server refused every address: {refused_words(error.recipients)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server answered {error.smtp_code}: {_answer(error.smtp_error)}"
    if timed_out(error):
        return "The mail server did not answer in time."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "The mail server closed the connection."
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return f"The mail server could not be reached: {error.strerror or error}."
    return f"The mail could not be sent: {error}."


def refused_words(refused: Mapping[str, tuple[int, bytes]]) -> str:
    each = [f"{cleaned(address, 80)} ({code} {_answer(said)})" for address, (code, said) in refused.items()]
    return f"not taken for {', '.join(each)}" if each else ""


def _answer(said: bytes | str) -> str:
    return cleaned(said.decode("utf-8", "replace") if isinstance(said, bytes) else said, 120)


# Requests --------------------------------------------------------------------------------------------------------------------------
def _requested(message: AlertMessage, started_at: datetime) -> AlertSend:
    channel = message.channel
    url, body, signing = _request(channel, message.content)
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if channel.kind == ChannelKind.WEBHOOK:
        headers |= standard_webhook_headers(message.message_id, int(started_at.timestamp()), data, signing)
    try:
        reply = fetch(
            "POST", url, body=data, headers=headers, deadline_seconds=DEADLINE_SECONDS, max_bytes=ANSWER_BYTES, reach=settings.DIAL_REACH
        )
    except FetchFailed as failure:
        attempt = AlertTry(
            started_at=started_at, duration_ms=failure.duration_ms, address=failure.address, error=cleaned(failure.problem, 300)
        )
        may_retry = failure.kind is not FailureKind.REFUSED_ADDRESS
        return AlertSend(attempt, sent=False, may_retry=may_retry, timed_out=failure.kind is FailureKind.TIMEOUT)
    return _answered(reply, started_at)


def _request(channel: AlertChannel, content: Content) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    base_url = settings.PUBLIC_URL
    if channel.kind == ChannelKind.SLACK:
        return channel.url, slack_body(content, base_url), ()
    if channel.kind == ChannelKind.PAGERDUTY:
        return channel.url or PAGERDUTY_URL, pagerduty_body(content, channel.secret, base_url or "Streamdesk", base_url), ()
    return channel.url, webhook_body(content, base_url), (channel.secret,) if channel.secret else ()


def _answered(reply: Reply, started_at: datetime) -> AlertSend:
    taken = 200 <= reply.status < 300
    attempt = AlertTry(
        started_at=started_at,
        duration_ms=reply.duration_ms,
        address=reply.address,
        status=reply.status,
        error="" if taken else f"It answered {reply.status_words}; a message counts as taken when the answer is 2xx.",
        answer=body_as_text(reply.body),
    )
    return AlertSend(attempt, sent=taken, retry_after_seconds=retry_after_seconds(reply.headers, started_at))
