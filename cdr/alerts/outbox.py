"""Messages that wait: each claimed by one worker, tried by the plan of status callbacks, and every try written down.

Owns the rows of messages and tries, and what a place says of itself while it fails. Must not know what is sent, nor why."""

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from cdr.alert_rows import AlertChannel, AlertMessage, AlertTry, MessageState
from cdr.alerts.sending import DEADLINE_SECONDS, AlertSend, send_message
from streams import jobs
from streams.database_clock import RunningClock, database_now
from streams.pure.callback.parameters import next_try
from streams.shares import Shares

ALERT_MESSAGES = Shares("messages of alerts", places=6, each=2)
"""By place: one that hangs keeps back no other."""
HELD = timedelta(seconds=DEADLINE_SECONDS + 40)
LOST = "The worker that made this try went away before it could write down the outcome; the message may have arrived."
KEPT = timedelta(days=90)


def send_next() -> bool:
    """Sends a message that is due; False when there is none that may be begun."""
    message = _claim_next()
    if message is None:
        return False
    clock = RunningClock()
    result = send_message(message, clock)
    _settle(message, result, clock.now())
    return True


def _claim_next() -> AlertMessage | None:
    due = AlertMessage.objects.filter(due_at__lte=database_now(), finished_at=None).select_related("channel").order_by("due_at", "pk")
    return jobs.claim_next(due, HELD, ALERT_MESSAGES, whose="channel_id")


def _settle(message: AlertMessage, result: AlertSend, now: datetime) -> None:
    """Nothing is written where the claim was taken over meanwhile: whoever has it writes."""
    with transaction.atomic():
        _write_lost_tries(message, now)
        if not _follow(message, result, now):
            return
        result.attempt.message, result.attempt.number = message, message.tries
        result.attempt.save()
        _note(message.channel, result, now)


def _write_lost_tries(message: AlertMessage, now: datetime) -> None:
    if not jobs.still_claimed([message]):
        return
    written = message.attempts.count()
    for number in range(written + 1, message.tries + 1):
        AlertTry.objects.create(message=message, number=number, started_at=now - HELD, duration_ms=0, error=LOST)


def _follow(message: AlertMessage, result: AlertSend, now: datetime) -> bool:
    if result.sent:
        return jobs.finish(message, state=MessageState.SENT, due_at=None)
    seconds = _wait_seconds(message.tries + 1, result)
    if seconds is None or not result.may_retry:
        return jobs.finish(message, state=MessageState.GIVEN_UP, due_at=None)
    return jobs.retry_later(message, due_at=now + timedelta(seconds=seconds))


def _wait_seconds(tries: int, result: AlertSend) -> float | None:
    return next_try(
        tries,
        settings.CALLBACK_RETRY_SECONDS,
        timed_out=result.timed_out,
        status=result.attempt.status,
        retry_after_seconds=result.retry_after_seconds,
        jitter=random.uniform(-1, 1),  # spreads tries over time, and keeps nothing secret  # nosec B311
    )


def _note(channel: AlertChannel, result: AlertSend, now: datetime) -> None:
    rows = AlertChannel.objects.filter(pk=channel.pk)
    if result.sent and not result.warning:
        rows.update(failing_since=None, last_error="", last_sent_at=now)
    elif result.sent:
        rows.update(failing_since=None, last_error=result.warning[:300], last_sent_at=now)
    else:
        rows.update(failing_since=Coalesce(F("failing_since"), now), last_error=result.attempt.error)


def remove_old() -> int:
    """Messages that were ended long ago, with their tries."""
    return AlertMessage.objects.filter(finished_at__lt=database_now() - KEPT).delete()[0]
