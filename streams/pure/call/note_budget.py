"""How many notes of one kind a call and each of its streams may have: so many in a minute are told in full, of the rest only their number.

Owns the counting. Must not know what a kind means, or how a note is written."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from streams.pure.lifecycle import EventKind

IN_FULL = 120
"""Whatever happens more often than twice a second for a minute is read by nobody line by line."""
MINUTE_SECONDS = 60.0


@dataclass(slots=True)
class Minute:
    """Of notes of one kind, from the first of them on."""

    began: float
    count: int = 0

    @property
    def more(self) -> int:
        return max(self.count - IN_FULL, 0)


Due = Callable[[UUID | None, Minute], bool]


class Counted(NamedTuple):
    """`more` notes of `kind` that were not told; `stream_id` as in a note."""

    stream_id: UUID | None
    kind: EventKind
    more: int


class NoteBudget:
    """Of one call."""

    def __init__(self) -> None:
        self._minutes: dict[tuple[UUID | None, EventKind], Minute] = {}
        self._over_at = math.inf

    def admits(self, kind: EventKind, stream_id: UUID | None, now: float) -> bool:
        """Whether this one is told in full; it is counted otherwise."""
        minute = self._minutes.get((stream_id, kind))
        if minute is None or now - minute.began >= MINUTE_SECONDS:
            minute = self._minutes[stream_id, kind] = Minute(now)
        minute.count += 1
        if minute.more:
            self._over_at = min(self._over_at, minute.began + MINUTE_SECONDS)
        return not minute.more

    def over(self, now: float) -> list[Counted]:
        """What was counted in minutes that are over."""
        return self._take(lambda whose, minute: now - minute.began >= MINUTE_SECONDS) if now >= self._over_at else []

    def ended(self, stream_id: UUID | None) -> list[Counted]:
        """What was counted of a stream that ends, or, where it is None, of a call: of everything in it."""
        if self._over_at == math.inf:
            return []
        return self._take(lambda whose, minute: stream_id is None or whose == stream_id)

    def _take(self, is_due: Due) -> list[Counted]:
        with_more = {key: minute for key, minute in self._minutes.items() if minute.more}
        due = {key: minute for key, minute in with_more.items() if is_due(key[0], minute)}
        for key in due:
            del self._minutes[key]
        self._over_at = min((minute.began + MINUTE_SECONDS for key, minute in with_more.items() if key not in due), default=math.inf)
        return [Counted(stream_id, kind, minute.more) for (stream_id, kind), minute in due.items()]
