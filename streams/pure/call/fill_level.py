"""How much audio waits for one customer, in the buffer and on its socket: the levels it passes, its peak, and its course over time.

Owns what is noted of levels. Must not know what follows from a full buffer."""

from typing import Any
from uuid import UUID

from streams.pure.call.buffer import Gauge
from streams.pure.call.measure import Levels
from streams.pure.call.notes import Noted
from streams.pure.lifecycle import EventKind, Level


class FillLevel:
    """Of the stream `stream_id`, since `began`. `in_flight_ms`: written to its socket and not taken."""

    def __init__(self, stream_id: UUID, capacity_ms: int, began: float, note: Noted) -> None:
        self.capacity_ms = capacity_ms
        self.in_flight_ms = 0.0
        self._stream_id = stream_id
        self._gauge = Gauge(capacity_ms)
        self._levels = Levels(began, capacity_ms)
        self._note = note

    def waiting_ms(self, held_ms: float) -> float:
        """`held_ms` and what is in flight."""
        return held_ms + self.in_flight_ms

    def is_full(self, held_ms: float) -> bool:
        return held_ms + self.in_flight_ms >= self.capacity_ms

    def note_levels(self, held_ms: float, now: float) -> None:
        """Says which levels were passed, or are left behind, since the last call of this method."""
        fill_ms = self.waiting_ms(held_ms)
        passed, rearmed = self._gauge.read(fill_ms)
        buffered_ms = round(fill_ms)
        for percent in passed:
            facts = {"percent": percent, "buffered_ms": buffered_ms, "capacity_ms": self.capacity_ms}
            self._note(EventKind.BUFFER_DEGRADED, Level.WARNING, self._stream_id, now, **facts)
        for percent in rearmed:
            self._note(EventKind.BUFFER_RECOVERED, Level.INFO, self._stream_id, now, percent=percent, buffered_ms=buffered_ms)

    def read(self, held_ms: float, now: float) -> None:
        """A point of its course over time."""
        self._levels.read(self.waiting_ms(held_ms), now)

    def full_words(self, held_ms: float) -> str:
        return f"{self.waiting_ms(held_ms) / 1000:.1f} s were waiting, the buffer holds {self.capacity_ms / 1000:g} s"

    def totals(self, held_ms: float) -> dict[str, Any]:
        fill_ms = self.waiting_ms(held_ms)
        return {"buffered_ms": round(fill_ms), "peak_buffered_ms": round(max(self._gauge.peak_ms, fill_ms))}

    def to_json(self) -> dict[str, Any]:
        return self._levels.to_json()
