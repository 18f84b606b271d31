"""What a customer's service had sent before it closed its socket: it is heard to its end, up to a bound, before anything else is done.

Owns when that is over. Must not know why a stream ended, or what follows."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from streams.pure.call.effects import Effect, TellGateway
from streams.pure.call.notes import Noted
from streams.pure.call.playback import Playback
from streams.pure.call.voice import Reached
from streams.pure.lifecycle import EventKind, Level

UNMARKED_SECONDS = 0.3
"""Of a gateway without marks: how much later than by the clock the last word may be heard."""


@dataclass(slots=True)
class Leaving:
    """`mark` stands behind the last word; `heard_at`: when that is heard, None while nobody knows."""

    mark: str
    since: float
    heard_at: float | None = None


class LastWords:
    """Of one call. With a bound of 0 whoever closes is silent at once."""

    def __init__(self, playback: Playback, bound_seconds: float, note: Noted, emit: Callable[[Effect], None]) -> None:
        self._playback, self._bound_seconds = playback, bound_seconds
        self._note, self._emit = note, emit
        self._leaving: dict[UUID, Leaving] = {}

    @property
    def unheard(self) -> bool:
        """Whether somebody's are still to be heard."""
        return bool(self._leaving)

    def begin(self, stream_id: UUID, now: float) -> bool:
        """The stream's service closed. Returns whether there is anything to be heard."""
        if not self._bound_seconds or not self._playback.is_unheard(stream_id, now):
            return False
        waiting_ms = round(self._playback.unheard_ms(stream_id, now))
        self._playback.said_all(stream_id)
        self._leaving[stream_id] = Leaving(self._playback.mark_end(stream_id), now)
        facts = {"waiting_ms": waiting_ms, "within_seconds": self._bound_seconds}
        self._note(EventKind.LAST_WORDS, Level.INFO, stream_id, now, **facts)
        return True

    def reached(self, checkpoint: Reached, now: float) -> None:
        leaving = self._leaving.get(checkpoint.stream_id)
        if leaving is not None and leaving.mark == checkpoint.mark:
            leaving.heard_at = now if self._playback.marks else now + UNMARKED_SECONDS

    def tick(self, now: float) -> None:
        for stream_id, leaving in list(self._leaving.items()):
            if leaving.heard_at is not None and now >= leaving.heard_at:
                del self._leaving[stream_id]
                self._note(EventKind.LAST_WORDS_HEARD, Level.INFO, stream_id, now, seconds=round(now - leaving.since, 3))
            elif now - leaving.since >= self._bound_seconds:
                del self._leaving[stream_id]
                waiting_ms = round(self._playback.unheard_ms(stream_id, now))
                for command in self._playback.clear(stream_id, now):
                    self._emit(TellGateway(command))
                facts = {"within_seconds": self._bound_seconds, "waiting_ms": waiting_ms or None}
                self._note(EventKind.LAST_WORDS_CUT_OFF, Level.WARNING, stream_id, now, **facts)
