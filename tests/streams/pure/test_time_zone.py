"""Days and months where a customer lives."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.time_zone import begin_of, first_of_month, local_day, next_month, read_local, zone

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Cairo",
]


@given(day=st.dates(date(2000, 1, 2), date(2099, 12, 30)), name=st.sampled_from(ZONES))
def test_a_day_begins_where_the_one_before_ends(day, name) -> None:
    begin = begin_of(day, name)
    assert local_day(begin, name) == day and local_day(begin - timedelta(microseconds=1), name) == day - timedelta(days=1)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_clocks_make_it(day, hours) -> None:
    length = begin_of(day + timedelta(days=1), "Europe/Berlin") - begin_of(day, "Europe/Berlin")
    assert length == timedelta(hours=hours)


def test_a_midnight_that_clocks_skip() -> None:
    assert begin_of(date(2018, 11, 4), "America/Sao_Paulo") == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_months() -> None:
    assert next_month(date(2026, 1, 31)) == date(2026, 2, 1) and next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert first_of_month(date(2026, 2, 28)) == date(2026, 2, 1)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe", "x" * 500, "a\0b", "localtime", "Factory"]
)
def test_what_is_no_zone_is_refused_with_a_sentence(name) -> None:
    with pytest.raises(ValueError, match="IANA"):
        zone(name)


def test_what_people_write() -> None:
    assert read_local("2026-12-01", "Europe/Berlin") == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert (
        read_local(" 2026-12-01 14:00 ", "Europe/Berlin")
        == read_local("2026-12-01T14:00", "Europe/Berlin")
        == datetime(2026, 12, 1, 13, tzinfo=UTC)
    )
    # The first of two, when clocks are put back.
    assert read_local("2026-10-25 02:30", "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "2026-12-01 25:00", "0001-01-01", "9999-12-31", "2026-03-29 02:30", "١٢"])
def test_what_is_no_time_is_refused_with_a_sentence(text) -> None:
    with pytest.raises(ValueError, match="Write a day|There is no"):
        read_local(text, "Europe/Berlin")
