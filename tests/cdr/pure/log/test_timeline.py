"""The time line of a page: what is quiet is folded, and what is left out is said."""

from datetime import UTC, datetime, timedelta

from cdr.pure.log.lines import Line, lines
from cdr.pure.log.rows import EventRow
from cdr.pure.log.timeline import shortened, timeline

START = datetime(2026, 11, 23, 14, 1, 37, tzinfo=UTC)


def log(levels: str) -> list[Line]:
    """A line a second, its level by its letter."""
    words = {"d": "debug", "i": "info", "w": "warning"}
    rows = [
        EventRow(at, START + timedelta(seconds=at), "call_dtmf", words[letter], {}, "call", anchor=f"n{at}")
        for at, letter in enumerate(levels)
    ]
    return lines(rows, START)


def test_quiet_lines_that_follow_each_other_are_one_fold() -> None:
    entries = timeline(log("idddwid"))
    assert [(len(entry.lines), entry.folded) for entry in entries] == [
        (1, ""),
        (3, "3 quiet lines"),
        (2, ""),
        (1, "1 quiet line"),
    ]
    assert [line.anchor for entry in entries for line in entry.lines] == [f"n{number}" for number in range(7)]


def test_an_empty_log_has_no_entries() -> None:
    assert timeline([]) == []


def test_a_shortened_log_says_where_lines_are_missing() -> None:
    entries = shortened(log("iidwwii"), "n2", "n5")
    assert [(len(entry.lines), bool(entry.folded), bool(entry.left_out)) for entry in entries] == [
        (2, False, False),
        (1, True, True),
        (2, False, False),
        (2, False, False),
    ]
    assert entries[1].left_out.startswith("Left out until 14:01:42.000: everything but warnings, errors")


def test_a_log_with_an_empty_middle_is_still_cut() -> None:
    entries = shortened(log("iiii"), "n1", "n2")
    assert [(len(entry.lines), bool(entry.left_out)) for entry in entries] == [(2, True), (2, False)]
