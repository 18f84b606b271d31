"""What a session wants done, gathered in order until the relay takes it. Facts get their number and their time here.

Owns that order. Must not know what is wanted, or who carries it out."""

from typing import Any
from uuid import UUID

from streams.pure.call.effects import Effect, Write
from streams.pure.call.note_budget import Counted, NoteBudget
from streams.pure.call.notes import Note
from streams.pure.lifecycle import EventKind, Level


class EffectQueue:
    """`offset` leads from the session's clock to UTC seconds."""

    def __init__(self, offset: float) -> None:
        self.offset = offset
        self._notes = 0
        self._budget = NoteBudget()
        self._effects: list[Effect] = []

    @property
    def pending(self) -> bool:
        """Whether `drain` would return anything."""
        return bool(self._effects)

    def drain(self) -> list[Effect]:
        """What is to be done since the last call of this method, in order."""
        effects, self._effects = self._effects, []
        return effects

    def emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def note(
        self,
        kind: EventKind,
        level: Level,
        stream_id: UUID | None,
        now: float,
        measured: dict[str, Any] | None = None,
        /,
        **details: Any,
    ) -> None:
        """A fact for the journal; only counted where there were very many of its kind."""
        for counted in self._counted(kind, stream_id, now):
            self._write(EventKind.EVENTS_COUNTED, Level.WARNING, counted.stream_id, now, {"more": counted.more, "of": counted.kind.value})
        if self._budget.admits(kind, stream_id, now):
            self._write(
                kind, level, stream_id, now, {name: value for name, value in details.items() if value is not None}, measured=measured
            )

    def _counted(self, kind: EventKind, stream_id: UUID | None, now: float) -> list[Counted]:
        over = self._budget.over(now)
        return over + self._budget.ended(stream_id) if kind in (EventKind.STREAM_ENDED, EventKind.CALL_ENDED) else over

    def _write(
        self,
        kind: EventKind,
        level: Level,
        stream_id: UUID | None,
        now: float,
        facts: dict[str, Any],
        *,
        measured: dict[str, Any] | None = None,
    ) -> None:
        self._notes += 1
        self._effects.append(Write(Note(self._notes, kind, now + self.offset, level, stream_id, facts, measured)))
