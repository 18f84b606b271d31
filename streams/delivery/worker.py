"""Works off what one stream owes: takes the next callback, tries it, settles it, and goes on while something is due.

Owns that loop and the decision after a try. No transaction is open while a customer is waited for."""

import logging
import random
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from streams import jobs
from streams.database_clock import database_now
from streams.delivery import outbox, slow_endpoints
from streams.delivery.broker import nudge
from streams.delivery.sending import SendResult, send_once
from streams.models import Callback, CallbackAttempt, CallbackState
from streams.pure.callback.parameters import next_try

log = logging.getLogger(__name__)

ALL_LOST = "It was not sent once more: the workers that tried it went away each time. It may have arrived."


class DeliveryOutcome(StrEnum):
    """What `deliver_next` did. After the last three it makes sense to ask again at once."""

    NOTHING_DUE = "nothing due"
    CAPPED = "capped"
    OVERTAKEN = "overtaken"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given up"


TRIED = (DeliveryOutcome.DELIVERED, DeliveryOutcome.FAILED, DeliveryOutcome.GIVEN_UP)
_SETTLED = {
    CallbackState.DELIVERED: DeliveryOutcome.DELIVERED,
    CallbackState.PENDING: DeliveryOutcome.FAILED,
    CallbackState.GIVEN_UP: DeliveryOutcome.GIVEN_UP,
}


def deliver(stream_id: int) -> None:
    """Sends what the stream owes until nothing is due, its host or account is at its share, or another worker has it.

    The place at the host that becomes free then goes to streams that wait for it now, and not with the next sweep."""
    worked = False
    while deliver_next(stream_id) in TRIED:
        worked = True
    for waiting in outbox.waiting_beside(stream_id) if worked else ():
        nudge(waiting)


def deliver_next(stream_id: int) -> DeliveryOutcome:
    """At most one try, of the stream's first deliverable callback. Blocks up to CALLBACK_TIMEOUT_SECONDS."""
    now = database_now()
    callback = outbox.next_of(stream_id, now)
    if callback is None:
        return DeliveryOutcome.NOTHING_DUE
    known = slow_endpoints.endpoints
    lane = known.begin(callback.account_id, callback.host)
    if lane is None:
        return DeliveryOutcome.CAPPED
    quick = None
    try:
        outcome, quick = _try(callback, now)
    finally:
        known.end(lane, callback.account_id, callback.host, quick)
    return outcome


def _try(callback: Callback, now: datetime) -> tuple[DeliveryOutcome, bool | None]:
    """What became of it, and whether its endpoint answered quickly; None: it was not asked."""
    if not outbox.has_room(callback, now):
        return DeliveryOutcome.CAPPED, None
    lost = bool(callback.claimed_by)
    if not outbox.claim(callback, now):
        return DeliveryOutcome.OVERTAKEN, None
    if lost and callback.tries > 1:
        return _put_off(callback), None
    # Several workers may have seen the same room and claimed together. Whoever counts after its claim sees all of them.
    if not outbox.has_room(callback, now, own=1):
        jobs.give_back(callback)
        return DeliveryOutcome.CAPPED, None
    result = send_once(callback)
    quick = not result.timed_out and result.attempt.duration_ms <= slow_endpoints.SLOW_SECONDS * 1000
    return _settle(callback, result), quick


def _put_off(callback: Callback) -> DeliveryOutcome:
    """Its tries are lost with their workers, or what came of them cannot be written down. The first is made again at once; after that it
    keeps its schedule like one that fails, or its customer would get it twice a minute for ever."""
    seconds = _wait_seconds(callback.tries)
    if seconds is not None:
        due_at = database_now() + timedelta(seconds=seconds)
        return DeliveryOutcome.FAILED if jobs.give_back(callback, due_at=due_at) else DeliveryOutcome.OVERTAKEN
    attempt = CallbackAttempt(started_at=database_now(), duration_ms=0, error=ALL_LOST)
    return _settle(callback, SendResult(attempt, delivered=False, may_retry=False))


def _settle(callback: Callback, result: SendResult) -> DeliveryOutcome:
    state, due_at = _after(callback, result)
    if not outbox.settle(callback, result.attempt, state, due_at):
        log.warning("Callback %s: the claim was taken over while its try was under way; nothing was written.", callback.message_id)
        return DeliveryOutcome.OVERTAKEN
    return _SETTLED[state]


def _after(callback: Callback, result: SendResult) -> tuple[CallbackState, datetime | None]:
    """The callback's state after a try, and when the next one is due."""
    if result.delivered:
        return CallbackState.DELIVERED, None
    seconds = _wait_seconds(callback.tries + 1, result)
    if seconds is None or not result.may_retry:
        return CallbackState.GIVEN_UP, None
    return CallbackState.PENDING, database_now() + timedelta(seconds=seconds)


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
