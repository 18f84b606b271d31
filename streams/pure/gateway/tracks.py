"""A gateway's bytes become frames of audio, each of one track: cut at whole samples, and pulled apart where two tracks alternate.

Owns the cutting. Must not know dialects, or what becomes of the frames."""

import numpy as np

from streams.pure.audio.convert import FRAME_MS
from streams.pure.messages import Audio, AudioFormat, Encoding


class TrackCutter:
    """Frames of at most 20 ms, sent on at once; only bytes that make no whole sample wait for the next message.

    `layout`: the tracks in the order in which their samples alternate. `big_endian`: so the samples of L16 come."""

    def __init__(self, format: AudioFormat, layout: tuple[str, ...], big_endian: bool = False) -> None:
        self._layout = layout
        self._sample = np.dtype("<i2" if format.encoding is Encoding.L16 else np.uint8)
        self._group_bytes = self._sample.itemsize * len(layout)
        self._frame_bytes = format.rate * FRAME_MS // 1000 * self._group_bytes
        self._swaps = big_endian and format.encoding is Encoding.L16
        self._rest = b""

    def frames(self, data: bytes) -> list[Audio]:
        audio = self._rest + data if self._rest else data
        whole = len(audio) - len(audio) % self._group_bytes
        self._rest = audio[whole:]
        if self._swaps:
            audio = swapped(audio[:whole])
        starts = range(0, whole, self._frame_bytes)
        return [frame for start in starts for frame in self._split(audio[start : min(start + self._frame_bytes, whole)])]

    def _split(self, audio: bytes) -> list[Audio]:
        if len(self._layout) == 1:
            return [Audio(audio, self._layout[0])]
        samples = np.frombuffer(audio, self._sample).reshape(-1, len(self._layout))
        return [Audio(samples[:, column].tobytes(), track) for column, track in enumerate(self._layout)]


def swapped(audio: bytes) -> bytes:
    """L16 in the other byte order; whole samples only."""
    return np.frombuffer(audio, np.uint16, count=len(audio) // 2).byteswap().tobytes()
