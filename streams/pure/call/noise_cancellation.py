"""The noise of one stream's caller, suppressed on the way to its service: whether it is, how strongly, and what that takes.

Owns that it never harms the audio: what cannot be done, or fails, is noted once, and the stream goes on with the audio as it came; where
there was no place, until there is one. Must not know how noise is told from speech."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from streams.pure.audio.noise import LIBRARY, Strength, Suppressor, strength_of
from streams.pure.call.notes import Noted
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import AudioFormat, StreamRequest

CALLERS_TRACK = "inbound"
ASKED_AGAIN_SECONDS = 1.0
"""Who found no place looks for one as often as this: all live streams of the process are counted for it."""


class Cleans(Protocol):
    def clean(self, frame: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class NoiseMeans:
    """What there is for it. `no_room`: why no other stream may have it now, in a sentence, "" where one may; `cpu_seconds`: what this
    thread has taken so far."""

    no_room: Callable[[], str] = lambda: ""
    cpu_seconds: Callable[[], float] = lambda: 0.0
    suppressor: Callable[[AudioFormat, Strength], Cleans] = Suppressor


PLENTY = NoiseMeans()
"""No limit, and nobody measures."""


class NoiseCancellation:
    """Of a stream that asks for it and gets `format`. `problem`: why it is not done (any more)."""

    def __init__(self, stream_id: UUID, request: StreamRequest, format: AudioFormat, means: NoiseMeans, *, note: Noted, now: float) -> None:
        self.problem = ""
        self.audio_ms = self.cpu_seconds = 0.0
        self._stream_id, self._format, self._means, self._note = stream_id, format, means, note
        self._level, self._strength = request.noise_cancellation_level, strength_of(request.noise_cancellation_level)
        self._suppressor: Cleans | None = None
        self._looks_at = math.inf
        """When there may be a place, where there was none."""
        if CALLERS_TRACK in request.tracks:
            self._begin(now)
        else:
            self._go_without("The stream does not have the inbound track, which is the one whose noise is suppressed.", now)

    @property
    def active(self) -> bool:
        return self._suppressor is not None

    def _begin(self, now: float) -> None:
        if problem := self._means.no_room():
            self._looks_at = now + ASKED_AGAIN_SECONDS
            return None if self.problem else self._go_without(problem, now)
        self.problem, self._looks_at = "", math.inf
        try:
            self._suppressor = self._means.suppressor(self._format, self._strength)
        except ImportError as error:
            return self._go_without(f"There is no {LIBRARY} on this machine: {error}", now)
        except Exception as error:  # a library's own
            return self._go_without(f"{LIBRARY} failed: {error!r}"[:300], now)
        facts = {"library": LIBRARY, "noise_level": self._level, "strength": self._strength.word}
        return self._note(EventKind.NOISE_CANCELLATION_STARTED, Level.INFO, self._stream_id, now, **facts)

    def cleaned(self, frame: bytes, now: float) -> bytes:
        """As long as it was. The hot path, of a stream that asks for it."""
        if self._suppressor is None and now >= self._looks_at:
            self._begin(now)
        if self._suppressor is None:
            return frame
        began = self._means.cpu_seconds()
        try:
            cleaned = self._suppressor.clean(frame)
        except Exception as error:  # the audio goes on, whatever a library makes of it
            self._go_without(f"{LIBRARY} failed: {error!r}"[:300], now)
            return frame
        self.cpu_seconds += self._means.cpu_seconds() - began
        self.audio_ms += self._format.duration_ms(len(frame))
        return cleaned

    def end(self) -> None:
        """Of its stream. A call may have many, one after the other, and the library keeps 0.3 MB for each."""
        self._suppressor, self._looks_at = None, math.inf

    def _go_without(self, problem: str, now: float) -> None:
        self._suppressor, self.problem = None, problem
        self._note(EventKind.NOISE_CANCELLATION_FAILED, Level.WARNING, self._stream_id, now, problem=problem)

    @property
    def cpu_ms_a_minute(self) -> float | None:
        """What a minute of audio takes; None before there was any."""
        return round(self.cpu_seconds * 1000 / (self.audio_ms / 60_000), 1) if self.audio_ms else None

    def totals(self) -> dict[str, Any]:
        """For the stream's last note."""
        return {"noise_cpu_ms": self.cpu_ms_a_minute} if self.audio_ms else {}

    def to_json(self) -> dict[str, Any]:
        """How it goes so far, for the stream's row."""
        how = {"library": LIBRARY, "level": self._level, "strength": self._strength.word}
        return {**how, "audio_ms": round(self.audio_ms), "cpu_ms_a_minute": self.cpu_ms_a_minute, "problem": self.problem}
