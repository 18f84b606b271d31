"""When an alert opens, stays, is told again and closes: so that it neither flaps nor falls silent.

Owns those judgements. Has no clock, and must not know rows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from cdr.pure.alerts.kinds import KINDS, AlertKind

RECOVERED_BELOW = Decimal("0.9")
"""Of the threshold: what hovers about it stays open."""
HOLD_MINUTES, LONGEST_HOLD_MINUTES = 5, 60
"""An alert closes when its condition has been gone for so long; twice as long each time that it has opened again."""
REOPENED_WITHIN = timedelta(minutes=30)
"""What is met again so soon after it closed is the same alert, opened again."""
LEAST_PAUSE, PARTS_OF_WINDOW = timedelta(minutes=1), 100
MOST_CAUGHT_UP = 48
SLACK = timedelta(seconds=30)


class Subject(NamedTuple):
    """What an alert is about, one for each of them: an account, a gateway, a host, a trouble of the platform; or all together."""

    account_id: int | None = None
    gateway_id: int | None = None
    host: str = ""
    trouble: str = ""

    @property
    def key(self) -> str:
        named = (("account", self.account_id), ("gateway", self.gateway_id), ("host", self.host), ("trouble", self.trouble))
        return next((f"{name}:{value}" for name, value in named if value), "all")


class Seen(NamedTuple):
    """A figure as it was found. `part` and `whole`: of a share, what it was made of. `words`: what else is to be said of it."""

    value: Decimal
    part: int = 0
    whole: int = 0
    words: str = ""


class Terms(NamedTuple):
    kind: AlertKind
    threshold: Decimal
    least_count: int = 0


def is_over(terms: Terms, seen: Seen) -> bool:
    """A share of a few streams is none: one of one would be 100 %."""
    if KINDS[terms.kind].share and seen.whole < max(terms.least_count, 1):
        return False
    return seen.value >= terms.threshold


def is_clear(terms: Terms, seen: Seen | None) -> bool:
    """Well below the threshold; of a share, also when there are too few to say. A silent gateway is none any more when a call has come, and
    not because the night begins, in which none is usual."""
    if seen is None:
        return True
    if terms.kind == AlertKind.GATEWAY_SILENT:
        return False
    if KINDS[terms.kind].share and seen.whole < max(terms.least_count, 1):
        return True
    return seen.value < terms.threshold * RECOVERED_BELOW


class Step(Enum):
    """What becomes of an open alert."""

    STAYS = "stays"
    REPEATS = "repeats"
    CLEARS = "clears"
    CLOSES = "closes"


class OpenAlert(NamedTuple):
    """`clear_since`: since when its condition has been gone. `told_at`: when it was told last."""

    told_at: datetime
    clear_since: datetime | None = None
    reopened: int = 0
    acknowledged: bool = False


def next_step(terms: Terms, alert: OpenAlert, seen: Seen | None, now: datetime, repeat_minutes: int) -> Step:
    if is_clear(terms, seen):
        since = alert.clear_since or now
        return Step.CLOSES if now - since >= hold_length(alert.reopened) else Step.CLEARS
    repeats = repeat_minutes and not alert.acknowledged and now - alert.told_at >= timedelta(minutes=repeat_minutes)
    return Step.REPEATS if repeats else Step.STAYS


def hold_length(reopened: int) -> timedelta:
    return timedelta(minutes=min(HOLD_MINUTES * 2 ** min(reopened, 10), LONGEST_HOLD_MINUTES))


# When a rule is looked at -------------------------------------------------------------------------------------------------------------
def pause(kind: AlertKind, window_minutes: int) -> timedelta:
    """Until a rule is looked at again: a minute; a long window moves slowly, and costs more to count."""
    window = timedelta(minutes=window_minutes) if KINDS[kind].windowed else timedelta()
    return max(LEAST_PAUSE, window / PARTS_OF_WINDOW)


def moments(kind: AlertKind, window_minutes: int, last: datetime | None, now: datetime) -> Iterator[datetime]:
    """As of when a rule is looked at: now; and before it those windows that nobody looked at, while no worker or no beat was there. What is
    about now has no earlier one; of a very long pause the latest windows count."""
    window = timedelta(minutes=window_minutes)
    if last is not None and KINDS[kind].windowed and KINDS[kind].by_rows and now - last > window + pause(kind, window_minutes) + SLACK:
        missed = min(int((now - last) / window), MOST_CAUGHT_UP)
        yield from (now - window * number for number in range(missed, 0, -1) if now - window * number > last)
    yield now


# What is usual for a gateway ------------------------------------------------------------------------------------------------------------
WEEKS, DAYS = (7, 14, 21, 28), (1, 2, 3)


def usual_calls(counts: dict[int, int], known_days: float) -> int:
    """How many calls a gateway usually has at this time, by how many it had so many days ago (`counts`): those of the same weekday; while
    it is younger than a week, those of the last three days. The middle one of them, the smaller of two; 0 while nothing is known."""
    weeks = [counts.get(day, 0) for day in WEEKS if day < known_days]
    days = [counts.get(day, 0) for day in DAYS if day < known_days]
    known = sorted(weeks or (days if len(days) == len(DAYS) else []))
    return known[(len(known) - 1) // 2] if known else 0
