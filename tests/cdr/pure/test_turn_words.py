"""A conversation in words: what somebody with a customer on the phone reads first."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.turn_words import KeptTurn, TalkFigures, figures_in_words, kept_turns, slowest, talk_sentence, turn_lines
from streams.pure.conversation.turn_taking import COLUMNS

USUAL = TalkFigures(
    length_ms=60_000,
    turns=8,
    responses=7,
    response_p50_ms=900,
    response_p95_ms=2000,
    response_longest_ms=6200,
    greeting_ms=850,
    long_silences=1,
    longest_silence_ms=6200,
    caller_interruptions=0,
    bot_interruptions=0,
    caller_ms=20_000,
    bot_ms=30_000,
    both_ms=600,
)
BEGAN = datetime(2024, 11, 23, 14, 1, 37, tzinfo=UTC)
TURN = KeptTurn(4000, 6000, 6880, 6900, 9000, 900, "", None, 0)


@pytest.mark.parametrize(
    ("changes", "slow", "words"),
    [
        ({}, 1, "The bot answered within 0.9 s as a rule; once it took 6.2 s."),
        ({}, 3, "The bot answered within 0.9 s as a rule; the longest took 6.2 s."),
        ({"response_longest_ms": 1400}, 0, "The bot answered within 1.4 s, each time."),
        ({"responses": 1, "response_longest_ms": 900}, 0, "The bot answered once, after 0.9 s."),
        (
            {"response_longest_ms": 1000, "caller_interruptions": 2, "bot_interruptions": 1},
            0,
            "The bot answered within 1 s, each time. The caller interrupted it 2 times and it interrupted the caller once.",
        ),
        ({"responses": 0, "response_p50_ms": None, "response_longest_ms": None}, 0, ""),
        ({"bot_ms": 0}, 0, "Nothing was heard of the bot."),
        ({"bot_ms": 0, "caller_ms": 0}, 0, "Neither the caller nor the bot was heard to speak."),
        ({"caller_ms": 0}, 0, "The bot spoke, and the caller was not heard to speak."),
    ],
)
def test_the_sentence(changes: dict[str, Any], slow: int, words: str) -> None:
    assert talk_sentence(replace(USUAL, **changes), slow) == words


def test_the_figures() -> None:
    figures = dict(figures_in_words(USUAL))
    assert figures["Response, caller's end to bot heard"] == "p50 900 ms, p95 2.0 s, longest 6.2 s"
    assert figures["Silence over 3 s"] == "1 silence, longest 6.2 s"
    assert figures["Share of talk"] == "caller 33 %, bot 50 %, both 1 %"
    nothing = replace(USUAL, length_ms=0, responses=0, long_silences=0, greeting_ms=None)
    assert set(dict(figures_in_words(nothing)).values()) >= {"–", "none"}


def test_a_turn_leads_to_the_line_of_the_log_that_is_nearest_to_the_answer() -> None:
    interrupted = TURN._replace(interrupted_by="caller", both_ms=400, cleared_after_ms=380, bot_ended_ms=None)
    lines = turn_lines([TURN, interrupted], BEGAN, [(0, "e1"), (6800, "e2"), (20_000, "e3")], USUAL)
    assert [(line.at, line.anchor, line.caller, line.response, line.waited) for line in lines][0] == (
        "14:01:41",
        "e2",
        "2.0 s",
        "900 ms",
        "20 ms",
    )
    assert lines[1].interrupted == "by the caller, 400 ms of both, cleared after 380 ms"
    assert lines[1].bot == "to the end"


def test_the_slowest_come_first_and_are_marked_where_they_are_unusual() -> None:
    turns = [TURN._replace(response_ms=ms) for ms in (800, None, 6200, 900, 1000, 850, 820, 810)]
    found = slowest(turns)
    assert [turn.response_ms for turn in found] == [6200, 1000, 900, 850, 820]
    assert [line.is_slow for line in turn_lines(found, BEGAN, [], USUAL)] == [True, False, False, False, False]


def test_what_is_kept_is_read_by_its_columns() -> None:
    assert kept_turns({"columns": list(COLUMNS), "turns": [list(TURN)]}) == [TURN]
    shuffled = list(reversed(COLUMNS))
    assert kept_turns({"columns": shuffled, "turns": [list(reversed(TURN))]}) == [TURN]
    assert kept_turns({"columns": ["new", *COLUMNS], "turns": [[7, *TURN], "odd", []]}) == [TURN]
    assert kept_turns({}) == []


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**8)), min_size=6, max_size=6))
def test_any_turn_has_words(moments: list[int | None]) -> None:
    for turn in kept_turns({"columns": list(COLUMNS), "turns": [[*moments, "bot", None, 0]]}):
        assert turn_lines([turn], BEGAN, [], USUAL)[0].at
