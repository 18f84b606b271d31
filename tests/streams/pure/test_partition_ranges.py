"""Ranges of time, one behind the other: none overlaps, nothing is between, and every moment is in the range that is named for it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.partition_ranges import RANGES_AHEAD, PartitionPeriod, TimeRange, range_of, ranges_from


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # a day, with or without a time


@pytest.mark.parametrize(
    ("moment", "period", "start", "end"),
    [
        (utc(2026, 11, 30, 23, 59), PartitionPeriod.MONTH, utc(2026, 11, 1), utc(2026, 12, 1)),
        (utc(2026, 12, 1), PartitionPeriod.MONTH, utc(2026, 12, 1), utc(2027, 1, 1)),
        (utc(2028, 2, 29), PartitionPeriod.MONTH, utc(2028, 2, 1), utc(2028, 3, 1)),
        (utc(2027, 1, 3), PartitionPeriod.WEEK, utc(2026, 12, 28), utc(2027, 1, 4)),
        (utc(2026, 11, 30), PartitionPeriod.WEEK, utc(2026, 11, 30), utc(2026, 12, 7)),
    ],
)
def test_a_month_and_a_week_of_utc(moment: datetime, period: PartitionPeriod, start: datetime, end: datetime) -> None:
    assert range_of(moment, period) == (start, end)


@given(st.datetimes(datetime(1999, 1, 1), datetime(2190, 1, 1), timezones=st.timezones()), st.sampled_from(PartitionPeriod))
def test_ranges_follow_each_other_without_a_gap(moment: datetime, period: PartitionPeriod) -> None:
    found = ranges_from(moment, period)
    assert len(found) == 1 + RANGES_AHEAD and found[0].start is not None and found[0].start <= moment < found[0].end
    for one, after in zip(found, found[1:], strict=False):
        assert one.end == after.start and not one.overlaps(after) and not after.overlaps(one)


def test_what_overlaps() -> None:
    month = range_of(utc(2026, 12, 1), PartitionPeriod.MONTH)
    assert month.overlaps(month) and TimeRange(None, utc(2026, 12, 2)).overlaps(month) and month.overlaps(TimeRange(None, utc(2027, 5, 1)))
    assert not TimeRange(None, utc(2026, 12, 1)).overlaps(month)
    assert month.overlaps(TimeRange(utc(2026, 12, 31), utc(2027, 1, 1) + timedelta(days=1)))
