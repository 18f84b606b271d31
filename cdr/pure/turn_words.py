"""How a conversation went, in words: the sentence for a stream's story, its figures, and its turns as lines of a table.

Owns that wording. Must not know rows, pages or drawings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cdr.pure.figures import NOTHING, clock, counted, spoken_duration, spoken_ms

SLOWEST = 5
UNUSUAL = 2
"""A response so many times as long as is the rule is told, if it is a second longer at least."""
A_SECOND_MS = 1000


@dataclass(frozen=True, slots=True)
class TalkFigures:
    """As `streams.models.StreamConversation` has them, in milliseconds."""

    length_ms: int
    turns: int
    responses: int
    response_p50_ms: int | None
    response_p95_ms: int | None
    response_longest_ms: int | None
    greeting_ms: int | None
    long_silences: int
    longest_silence_ms: int
    caller_interruptions: int
    bot_interruptions: int
    caller_ms: int
    bot_ms: int
    both_ms: int


class KeptTurn(NamedTuple):
    """A turn as it is kept; the moments are milliseconds after the beginning."""

    caller_began_ms: int | None
    caller_ended_ms: int | None
    bot_arrived_ms: int | None
    bot_heard_ms: int | None
    bot_ended_ms: int | None
    response_ms: int | None
    interrupted_by: str
    cleared_after_ms: int | None
    both_ms: int

    @property
    def is_empty(self) -> bool:
        return self.caller_began_ms is None and self.bot_heard_ms is None

    @property
    def began_ms(self) -> int:
        return min((at for at in (self.caller_began_ms, self.bot_heard_ms) if at is not None), default=0)


@dataclass(frozen=True, slots=True)
class TurnLine:
    """`at`: the time of day at which it began; `anchor`: of the line of the log that is next to the answer, "" where there is none."""

    at: str
    anchor: str
    caller: str
    response: str
    waited: str
    bot: str
    interrupted: str
    is_slow: bool = False
    began_ms: int = 0


def kept_turns(course: Mapping[str, Any]) -> list[KeptTurn]:
    """Those that are whole; what another version kept is read by the names of its columns."""
    columns = course.get("columns") or []
    named = [dict(zip(columns, turn, strict=False)) for turn in course.get("turns") or [] if isinstance(turn, list)]
    turns = [KeptTurn(*(turn.get(name, default) for name, default in _DEFAULTS.items())) for turn in named]
    return [turn for turn in turns if not turn.is_empty]


_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(KeptTurn._fields, None),
    "interrupted_by": "",
    "both_ms": 0,
}


def talk_sentence(talk: TalkFigures, slow: int) -> str:
    """For the story. `slow`: how many responses are known to have been as unusual as the longest."""
    if not talk.bot_ms:
        return "Nothing was heard of the bot." if talk.caller_ms else "Neither the caller nor the bot was heard to speak."
    if not talk.caller_ms:
        return "The bot spoke, and the caller was not heard to speak."
    words = [_response_words(talk, slow), _interruption_words(talk)]
    return " ".join(filter(None, words))


def _response_words(talk: TalkFigures, slow: int) -> str:
    if talk.response_p50_ms is None or talk.response_longest_ms is None:
        return ""
    usual, longest = (spoken_duration(each / 1000) for each in (talk.response_p50_ms, talk.response_longest_ms))
    if talk.responses == 1:
        return f"The bot answered once, after {usual}."
    if not is_unusual(talk.response_longest_ms, talk):
        return f"The bot answered within {longest}, each time."
    return f"The bot answered within {usual} as a rule; {'once it took' if slow == 1 else 'the longest took'} {longest}."


def is_unusual(response_ms: int | None, talk: TalkFigures) -> bool:
    usual_ms = talk.response_p50_ms
    if response_ms is None or usual_ms is None:
        return False
    return response_ms >= max(UNUSUAL * usual_ms, usual_ms + A_SECOND_MS)


def _interruption_words(talk: TalkFigures) -> str:
    by_caller = f"the caller interrupted it {_times(talk.caller_interruptions)}" if talk.caller_interruptions else ""
    by_bot = f"it interrupted the caller {_times(talk.bot_interruptions)}" if talk.bot_interruptions else ""
    words = " and ".join(filter(None, (by_caller, by_bot)))
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def figures_in_words(talk: TalkFigures) -> list[tuple[str, str]]:
    """Label and value of each."""
    responses = f"p50 {_ms(talk.response_p50_ms)}, p95 {_ms(talk.response_p95_ms)}, longest {_ms(talk.response_longest_ms)}"
    silence = counted(talk.long_silences, "silence") if talk.long_silences else "none"
    return [
        ("Turns", f"{talk.turns:,}"),
        ("Response, caller's end to bot heard", responses if talk.responses else NOTHING),
        ("Greeting, request to bot heard", _ms(talk.greeting_ms)),
        ("Silence over 3 s", f"{silence}, longest {spoken_ms(talk.longest_silence_ms)}" if talk.long_silences else silence),
        ("Interruptions", f"{talk.caller_interruptions} by the caller, {talk.bot_interruptions} by the bot"),
        ("Share of talk", f"caller {_share(talk.caller_ms, talk)}, bot {_share(talk.bot_ms, talk)}, both {_share(talk.both_ms, talk)}"),
    ]


def _ms(milliseconds: int | None) -> str:
    return NOTHING if milliseconds is None else spoken_ms(milliseconds)


def _share(part_ms: int, talk: TalkFigures) -> str:
    return f"{100 * part_ms / talk.length_ms:.0f} %" if talk.length_ms else NOTHING


def turn_lines(turns: Sequence[KeptTurn], began: datetime, anchors: Sequence[tuple[int, str]], talk: TalkFigures) -> list[TurnLine]:
    """`anchors`: of the log's lines, each with how many milliseconds after `began` it was."""
    return [
        TurnLine(
            at=clock(began + timedelta(milliseconds=turn.began_ms)),
            anchor=_anchor_near(turn, anchors),
            caller=_spoke(turn.caller_began_ms, turn.caller_ended_ms),
            response=_ms(turn.response_ms),
            waited=_between(turn.bot_arrived_ms, turn.bot_heard_ms),
            bot=_spoke(turn.bot_heard_ms, turn.bot_ended_ms),
            interrupted=_interrupted(turn),
            is_slow=is_unusual(turn.response_ms, talk),
            began_ms=turn.began_ms,
        )
        for turn in turns
    ]


