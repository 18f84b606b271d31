"""Times in a search, as people say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.said_time import NotATime, split_time

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def moment(text: str, now: datetime = NOW) -> tuple[str, str]:
    rest, said = split_time(text, now)
    assert said is not None and said.at is not None
    return rest, f"{said.at.astimezone(UTC):%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "rest", "at"),
    [
        ("4711 14:02", "4711", "11-27 14:02:00"),
        ("4711 today 14:02", "4711", "11-27 14:02:00"),
        ("4711 14:02 today", "4711", "11-27 14:02:00"),
        ("4711 yesterday at 9:05", "4711", "11-26 09:05:00"),
        ("today 14:02 4711", "4711", "11-27 14:02:00"),
        ("  4711   2026-11-23   14:02:30 ", "4711", "11-23 14:02:30"),
        ("4711 2026-11-23T14:02Z", "4711", "11-23 14:02:00"),
        ("4711 14:02 UTC", "4711", "11-27 14:02:00"),
        ("+1 415 555 0123 14:02", "+1 415 555 0123", "11-27 14:02:00"),
        ("bot.example.com Today 14:02", "bot.example.com", "11-27 14:02:00"),
        ("14:02", "", "11-27 14:02:00"),
        ("4711 23:50", "4711", "11-26 23:50:00"),
    ],
)
def test_what_is_said(text, rest, at) -> None:
    assert moment(text) == (rest, at)


def test_a_moment_is_meant_with_what_is_near_it_and_what_was_going_on() -> None:
    _, said = split_time("4711 14:02", NOW)
    assert said is not None and said.at is not None
    assert (said.start, said.end) == (said.at - 5 * MINUTE, said.at + 6 * MINUTE) and said.earliest == said.at - 360 * MINUTE


@pytest.mark.parametrize(("text", "day"), [("4711 yesterday", 26), ("4711 2026-11-23", 23), ("today acme", 27)])
def test_a_day_alone_is_the_whole_day(text, day) -> None:
    _, said = split_time(text, NOW)
    assert said is not None and said.at is None
    assert (said.start.day, said.end - said.start, said.earliest) == (day, timedelta(days=1), said.start)


def test_in_the_time_zone_of_the_reader() -> None:
    there = NOW.astimezone(ZoneInfo("America/New_York"))
    assert moment("4711 09:02", there) == ("4711", "11-27 14:02:00")
    assert moment("4711 yesterday 23:30", there) == ("4711", "11-27 04:30:00")


@pytest.mark.parametrize("text", ["4711", "localhost:8443", "bot.example.com:8443", "sip:4711@pbx", "meet me at", "", "26b95870-2b2f-45be"])
def test_what_says_no_time(text) -> None:
    assert split_time(text, NOW) == (text, None)


@pytest.mark.parametrize("text", ["4711 25:99", "4711 2026-13-41", "4711 14:02 15:02", "4711 today yesterday", "4711 0001-01-01", "24:00"])
def test_what_looks_like_a_time_and_is_none(text) -> None:
    with pytest.raises(NotATime, match="Write 14:02"):
        split_time(text, NOW)


@given(st.text(max_size=60))
def test_whatever_is_typed(text) -> None:
    try:
        rest, said = split_time(text, NOW)
    except NotATime:
        return
    assert said is None or (said.earliest <= said.start < said.end and len(rest) <= len(text))
