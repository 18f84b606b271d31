"""What is speech and what is not: WebRTC's voice detector together with how far the sound stands above the noise, for each 20 ms.

Owns both judgements. WebRTC's alone takes steady noise for speech, and the level alone takes any noise that begins; where both say yes
it is speech. Must not know when it was said, or by whom."""

import importlib
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from streams.pure.audio.g711 import Samples

FRAME_MS = 20
RATES = (8000, 16_000)
"""Which rates are judged as they are."""
_STRICTNESS = 2
"""Of WebRTC's four: 0 lets most sounds pass, 3 the fewest. 2 knows hum and dialling tones."""
_BANDS = 12
_WINDOW_MS = 32
_HZ_PER_BIN = 31.25
_TAKEN_HZ = (125.0, 3875.0)
_NOISE_FRAMES = 200
"""The noise is what the quietest tenth of the last four seconds was like, in each band."""
_QUIETEST = 0.1
_NOISE_MARGIN = 1.4
_QUIET = 1e5
"""The power of a line on which there is nothing, so that its last bit is no noise to stand above."""
_SMOOTHED, _NOISE_SMOOTHED = 3, 4
_ABOVE = 0.4
"""How far a frame stands above the noise when it is speech: the mean of ln(power / noise) over the bands."""

Floats = npt.NDArray[np.float32]
IsSpeech = Callable[[bytes, int], bool]
"""Whether 20 ms of 16-bit samples at a rate are speech, to a detector that remembers those before."""


def webrtc() -> IsSpeech:
    """Raises ImportError where there is none for this Python and machine."""
    is_speech: IsSpeech = importlib.import_module("webrtcvad").Vad(_STRICTNESS).is_speech
    return is_speech


class SpeechDetector:
    """Of one track at `rate`, one of RATES. Judges frames in blocks: the first frames of a block are judged with what is known of the
    noise at its end, so that where blocks are cut is part of the answer."""

    def __init__(self, rate: int, is_speech: IsSpeech) -> None:
        self._rate, self._is_speech = rate, is_speech
        self.frame_samples = rate * FRAME_MS // 1000
        self._window = _window(rate)
        edges = _bands()
        self._first_bins, self._last_bin = 2 * edges[:-1], 2 * int(edges[-1])
        self._bins = np.diff(edges).astype(np.float32)
        self._before = np.zeros(len(self._window) - self.frame_samples, np.int16)
        self._powers: Floats | None = None
        self._quiet: npt.NDArray[np.float64] = np.empty((0, _BANDS))

    def judge(self, samples: Samples) -> list[bool]:
        """Which of these are speech: whole frames."""
        if not len(samples):
            return []
        loud = self._above_noise(samples)
        size, is_speech, rate = 2 * self.frame_samples, self._is_speech, self._rate
        raw = samples.astype("<i2", copy=False).tobytes()
        # What is not loud need not be asked about: that is most of a call, and costs the detector none of its judgement (measured).
        return [is_loud and is_speech(raw[number * size : number * size + size], rate) for number, is_loud in enumerate(loud)]

    def _above_noise(self, samples: Samples) -> list[bool]:
        powers = self._band_powers(samples)
        before = self._powers if self._powers is not None else np.repeat(powers[:1], _NOISE_SMOOTHED, axis=0)
        row = np.concatenate([before, powers])
        self._powers = row[-_NOISE_SMOOTHED:]
        sums = np.cumsum(row, axis=0, dtype=np.float64)
        level = (sums[_NOISE_SMOOTHED:] - sums[_NOISE_SMOOTHED - _SMOOTHED : -_SMOOTHED]) / _SMOOTHED
        noise = self._noise((sums[_NOISE_SMOOTHED:] - sums[:-_NOISE_SMOOTHED]) / _NOISE_SMOOTHED)
        above = np.log(np.maximum(level / noise, 1)).mean(axis=1)
        loud: list[bool] = (above > _ABOVE).tolist()
        return loud

    def _band_powers(self, samples: Samples) -> Floats:
        """A row for each frame: the power of the 32 ms that end with it, in each band."""
        row = np.concatenate([self._before, samples])
        self._before = row[-len(self._before) :]
        # As sliding_window_view makes them, which takes 9 us for it (measured).
        step = row.itemsize
        windows = np.ndarray((len(samples) // self.frame_samples, len(self._window)), row.dtype, row, 0, (self.frame_samples * step, step))
        # `forward`, because numpy takes five times as long for float32 where there is no factor: 170 us for 34 (measured, numpy 2.4).
        parts = np.fft.rfft(windows * self._window, axis=1, norm="forward").view(np.float32)
        # No product of matrices: that would wake the threads of a BLAS in a process that carries calls.
        bands = np.add.reduceat(np.square(parts[:, : self._last_bin]), self._first_bins, axis=1) / self._bins
        return np.asarray(bands + np.float32(_QUIET), np.float32)

    def _noise(self, smoothed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        self._quiet = np.concatenate([self._quiet, smoothed])[-_NOISE_FRAMES:]
        few = max(int(len(self._quiet) * _QUIETEST), 1)
        noise: npt.NDArray[np.float64] = np.partition(self._quiet, few - 1, axis=0)[:few].mean(axis=0, dtype=np.float64) * _NOISE_MARGIN
        return noise


@cache
def _window(rate: int) -> Floats:
    """Times its length, by which `forward` divides."""
    samples = rate * _WINDOW_MS // 1000
    return (np.hanning(samples) * samples).astype(np.float32) / np.float32(rate / RATES[0])


@cache
def _bands() -> npt.NDArray[np.intp]:
    """Between which bins of a spectrum each band lies: narrow ones below, wide ones above, as an ear has them."""
    first, last = (hz / _HZ_PER_BIN for hz in _TAKEN_HZ)
    return np.round(np.geomspace(first, last, _BANDS + 1)).astype(np.intp)
