"""How many notes of one kind a call and each of its streams may have: so many in a minute are told in full, of the rest only their number.

Owns the counting. Must not know what a kind means, or how a note is written."""

import math
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from streams.pure.lifecycle import EventKind

IN_FULL = 120
"""Whatever happens more often than twice a second for a minute is read by nobody line by line."""
MINUTE_SECONDS = 60.0
STREAMS_KEPT = 100


@dataclass(slots=True)
class Minute:
    """Of notes of one kind, from the first of them on."""

    began: float
    count: int = 0

    @property
    def more(self) -> int:
        return max(self.count - IN_FULL, 0)


class Counted(NamedTuple):
    """`more` notes of `kind` that were not told; `stream_id` as in a note."""

    stream_id: UUID | None
    kind: EventKind
    more: int


class NoteBudget:
    """Of one call."""

    def __init__(self) -> None:
        self._minutes: dict[UUID | None, dict[EventKind, Minute]] = {}
        self._over_at = math.inf

    def admits(self, kind: EventKind, stream_id: UUID | None, now: float) -> bool:
        """Whether this one is told in full; it is counted otherwise."""
        own = self._minutes.get(stream_id)
        if own is None:
            self._forget_past(now)
            own = self._minutes[stream_id] = {}
        minute = own.get(kind)
        if minute is None or now - minute.began >= MINUTE_SECONDS:
            minute = own[kind] = Minute(now)
        minute.count += 1
        if minute.more:
            self._over_at = min(self._over_at, minute.began + MINUTE_SECONDS)
        return not minute.more

    def over(self, now: float) -> list[Counted]:
        """What was counted in minutes that are over."""
        if now < self._over_at:
            return []
        found = [
            Counted(stream_id, kind, own.pop(kind).more)
            for stream_id, own in self._minutes.items()
            for kind, minute in list(own.items())
            if minute.more and now - minute.began >= MINUTE_SECONDS
        ]
        self._look_again()
        return found

    def ended(self, stream_id: UUID | None) -> list[Counted]:
        """What was counted of a stream that ends, or, where it is None, of a call: of everything in it. Forgets what ended."""
        ending = [stream_id] if stream_id is not None else list(self._minutes)
        found = [
            Counted(whose, kind, minute.more) for whose in ending for kind, minute in self._minutes.pop(whose, {}).items() if minute.more
        ]
        self._look_again()
        return found

    def _forget_past(self, now: float) -> None:
        """What is noted of a stream after its end is forgotten when others come."""
        if len(self._minutes) >= STREAMS_KEPT:
            past = [whose for whose, own in self._minutes.items() if all(_is_past(minute, now) for minute in own.values())]
            for whose in past:
                del self._minutes[whose]

    def _look_again(self) -> None:
        """When the next minute with something counted in it will be over."""
        counting = (minute for own in self._minutes.values() for minute in own.values() if minute.more)
        self._over_at = min((minute.began + MINUTE_SECONDS for minute in counting), default=math.inf)


def _is_past(minute: Minute, now: float) -> bool:
    return not minute.more and now - minute.began >= MINUTE_SECONDS
