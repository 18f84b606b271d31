"""Who tries a callback, and what is written when its try is over: many together, in one transaction.

Owns claims and the rows of attempts. Must not know which callbacks are next, HTTP or Celery."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from streams import jobs
from streams.models import Callback, CallbackAttempt, CallbackState, CallbackTrouble, Stream
from streams.signals import tries_ended

log = logging.getLogger(__name__)

CLAIM_MARGIN_SECONDS = 15
"""A claim outlives the deadline of its try by this, so that only a worker that died, or was paused, loses one."""

LOST = "The worker that made this try went away before it could write down the outcome; the callback may have arrived."


class EndedTry(NamedTuple):
    """The attempt's line, not saved yet, and what follows: the callback's state, and when it is tried again."""

    callback: Callback
    attempt: CallbackAttempt
    state: CallbackState
    due_at: datetime | None


class Claimed(NamedTuple):
    """`lost`: of them a try went away with its worker before."""

    new: list[Callback]
    lost: list[Callback]


def claim(pks: Sequence[int], now: datetime) -> Claimed:
    """Takes those that may be tried still: not one that another worker was quicker at, or that was put off or sent again meanwhile.

    A claim that ran out is a try that was lost with its worker: it gets its line among the attempts."""
    held = timedelta(seconds=settings.CALLBACK_TIMEOUT_SECONDS + CLAIM_MARGIN_SECONDS)
    rows = Callback.objects.filter(pk__in=pks, state=CallbackState.PENDING, due_at__lte=now).select_related("stream")
    with transaction.atomic():
        new, lost = jobs.claim_together(rows, now, held)
        for callback, ran_out_at in lost:
            _write_lost_try(callback, ran_out_at - held)
    return Claimed(new, [callback for callback, _ in lost])


def settle(tries: Sequence[EndedTry]) -> list[EndedTry]:
    """Writes the attempts and what follows from them where the claim is still ours; returns those. What cannot be written keeps back no
    other: its claim runs out, and then counts as lost."""
    try:
        return _settle(tries) if tries else []
    except (DataError, IntegrityError):
        if len(tries) > 1:
            return [ended for each in tries for ended in settle([each])]
        log.exception("What came of callback %s could not be written.", tries[0].callback.message_id)
        return []


def _settle(tries: Sequence[EndedTry]) -> list[EndedTry]:
    as_claimed = [(ended.callback, ended.callback.claimed_by, ended.callback.tries) for ended in tries]
    try:
        with transaction.atomic():
            held = {callback.pk for callback in jobs.still_claimed([ended.callback for ended in tries])}
            ours = [ended for ended in tries if ended.callback.pk in held]
            _write(ours)
    except BaseException:
        for callback, claimed_by, number in as_claimed:  # nothing of it is written, and whoever has it may try to once more
            callback.claimed_by, callback.tries = claimed_by, number
        raise
    for ended in (ended for ended in tries if ended.callback.pk not in held):
        log.warning("Callback %s: its claim was taken over meanwhile; nothing was written.", ended.callback.message_id)
    return ours


def _write(ours: Sequence[EndedTry]) -> None:
    for state in (CallbackState.DELIVERED, CallbackState.GIVEN_UP):
        jobs.finish_together([ended.callback for ended in ours if ended.state == state], state=state, due_at=None)
    for ended in ours:
        if ended.state == CallbackState.PENDING:
            jobs.retry_later(ended.callback, state=ended.state, due_at=ended.due_at)
        ended.attempt.pk, ended.attempt.callback, ended.attempt.number = None, ended.callback, ended.callback.tries
        if ended.attempt.error:
            given_up = ended.state == CallbackState.GIVEN_UP
            _note_trouble(ended.callback, CallbackTrouble.GIVEN_UP if given_up else CallbackTrouble.TRY_FAILED)
    attempts = CallbackAttempt.objects.bulk_create(ended.attempt for ended in ours)
    tries_ended.send(sender=CallbackAttempt, attempts=attempts)


def _write_lost_try(callback: Callback, started_at: datetime) -> None:
    CallbackAttempt.objects.create(callback=callback, number=callback.tries, started_at=started_at, duration_ms=0, error=LOST)
    _note_trouble(callback, CallbackTrouble.TRY_FAILED)


def _note_trouble(callback: Callback, trouble: CallbackTrouble) -> None:
    """Lists look for it on the stream. Written for a failure only, and once for each degree of it."""
    Stream.objects.filter(pk=callback.stream_id, callback_trouble__lt=trouble).update(callback_trouble=trouble)
