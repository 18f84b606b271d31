"""A call's audio on its way to its streams: kept until the application has named them, converted once for all that want one format.

Owns the early messages and the converters. Must not know what a stream does with its frames."""

from collections import deque
from collections.abc import Iterator

from streams.pure.audio import Converter
from streams.pure.messages import Audio, AudioFormat, Dtmf

Word = Audio | Dtmf


class Early:
    """What the call said before the application had answered, at most `limit_ms` of audio. `dropped_ms` had to go: the oldest."""

    def __init__(self, limit_ms: float) -> None:
        self.limit_ms = limit_ms
        self.kept_ms = self.dropped_ms = 0.0
        self._kept: deque[tuple[Word, int, float]] = deque()

    def keep(self, word: Word, timestamp_ms: int, duration_ms: float) -> None:
        self._kept.append((word, timestamp_ms, duration_ms))
        self.kept_ms += duration_ms
        while self.kept_ms > self.limit_ms:
            _, _, oldest_ms = self._kept.popleft()
            self.kept_ms -= oldest_ms
            self.dropped_ms += oldest_ms

    def __iter__(self) -> Iterator[tuple[Word, int]]:
        return ((word, timestamp_ms) for word, timestamp_ms, _ in self._kept)


class Converters:
    """From the call's format to the formats of its streams. A resampler remembers the frame before, so each track has its own."""

    def __init__(self, source: AudioFormat) -> None:
        self.source = source
        self._converters: dict[tuple[str, AudioFormat], Converter] = {}

    def convert(self, frame: Audio, target: AudioFormat) -> list[bytes]:
        converter = self._converters.get((frame.track, target))
        if converter is None:
            converter = self._converters[frame.track, target] = Converter(self.source, target)
        return converter.convert(frame.payload)

    def tails(self) -> Iterator[tuple[str, AudioFormat, list[bytes]]]:
        """The last milliseconds that resamplers still hold, by track and format."""
        for (track, target), converter in self._converters.items():
            if frames := converter.flush():
                yield track, target, frames
