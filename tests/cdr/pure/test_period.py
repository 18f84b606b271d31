"""What an operator writes for a time."""

from datetime import UTC, datetime, timedelta

import pytest

from cdr.pure.period import LENGTHS, PRESETS, Period, between, both, preset, words

NOW = datetime(2026, 11, 23, 14, 30, 15, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_presets() -> None:
    assert preset("hour", NOW) == (utc(2026, 11, 23, 13, 30, 15), None)
    assert preset("day", NOW) == (utc(2026, 11, 22, 14, 30, 15), None)
    assert preset("today", NOW) == (utc(2026, 11, 23), None)
    assert preset("yesterday", NOW) == (utc(2026, 11, 22), utc(2026, 11, 23))
    assert preset("week", NOW) == (utc(2026, 11, 16, 14, 30, 15), None)
    assert preset("month", NOW) == (utc(2026, 11, 1), None)
    assert preset("last-month", NOW) == (utc(2026, 10, 1), utc(2026, 11, 1))
    assert preset("last-month", utc(2027, 1, 1)) == (utc(2026, 12, 1), utc(2027, 1, 1))
    assert preset("", NOW) == preset("fortnight", NOW) == (None, None)
    assert all(preset(word, NOW) != (None, None) for word in PRESETS)


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("14:02", utc(2026, 11, 23, 14, 2), timedelta(minutes=1)),
        (" 14:02 utc ", utc(2026, 11, 23, 14, 2), timedelta(minutes=1)),
        ("9:05:07", utc(2026, 11, 23, 9, 5, 7), timedelta(seconds=1)),
        ("2026-11-20", utc(2026, 11, 20), timedelta(days=1)),
        ("2026-11-20 14:02", utc(2026, 11, 20, 14, 2), timedelta(minutes=1)),
        ("2026-11-20T14:02:03Z", utc(2026, 11, 20, 14, 2, 3), timedelta(seconds=1)),
    ],
)
def test_times_reach_to_the_end_of_what_was_written(text, start, length) -> None:
    assert between(text, text, NOW) == (start, start + length)


def test_an_empty_side_is_open() -> None:
    assert between("", " ", NOW) == (None, None)
    assert between("", "14:02", NOW) == (None, utc(2026, 11, 23, 14, 3))


@pytest.mark.parametrize("text", ["tea time", "25:00", "2026-02-30", "14.02", "9999-12-31", "-", "14:02:03:04"])
def test_what_is_no_time_is_said_with_what_would_be(text) -> None:
    with pytest.raises(ValueError, match=r"is not a time\. Write 14:02 \(today\)"):
        between(text, "", NOW)


def test_what_lies_in_both() -> None:
    early, late = utc(2026, 1, 1), utc(2026, 2, 1)
    assert both(Period(early, None), Period(late, late)) == (late, late)
    assert both(Period(None, early), Period(None, late)) == (None, early)
    assert both(Period(None, None), Period(None, None)) == (None, None)


def test_every_length_lies_in_exactly_one_of_the_usual_ones() -> None:
    usual = list(LENGTHS.values())
    assert usual[0].least == timedelta() and usual[-1].below is None
    assert [length.below for length in usual[:-1]] == [length.least for length in usual[1:]]


def test_the_end_of_a_period_is_excluded_and_said_so() -> None:
    assert words(preset("last-month", NOW)) == "before 2026-11-01"
    assert words(between("", "2026-10-31", NOW)) == "before 2026-11-01"
    assert words(between("", "14:02:03", NOW)) == "before 2026-11-23 14:02:04"
    assert words(between("", "14:02", NOW)) == "before 2026-11-23 14:03"
    assert words(preset("today", NOW)) == words(Period(None, None)) == ""
