"""Silence in place of what a gateway does not send (hold, DTX, a connection that stalls), so that a stream never stops in time.

Owns when there is too little audio and when too much: what comes late is let through up to a bound, because silence stood in for it.
Must not know streams, and no clock: `now` is monotonic, in seconds."""

from collections.abc import Iterator

from streams.pure.audio.convert import SILENCE
from streams.pure.messages import Audio, AudioFormat

FRAME_SECONDS = 0.02
SAME_SECONDS = 0.0005
"""Moments closer than this are the same."""
PATIENCE_SECONDS = 0.2
"""How late audio may be before silence takes its place: a jitter is none."""
AHEAD_SECONDS = 0.5
"""How far audio that comes late may run ahead of real time; more of it is left out, as far as silence stood in for it."""
LATE_SECONDS = 10.0
"""How long after a silence what comes too fast is audio that is late."""
STALLED_SECONDS = 0.25
"""Who looks more rarely than this was held up itself, and what has come meanwhile is not read yet."""


class SilenceFill:
    """Of a gateway whose media, in `format`, began at `now`. `filled_ms`, `left_out_ms`: of all tracks, so far."""

    def __init__(self, format: AudioFormat, now: float) -> None:
        self.filled_ms = self.left_out_ms = 0.0
        self._seconds_per_byte = 1 / (format.bytes_per_ms * 1000)
        self._payload = SILENCE[format.encoding] * round(format.bytes_per_ms * FRAME_SECONDS * 1000)
        # Until when there is audio, of each track. Before the first frame nobody knows which tracks will come.
        self._until = {"inbound": now}
        self._nothing_came = True
        self._silent: set[str] = set()
        self._owed: dict[str, float] = {}
        self._late_until = 0.0
        self._looked_at = now

    @property
    def filling(self) -> bool:
        return bool(self._silent)

    def takes(self, frame: Audio, now: float) -> bool:
        """Whether a frame that came is to be passed on. The hot path."""
        track = frame.track
        if self._nothing_came or self._silent or track not in self._until:
            self._begin_track(track, now)
        lasts = len(frame.payload) * self._seconds_per_byte
        until = self._until[track] + lasts
        if until < now:
            until = now
        elif until - now > AHEAD_SECONDS:
            if self._is_too_late(track, lasts, now):
                return False
            until = now + AHEAD_SECONDS
        self._until[track] = until
        return True

    def _is_too_late(self, track: str, lasts: float, now: float) -> bool:
        """Of audio that comes faster than it is heard: whether silence stood in for it."""
        if now >= self._late_until or self._owed.get(track, 0.0) < lasts:
            return False
        self._owed[track] -= lasts
        self.left_out_ms += lasts * 1000
        return True

    def _begin_track(self, track: str, now: float) -> None:
        """A track's first frame, or its first one after a silence."""
        if self._nothing_came:
            self._nothing_came = False
            self._until = {track: self._until.get(track, now)}
            self._silent &= {track}
        self._until.setdefault(track, now)
        if track in self._silent:
            self._silent.discard(track)
            self._late_until = now + LATE_SECONDS

    def frames(self, now: float) -> Iterator[tuple[Audio, float]]:
        """The silence that is due, each frame with the moment at which it would have come."""
        stalled, self._looked_at = now - self._looked_at > STALLED_SECONDS, now
        for track in () if stalled else self._until:
            if now - self._until[track] < (FRAME_SECONDS if track in self._silent else PATIENCE_SECONDS) - SAME_SECONDS:
                continue
            if track not in self._silent:
                self._silent.add(track)
                self._owed[track] = 0.0
            while now - self._until[track] >= FRAME_SECONDS - SAME_SECONDS:
                self._until[track] += FRAME_SECONDS
                self._owed[track] += FRAME_SECONDS
                self.filled_ms += FRAME_SECONDS * 1000
                yield Audio(self._payload, track), self._until[track]

    def totals(self) -> dict[str, int]:
        """What there is to tell of it."""
        told = {"filled_ms": round(self.filled_ms), "left_out_ms": round(self.left_out_ms)}
        return {name: value for name, value in told.items() if value}
