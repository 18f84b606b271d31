"""The same moment by another clock, never without the clock's name."""

from datetime import UTC, datetime

import pytest

from cdr.pure.second_time import second_time, zone_named

AT = datetime(2026, 11, 23, 14, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "15:02:03 CET"),
        ("Asia/Kolkata", "19:32:03 IST"),
        ("Asia/Dubai", "18:02:03 +04"),
        ("Pacific/Auckland", "11-24 03:02:03 NZDT"),
        ("Pacific/Pago_Pago", "03:02:03 SST"),
    ],
)
def test_it_names_its_clock_and_its_day_where_that_is_another(zone, words) -> None:
    assert second_time(AT, zone) == words


def test_an_hour_that_clocks_repeat_is_told_apart() -> None:
    twice = [second_time(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), "Europe/Berlin") for hour in (0, 1)]
    assert twice == ["02:30:00 CEST", "02:30:00 CET"]


def test_a_zone_is_read_as_people_write_it() -> None:
    assert zone_named(" europe/BERLIN ") == "Europe/Berlin" and zone_named("america/new york") == "America/New_York"
    assert zone_named("") == zone_named("UTC") == zone_named("utc") == ""


@pytest.mark.parametrize(
    "text", ["CEST+1", "Berlin", "../../etc/passwd", "localtime", "posix/Europe/Berlin", "Europe", "a" * 5000, "\x00", "<b>"]
)
def test_what_is_no_zone_is_refused_in_a_sentence(text) -> None:
    with pytest.raises(ValueError, match="no time zone that is known here. Write one"):
        zone_named(text)
