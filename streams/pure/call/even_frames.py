"""One track of a call in one format: whatever a gateway's frames hold, 20 ms in each of ours, and a timestamp that advances by as much.

Owns the timestamps, and when there is anything to cut. Must not know tracks, streams or gateways."""

from streams.pure.audio.convert import FRAME_MS, Converter, FrameCutter
from streams.pure.messages import AudioFormat

GAP_MS = 200
"""Audio that comes later than this after its time was not late but silent before: timestamps go on at the time of day."""
AHEAD_MS = 500
"""Timestamps run ahead of the clock no further than this: what comes faster than it is heard shares one."""


class EvenFrames:
    """From the format `source` to `target`."""

    def __init__(self, source: AudioFormat, target: AudioFormat) -> None:
        self._converter = Converter(source, target)
        self._cutter = FrameCutter(target)
        self._due_ms = -GAP_MS - 1

    def frames(self, payload: bytes, timestamp_ms: int) -> tuple[list[bytes], int]:
        """What `payload`, which came at `timestamp_ms`, completes, and the timestamp of the first frame of it. The hot path: a gateway's
        frame of 20 ms passes as it is."""
        frames = self._converter.convert(payload)
        if self._cutter.rest or len(frames) != 1 or len(frames[0]) != self._cutter.frame_bytes:
            frames = self._cutter.cut(b"".join(frames))
        behind_ms = timestamp_ms - self._due_ms
        first_ms = timestamp_ms if behind_ms > GAP_MS else self._due_ms
        if behind_ms > -AHEAD_MS:
            self._due_ms = first_ms + FRAME_MS * len(frames)
        return frames, first_ms

    def flush(self) -> tuple[list[bytes], int]:
        """What is still held. The last frame is as short as it is: nothing is added to what was said."""
        frames = self._cutter.cut(b"".join(self._converter.flush()))
        return [*frames, *self._cutter.end()], self._due_ms
