"""Notes as lines of text and back: what a process keeps of its calls on disk until the database has it.

C: a call, by a number that it has in this text. N: a note of such a call. H: when calls were heard of last. Other lines are of a newer
version, and passed over, as are fields that are not known. Must not know files, nor how lines are sealed."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from uuid import UUID

from streams.pure.call.notes import CallFacts, CallKey, Note
from streams.pure.lifecycle import EventKind, Level

Signs = Mapping[int, Collection[CallKey]]
"""Calls by when they were heard of last, in whole seconds since the epoch, by the clock that their notes are dated by."""
_FACTS = {each.name for each in fields(CallFacts)}


def line_of_call(place: int, facts: CallFacts) -> bytes:
    return _line("C", place, asdict(facts))


def line_of_note(place: int, note: Note) -> bytes:
    told = {
        "number": note.number,
        "kind": note.kind,
        "at": note.at,
        "level": note.level,
        "stream_id": note.stream_id,
        "details": note.details,
        "measured": note.measured,
    }
    return _line("N", place, told)


def line_of_signs(signs: Signs) -> bytes:
    return _line("H", 0, {str(seconds): [f"{key.account_id} {key.call_id.hex}" for key in calls] for seconds, calls in signs.items()})


def _line(kind: str, place: int, value: Any) -> bytes:
    return f"{kind} {place} {json.dumps(value, default=str, separators=(',', ':'))}\n".encode()


@dataclass(slots=True)
class StoredCall:
    """`lines` of its notes. What was kept twice is there twice."""

    facts: CallFacts
    lines: list[bytes] = field(default_factory=list)

    def notes(self) -> tuple[list[Note], int]:
        """Each once, in order; and how many lines cannot be read."""
        found: dict[int, Note] = {}
        unread = 0
        for line in self.lines:
            try:
                note = _note_of(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                unread += 1
            else:
                found.setdefault(note.number, note)
        return [found[number] for number in sorted(found)], unread


class StoredNotes:
    """What was read. `calls` by their numbers in the text; `heard`: when each was heard of last; `unread`: lines that make no sense."""

    def __init__(self) -> None:
        self.calls: dict[int, StoredCall] = {}
        self.heard: dict[CallKey, int] = {}
        self.unread = 0

    def read(self, text: bytes, *, signs_count: bool) -> None:
        """`signs_count`: not behind a gap. What is missing there may be an end, and nothing is billed beyond that."""
        for line in text.splitlines():
            try:
                self._read_line(line, signs_count)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
                self.unread += 1

    def _read_line(self, line: bytes, signs_count: bool) -> None:
        kind, place, value = line.split(b" ", 2)
        match kind:
            case b"C" if int(place) not in self.calls:
                self.calls[int(place)] = StoredCall(_facts_of(json.loads(value)))
            case b"N":
                self.calls[int(place)].lines.append(value)
            case b"H" if signs_count:
                for seconds, calls in json.loads(value).items():
                    self._hear(int(seconds), calls)

    def _hear(self, seconds: int, calls: Iterable[str]) -> None:
        for account_id, call_id in (each.split() for each in calls):
            key = CallKey(int(account_id), UUID(call_id))
            self.heard[key] = max(seconds, self.heard.get(key, 0))


def _facts_of(told: dict[str, Any]) -> CallFacts:
    known = {name: value for name, value in told.items() if name in _FACTS}
    return CallFacts(**{**known, "call_id": UUID(known["call_id"])})


def _note_of(told: dict[str, Any]) -> Note:
    stream_id = told["stream_id"]
    return Note(
        int(told["number"]),
        EventKind(told["kind"]),
        float(told["at"]),
        Level(told["level"]),
        UUID(stream_id) if stream_id else None,
        dict(told["details"]),
        told["measured"],
    )
