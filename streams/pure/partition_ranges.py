"""Into which ranges of time a table is cut: months or weeks of UTC, one behind the other.

Owns when each begins and ends, and how many are made ahead. Has no clock; must not know tables."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from streams.pure.time_zone import begin_of, first_of_month, next_month

RANGES_AHEAD = 2
"""Beside the one that goes on: as long as nobody has to look after a worker that makes none."""


class PartitionPeriod(StrEnum):
    MONTH = "month"
    WEEK = "week"


class TimeRange(NamedTuple):
    """[start, end); a start of None is the beginning of time."""

    start: datetime | None
    end: datetime

    def overlaps(self, other: "TimeRange") -> bool:
        return (self.start is None or self.start < other.end) and (other.start is None or other.start < self.end)


def range_of(moment: datetime, period: PartitionPeriod) -> TimeRange:
    """The whole month, or the week from Monday on, that the moment is in."""
    day = moment.astimezone(UTC).date()
    if period is PartitionPeriod.MONTH:
        first, next_first = first_of_month(day), next_month(day)
    else:
        first = day - timedelta(days=day.weekday())
        next_first = first + timedelta(days=7)
    return TimeRange(begin_of(first, "UTC"), begin_of(next_first, "UTC"))


def ranges_from(moment: datetime, period: PartitionPeriod) -> list[TimeRange]:
    """The one that the moment is in, and RANGES_AHEAD more."""
    found = [range_of(moment, period)]
    while len(found) <= RANGES_AHEAD:
        found.append(range_of(found[-1].end, period))
    return found
