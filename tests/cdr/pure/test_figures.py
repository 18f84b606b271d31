"""One form for each kind of figure."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from cdr.pure import figures

AT = datetime(2026, 11, 23, 14, 2, 3, 123_999, UTC)


def test_times_are_printed_in_utc_and_cut_to_the_millisecond() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert figures.moment(there) == "2026-11-23 14:02:03"
    assert figures.clock(there) == "14:02:03"
    assert figures.clock_ms(there) == "14:02:03.123"
    assert figures.day(there) == "2026-11-23"
    assert figures.spoken_day(there) == "23 November 2026"
    assert figures.moment(None) == "–"


@pytest.mark.parametrize(
    ("delta_ms", "printed"), [(0, "+0.000 s"), (123, "+0.123 s"), (-1204, "−1.204 s"), (-4, "−0.004 s"), (3_661_007, "+3661.007 s")]
)
def test_offsets_have_a_sign_and_milliseconds(delta_ms, printed) -> None:
    assert figures.offset(AT + timedelta(milliseconds=delta_ms), AT) == printed


def test_an_offset_is_the_difference_of_the_two_printed_times() -> None:
    assert figures.offset(AT.replace(microsecond=124_000), AT.replace(microsecond=123_999)) == "+0.001 s"


@pytest.mark.parametrize(
    ("seconds", "printed"), [(None, "–"), (0, "0:00"), (25.34, "0:25"), (723, "12:03"), (3723, "1:02:03"), (59.6, "1:00")]
)
def test_durations(seconds, printed) -> None:
    assert figures.duration(seconds) == printed


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(0, "0 s"), (0.25, "0.2 s"), (9.97, "10 s"), (25.3, "25 s"), (252, "4 min 12 s"), (3725, "1 h 2 min")]
)
def test_spoken_durations(seconds, spoken) -> None:
    assert figures.spoken_duration(seconds) == spoken


def test_elapsed_seconds_are_never_negative() -> None:
    assert figures.elapsed_seconds(AT, AT - timedelta(seconds=1)) == 0
    assert figures.elapsed_seconds(None, AT) is None


def test_money_has_five_decimals() -> None:
    assert figures.money(Decimal("12.5"), "EUR") == "12.50000 EUR"


def test_counted_nouns() -> None:
    assert [figures.counted(1, "try", "tries"), figures.counted(2, "try", "tries"), figures.counted(0, "stream")] == [
        "1 try",
        "2 tries",
        "0 streams",
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("wss://bot.example.com:8443/a?b=c", "bot.example.com:8443"),
        ("wss://user:secret@bot.example.com/", "bot.example.com"),
        ("wss://[::1]:80/", "[::1]:80"),
        ("wss://[broken/", "wss://[broken/"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_the_host_of_a_service_url(url, host) -> None:
    assert figures.short_host(url) == host


@pytest.mark.parametrize(
    ("part", "whole", "printed"),
    [(0, 0, "–"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 3, "33.3 %"), (1, 90_000, "0.1 %"), (89_999, 90_000, "99.9 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(part, whole, printed) -> None:
    assert figures.share(part, whole) == printed
