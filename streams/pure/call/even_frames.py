"""One track of a call in one format: whatever a gateway's frames hold, 20 ms in each of ours, and a timestamp that advances by as much.

Owns the cutting and the timestamps. Must not know tracks, streams or gateways."""

from streams.pure.audio.convert import Converter
from streams.pure.messages import AudioFormat

FRAME_MS = 20
GAP_MS = 200
"""Audio that comes later than this after its time was not late but silent before: timestamps go on at the time of day."""
AHEAD_MS = 500
"""Timestamps run ahead of the clock no further than this: what comes faster than it is heard shares one."""


class EvenFrames:
    """From the format `source` to `target`."""

    def __init__(self, source: AudioFormat, target: AudioFormat) -> None:
        self._converter = Converter(source, target, FRAME_MS)
        self._frame_bytes = round(target.bytes_per_ms * FRAME_MS)
        self._rest = b""
        self._due_ms = -GAP_MS - 1

    def frames(self, payload: bytes, timestamp_ms: int) -> tuple[list[bytes], int]:
        """What `payload`, which came at `timestamp_ms`, completes, and the timestamp of the first frame of it. The hot path: a gateway's
        frame of 20 ms passes as it is."""
        frames = self._converter.convert(payload)
        if self._rest or len(frames) != 1 or len(frames[0]) != self._frame_bytes:
            frames = self._cut(frames)
        behind_ms = timestamp_ms - self._due_ms
        first_ms = timestamp_ms if behind_ms > GAP_MS else self._due_ms
        if behind_ms > -AHEAD_MS:
            self._due_ms = first_ms + FRAME_MS * len(frames)
        return frames, first_ms

    def flush(self) -> tuple[list[bytes], int]:
        """What is still held. The last frame is as short as it is: nothing is added to what was said."""
        frames = self._cut(self._converter.flush())
        rest, self._rest = self._rest, b""
        return [*frames, rest] if rest else frames, self._due_ms

    def _cut(self, pieces: list[bytes]) -> list[bytes]:
        audio, size = self._rest + b"".join(pieces), self._frame_bytes
        whole = len(audio) - len(audio) % size
        self._rest = audio[whole:]
        return [audio[start : start + size] for start in range(0, whole, size)]
