"""Silence in place of what a gateway does not send (hold, DTX, a connection that stalls), so that a stream never stops in time.

Owns when there is too little audio. What comes late is let through all the same: no word is lost for silence that stood in for it.
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
"""How far ahead of real time a gateway counts as having spoken, however fast it is: its silence is found soon after it stops."""
STALLED_SECONDS = 0.25
"""Who looks more rarely than this was held up itself, and what has come meanwhile is not read yet."""


class SilenceFill:
    """Of a gateway whose media, in `format`, began at `now`. `filled_ms`: of all tracks, so far."""

    def __init__(self, format: AudioFormat, now: float) -> None:
        self.filled_ms = 0.0
        self._seconds_per_byte = 1 / (format.bytes_per_ms * 1000)
        self._payload = SILENCE[format.encoding] * round(format.bytes_per_ms * FRAME_SECONDS * 1000)
        # Until when there is audio, of each track. Before the first frame nobody knows which tracks will come.
        self._until = {"inbound": now}
        self._nothing_came = True
        self._silent: set[str] = set()
        self._looked_at = now

    @property
    def filling(self) -> bool:
        return bool(self._silent)

    def came(self, frame: Audio, now: float) -> None:
        """Each frame. The hot path."""
        track = frame.track
        if self._nothing_came or self._silent or track not in self._until:
            self._begin_track(track, now)
        until = self._until[track] + len(frame.payload) * self._seconds_per_byte
        self._until[track] = min(max(until, now), now + AHEAD_SECONDS)

    def _begin_track(self, track: str, now: float) -> None:
        """A track's first frame, or its first one after a silence."""
        if self._nothing_came:
            self._nothing_came = False
            self._until = {track: self._until.get(track, now)}
            self._silent &= {track}
        self._until.setdefault(track, now)
        self._silent.discard(track)

    def is_calm(self, now: float) -> bool:
        """Whether a look now finds nothing to do. It counts as one, in place of `frames`."""
        if self._silent:
            return False
        for until in self._until.values():
            if now - until >= PATIENCE_SECONDS - SAME_SECONDS:
                return False
        self._looked_at = now
        return True

    def frames(self, now: float) -> Iterator[tuple[Audio, float]]:
        """The silence that is due, each frame with the moment at which it would have come."""
        stalled, self._looked_at = now - self._looked_at > STALLED_SECONDS, now
        for track in () if stalled else self._until:
            if now - self._until[track] < (FRAME_SECONDS if track in self._silent else PATIENCE_SECONDS) - SAME_SECONDS:
                continue
            self._silent.add(track)
            while now - self._until[track] >= FRAME_SECONDS - SAME_SECONDS:
                self._until[track] += FRAME_SECONDS
                self.filled_ms += FRAME_SECONDS * 1000
                yield Audio(self._payload, track), self._until[track]

    def totals(self) -> dict[str, int]:
        """What there is to tell of it."""
        return {"filled_ms": round(self.filled_ms)} if self.filled_ms else {}
