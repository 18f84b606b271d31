"""What an address asks of a log, and which lines match."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from cdr.pure.log.filter import LogFilter, asked_by, counted_by_group
from cdr.pure.log.lines import Line, lines
from cdr.pure.log.rows import GROUP_OF, EventRow
from streams.pure.lifecycle import EventKind

AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def line(kind: str = "connect_started", level: str = "info", **details: object) -> Line:
    return lines([EventRow(1, AT, kind, level, details, "stream 7aea")], AT)[0]


def test_every_kind_of_event_belongs_to_a_group() -> None:
    assert set(EventKind) == set(GROUP_OF)


@pytest.mark.parametrize(
    "query",
    ["kind=buffer&kind=end&level=problems&q=bot+crashed", "level=errors&from=e12", "kind=callback&before=c7", "page=last", ""],
)
def test_an_address_is_read_and_written_alike(query) -> None:
    assert asked_by(parse_qs(query)).query() == query


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("kind=teapot&kind=end", "“teapot” in the address is not understood"),
        ("level=purple", "“purple” in the address is not understood"),
        ("levle=errors", "“levle” in the address is not understood"),
        ("details__regex=.&kind=%00", "“details__regex”, “\x00” in the address are not understood"),
    ],
)
def test_what_is_not_understood_matches_no_line_and_is_said(query, said) -> None:
    asked = asked_by(parse_qs(query))
    assert asked.problem.startswith(said) and asked.narrows and not asked.matches(line())
    assert asked.at(last=True).problem and not asked.whole().problem


def test_a_place_that_is_none_is_passed_over() -> None:
    asked = asked_by({"kind": ["", "end", "end"], "level": [""], "q": ["  two   words "], "page": ["7"], "from": ["e" * 99]})
    assert asked == LogFilter(groups=("end",), text="two words", first="e" * 60)
    assert len(asked_by({"q": ["x" * 5000]}).text) == 200


@pytest.mark.parametrize(
    ("asked", "matching"),
    [
        ("", ["debug", "info", "purple", "warning", "error"]),
        ("info", ["info", "purple", "warning", "error"]),
        ("problems", ["warning", "error"]),
        ("errors", ["error"]),
    ],
)
def test_a_level_shows_what_is_as_bad_or_worse(asked, matching) -> None:
    found = [level for level in ("debug", "info", "purple", "warning", "error") if LogFilter(level=asked).matches(line(level=level))]
    assert found == matching


@pytest.mark.parametrize("text", ["CONNECTING", "bot.example", "sample", "Teapot", "7aea"])
def test_a_text_is_found_in_words_details_and_source_in_any_case(text) -> None:
    assert LogFilter(text=text).matches(line(url="wss://bot.example/a", sample="a teapot"))
    assert not LogFilter(text=text).matches(EMPTY)


EMPTY = lines([EventRow(2, AT, "call_hangup_sent", "info", {}, "call")], AT)[0]


def test_group_level_and_text_narrow_together() -> None:
    asked = LogFilter(groups=("connection",), level="problems", text="refused")
    assert asked.matches(line("connect_failed", "warning", problem="Refused."))
    assert not asked.matches(line("connect_failed", "info", problem="Refused."))
    assert not asked.matches(line("play_failed", "warning", problem="Refused."))
    assert asked.words() == "Connection; warnings and errors; “refused”"


def test_lines_are_counted_by_group() -> None:
    counts = counted_by_group([line(), line("call_teleported"), EMPTY])
    assert {group: count for group, count in counts.items() if count} == {"connection": 1, "other": 1, "control": 1}


def test_another_page_keeps_the_filter_and_the_whole_keeps_the_page() -> None:
    asked = LogFilter(groups=("end",), text="x", first="e1")
    assert (asked.at(last=True).query(), asked.whole().query()) == ("kind=end&q=x&page=last", "from=e1")
