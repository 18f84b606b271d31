"""Noise out of speech: WebRTC's noise suppression, how strong it is at which level, and frames that go out as long as they came in.

Owns the library's calls and what a level means. Must not know tracks, streams, or what becomes of one on which it fails."""

import importlib
from enum import IntEnum

import numpy as np

from streams.pure.audio.convert import from_linear, to_linear
from streams.pure.messages import AudioFormat

LIBRARY = "webrtc-noise-gain"
LOWEST_LEVEL, HIGHEST_LEVEL = 60, 100
RATE = 16_000
_NO_GAIN = 0
_BLOCK_BYTES = 320


class Strength(IntEnum):
    """As the library counts them. By how many dB noise gets weaker between words: 6, 12, 18, 21."""

    LOW = 1
    MODERATE = 2
    HIGH = 3
    VERY_HIGH = 4

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", " ")


def strength_of(level: int) -> Strength:
    """Each strength has ten levels: from 60, 70, 80 and 90 on."""
    return Strength(min(max((level - LOWEST_LEVEL) // 10, 0), 3) + 1)


class Suppressor:
    """Of one track at 8 or 16 kHz, for as long as it is heard: it learns what the noise is like. Raises ImportError where there is no
    library for this machine.

    The library takes 10 ms at 16 kHz. Each sample of audio at 8 kHz is given to it twice, and one of the two is taken back: what that adds
    above 4 kHz is a mirror of what is below, is judged like it, and falls back onto it. Proper resampling there and back suppresses as
    much (measured: within 0.4 dB), and brings the audio 45 ms later (docs/decisions)."""

    def __init__(self, format: AudioFormat, strength: Strength) -> None:
        if format.rate not in (RATE, RATE // 2):
            raise ValueError(f"Noise is suppressed at {RATE} and {RATE // 2} Hz, not at {format.rate}.")
        self._format, self._times = format, RATE // format.rate
        self._process = importlib.import_module("webrtc_noise_gain").AudioProcessor(_NO_GAIN, int(strength)).Process10ms

    def clean(self, frame: bytes) -> bytes:
        """A frame of 20 ms, as long as it was: what is heard is 6 ms later than it came. One that is shorter is the last."""
        samples = to_linear(frame, self._format)
        given = samples.repeat(self._times).tobytes()
        given += bytes(-len(given) % _BLOCK_BYTES)
        blocks = [self._process(given[start : start + _BLOCK_BYTES]).audio for start in range(0, len(given), _BLOCK_BYTES)]
        back = np.frombuffer(b"".join(blocks), "<i2")[: len(samples) * self._times : self._times]
        cleaned = from_linear(back, self._format.encoding)
        return cleaned + frame[len(cleaned) :]  # half a sample at the very end
