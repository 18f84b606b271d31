"""Quiet hours, across midnight and on the days when clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.alerts.quiet_hours import QuietHours, zone_problem

NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def until(hours: QuietHours, text: str) -> str | None:
    end = hours.until(at(text))
    return end and end.strftime("%m-%d %H:%M")


def test_across_midnight() -> None:
    assert until(NIGHT, "2026-11-23T20:59") is None
    assert until(NIGHT, "2026-11-23T21:00") == "11-24 06:00"
    assert until(NIGHT, "2026-11-24T05:59:59") == "11-24 06:00"
    assert until(NIGHT, "2026-11-24T06:00") is None


def test_within_a_day() -> None:
    noon = QuietHours(time(12), time(13, 30), "America/New_York")
    assert until(noon, "2026-11-23T17:00") == "11-23 18:30" and until(noon, "2026-11-23T16:59") is None


def test_from_a_time_to_the_same_is_never() -> None:
    assert until(QuietHours(time(7), time(7), "UTC"), "2026-11-23T07:00") is None


def test_a_night_in_which_clocks_change_ends_when_the_wall_says_so() -> None:
    assert until(NIGHT, "2026-03-28T22:00") == "03-29 05:00"  # seven o'clock is an hour earlier
    assert until(NIGHT, "2026-10-24T22:00") == "10-25 06:00"


def test_an_end_that_clocks_skip_is_when_they_skip_it() -> None:
    """From 02:00 to 03:00 nothing stands on the wall."""
    assert until(QuietHours(time(22), time(2, 30), "Europe/Berlin"), "2026-03-29T00:59") == "03-29 01:00"


def test_an_hour_that_clocks_show_twice_is_quiet_twice() -> None:
    hours = QuietHours(time(1), time(2, 30), "Europe/Berlin")
    assert until(hours, "2026-10-25T00:10") == "10-25 00:30"
    assert until(hours, "2026-10-25T00:45") is None
    assert until(hours, "2026-10-25T01:10") == "10-25 01:30"


@given(
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
)
def test_they_end_within_a_day_and_a_bit_at_a_time_that_is_not_quiet(begins: time, ends: time, zone: str, now: datetime) -> None:
    hours, now = QuietHours(begins, ends, zone), now.replace(tzinfo=UTC)
    end = hours.until(now)
    if end is not None:
        assert now < end <= now + timedelta(hours=26)
        assert hours.until(end) is None and hours.until(end - timedelta(minutes=1)) is not None
        assert end.astimezone(ZoneInfo(zone)).time() >= ends or begins > ends


@pytest.mark.parametrize("name", ["", "Berlin", "../../etc/passwd", "Europe/Berlin\x00", "UTC\n", "/etc/localtime", "Europe"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    assert zone_problem(name).startswith("There is no such time zone")


def test_zones_by_their_place_are_known() -> None:
    assert zone_problem("Europe/Berlin") == zone_problem("UTC") == ""