def slowest(turns: Sequence[KeptTurn]) -> list[KeptTurn]:
    answered = [turn for turn in turns if turn.response_ms is not None]
    return sorted(answered, key=lambda turn: -(turn.response_ms or 0))[:SLOWEST]


def _anchor_near(turn: KeptTurn, anchors: Sequence[tuple[int, str]]) -> str:
    at_ms = turn.bot_heard_ms if turn.bot_heard_ms is not None else turn.began_ms
    return min(anchors, key=lambda each: abs(each[0] - at_ms), default=(0, ""))[1]


def _spoke(began_ms: int | None, ended_ms: int | None) -> str:
    return NOTHING if began_ms is None else "to the end" if ended_ms is None else spoken_ms(max(ended_ms - began_ms, 0))


def _between(came_ms: int | None, heard_ms: int | None) -> str:
    return NOTHING if came_ms is None or heard_ms is None else spoken_ms(max(heard_ms - came_ms, 0))


def _interrupted(turn: KeptTurn) -> str:
    if not turn.interrupted_by:
        return NOTHING
    cleared = f", cleared after {spoken_ms(turn.cleared_after_ms)}" if turn.cleared_after_ms is not None else ""
    return f"by the {turn.interrupted_by}, {spoken_ms(turn.both_ms)} of both{cleared}"
