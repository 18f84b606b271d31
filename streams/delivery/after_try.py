"""What follows from a try: the callback's state, and when it is tried again.

Owns that decision. Must not write rows."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from streams import jobs
from streams.delivery.claims import EndedTry
from streams.delivery.sending import SendResult
from streams.models import Callback, CallbackAttempt, CallbackState
from streams.pure.callback.parameters import next_try

ALL_LOST = "It was not sent once more: the workers that tried it went away each time. It may have arrived."


def ended_try(callback: Callback, result: SendResult, now: datetime) -> EndedTry:
    if result.delivered:
        return EndedTry(callback, result.attempt, CallbackState.DELIVERED, None)
    seconds = _wait_seconds(callback.tries + 1, result)
    if seconds is None or not result.may_retry:
        return EndedTry(callback, result.attempt, CallbackState.GIVEN_UP, None)
    return EndedTry(callback, result.attempt, CallbackState.PENDING, now + timedelta(seconds=seconds))


def put_off(callbacks: Sequence[Callback], now: datetime) -> list[EndedTry]:
    """Their tries are lost with their workers, or what came of them cannot be written down. The first is made again at once; after that
    each keeps its schedule like one that fails, or its customer would get it twice a minute for ever. Returns those that are tried no
    more."""
    over = []
    for callback in callbacks:
        seconds = _wait_seconds(callback.tries)
        if seconds is not None:
            jobs.give_back(callback, due_at=now + timedelta(seconds=seconds))
            continue
        attempt = CallbackAttempt(started_at=now, duration_ms=0, error=ALL_LOST)
        over.append(EndedTry(callback, attempt, CallbackState.GIVEN_UP, None))
    return over


def _wait_seconds(tries: int, result: SendResult | None = None) -> float | None:
    """After so many failed tries, until the next one; None: there is none."""
    return next_try(
        tries,
        settings.CALLBACK_RETRY_SECONDS,
        timed_out=result is not None and result.timed_out,
        status=result.attempt.status if result is not None else None,
        retry_after_seconds=result.retry_after_seconds if result is not None else None,
        jitter=random.uniform(-1, 1),  # spreads tries over time, and keeps nothing secret  # nosec B311
    )
