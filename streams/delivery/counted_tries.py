"""How this worker's tries at callbacks went since it began: by what came of them, how long they took, and how late what arrived was.

Owns the counting, for monitoring. One thread adds; any may read. No customer, host or uuid is told apart."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from streams.delivery.claims import EndedTry
from streams.models import CallbackState
from streams.pure.call.measure import Histogram

RESULTS = {CallbackState.DELIVERED: "delivered", CallbackState.PENDING: "tried_again", CallbackState.GIVEN_UP: "given_up"}


class CountedTries:
    """`answers`: how many answers began with which digit (2xx ...), "none" where none came. `tries`: how long they took, by result;
    `delays`: from the event to the delivery."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.tries = {result: Histogram() for result in RESULTS.values()}
        self.delays = Histogram()


counted = CountedTries()


def count_tries(ended: Sequence[EndedTry], at: datetime) -> None:
    """What was written of them, just now."""
    for each in ended:
        status = each.attempt.status
        counted.answers[f"{status // 100}xx" if status and 100 <= status < 600 else "none"] += 1
        counted.tries[RESULTS[CallbackState(each.state)]].add(each.attempt.duration_ms / 1000)
        if each.state == CallbackState.DELIVERED:
            counted.delays.add(max((at - each.callback.created_at).total_seconds(), 0.0))
