"""How the conversation of a stream went, for its page: a sentence, figures, the drawing of both lanes, the slowest turns.

Owns which rows that comes from: the conversation is selected with the stream, the events and lines are the page's. Nothing is asked for
here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cdr.pages.stream import Fact
from cdr.pure.log.lines import Line
from cdr.pure.turn_strip import Span, Strip, turn_strip
from cdr.pure.turn_words import TalkFigures, TurnLine, figures_in_words, is_unusual, kept_turns, slowest, talk_sentence, turn_lines
from streams.models import Stream, StreamConversation
from streams.pure.conversation.turn_taking import SPANS_KEPT
from streams.pure.lifecycle import EventKind as K

MARKS: dict[str, str] = {
    K.BUFFER_DEGRADED: "degraded",
    K.BUFFER_RECOVERED: "recovered",
    K.CALL_DTMF: "digit",
    K.CHECKPOINT_PLAYED: "checkpoint",
    K.AUDIO_CLEARED: "clear",
    K.PLAY_FAILED: "not played",
}
"""What is drawn above the lanes, and its word."""


@dataclass(frozen=True, slots=True)
class ConversationPart:
    """`all_turns`: those that are kept; `more` says what is not."""

    sentence: str
    facts: list[Fact]
    strip: Strip
    slowest: list[TurnLine]
    all_turns: list[TurnLine]
    more: str


def conversation_of(stream: Stream, lines: Iterable[Line]) -> ConversationPart | None:
    """None of a stream whose conversation was not measured, or not yet. `lines` are those of its time line."""
    row: StreamConversation | None = getattr(stream, "conversation", None)
    if row is None:
        return None
    talk = TalkFigures(**{name: getattr(row, name) for name in StreamConversation.FIGURES})
    course: dict[str, Any] = row.course if isinstance(row.course, dict) else {}
    turns, began = kept_turns(course), stream.requested_at
    origin = stream.started_at or stream.requested_at
    offset_ms = (origin - began) // timedelta(milliseconds=1)
    placed = [(line.offset_ms + offset_ms, line) for line in lines]
    anchors = [(at_ms, line.anchor) for at_ms, line in placed]
    slow = sum(is_unusual(turn.response_ms, talk) for turn in turns)
    return ConversationPart(
        sentence=talk_sentence(talk, slow),
        facts=[Fact(label, value, wide=len(value) > 24) for label, value in figures_in_words(talk)],
        strip=turn_strip(
            talk.length_ms,
            _spans(course, "caller"),
            _spans(course, "bot"),
            [(at_ms, MARKS[line.kind], f"{line.clock}: {line.words}") for at_ms, line in placed if line.kind in MARKS],
            SPANS_KEPT,
        ),
        slowest=turn_lines(slowest(turns), began, anchors, talk),
        all_turns=turn_lines(turns, began, anchors, talk),
        more=f"The first {len(turns):,} of {talk.turns:,} turns." if talk.turns > len(turns) else "",
    )


def _spans(course: dict[str, Any], side: str) -> list[Span]:
    return [(int(begin), int(end)) for begin, end in course.get(side) or []]
