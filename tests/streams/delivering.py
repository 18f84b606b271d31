"""Delivery without a worker, in the thread of a test: rounds one by one, and what came of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Event

from streams.database_clock import RunningClock, database_now
from streams.delivery import outbox
from streams.delivery.outbox import Look
from streams.delivery.rounds import Rounds
from streams.models import Callback, CallbackState

MOST_SECONDS = 90.0


class DeliveryOutcome(StrEnum):
    NOTHING_DUE = "nothing due"
    CAPPED = "capped"
    OVERTAKEN = "overtaken"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given up"


TRIED = (DeliveryOutcome.DELIVERED, DeliveryOutcome.FAILED, DeliveryOutcome.GIVEN_UP)
_OUTCOMES = {
    CallbackState.DELIVERED: DeliveryOutcome.DELIVERED,
    CallbackState.PENDING: DeliveryOutcome.FAILED,
    CallbackState.GIVEN_UP: DeliveryOutcome.GIVEN_UP,
}


@contextmanager
def rounds() -> Iterator[tuple[Rounds, Event]]:
    """Of a process of its own; the event comes whenever there is something to do."""
    told = Event()
    own = Rounds(told.set)
    try:
        yield own, told
    finally:
        own.close()


def deliver_next(stream_id: int) -> DeliveryOutcome:
    """One try at what the stream owes, as a worker of its own makes it."""
    first = outbox.deliverable(database_now()).filter(stream=stream_id).order_by("number").first()
    if first is None:
        return DeliveryOutcome.NOTHING_DUE
    with rounds() as (own, told):
        clock = RunningClock()
        own._try(outbox.choose(clock.began, 1, Look((stream_id,))).chosen, clock)
        tried = not own.idle
        while not own.idle:
            assert told.wait(MOST_SECONDS)
            told.clear()
            own.no_more = True
            own.round()
    return _outcome(first, tried)


def _outcome(before: Callback, tried: bool) -> DeliveryOutcome:
    row = Callback.objects.get(pk=before.pk)
    changed = (row.tries, row.state, row.due_at) != (before.tries, before.state, before.due_at)
    if changed and (tried or before.claimed_by):
        return _OUTCOMES[CallbackState(row.state)]
    return DeliveryOutcome.OVERTAKEN if changed or tried or row.claimed_by != before.claimed_by else DeliveryOutcome.CAPPED


def work(own: Rounds, told: Event, done: Callable[[], bool]) -> None:
    """Rounds until it is done, woken by nothing but what its own tries bring back."""
    until = time.monotonic() + MOST_SECONDS
    own.round()
    while not done():
        assert own.to_do or told.wait(until - time.monotonic()), "nothing more happens"
        told.clear()
        own.round()


def deliver(stream_id: int) -> None:
    """What the stream owes, until nothing of it may be tried."""
    while deliver_next(stream_id) in TRIED:
        pass


def due_streams(limit: int) -> list[int]:
    """Of which a process that has found nothing out yet would try something now."""
    choice = outbox.choose(database_now(), limit, Look(all=True))
    for each in choice.chosen:
        each.leave()
    return list(dict.fromkeys(each.stream_id for each in choice.chosen))
