"""How far speech stands above what is not speech, before and after something was done to it.

As BSS Eval counts it: what a filter of 32 ms makes of the clean speech is speech (a delay, a highpass, a level), the rest is noise."""

import wave
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from streams import simulate

Floats = npt.NDArray[np.float64]
FILTER_SECONDS = 0.032


def snr_db(heard: npt.ArrayLike, clean: npt.ArrayLike, rate: int) -> float:
    """Of what was heard of `clean` speech, which may be later in it by some milliseconds."""
    y, x = np.asarray(heard, float), np.asarray(clean, float)
    y, x = y[: len(x)], x[: len(y)]
    taps, size = int(rate * FILTER_SECONDS), 1 << (2 * len(x)).bit_length()
    spectrum = np.fft.rfft(x, size)
    own = np.fft.irfft(np.abs(spectrum) ** 2, size)[:taps]
    with_heard = np.fft.irfft(np.fft.rfft(y, size) * np.conj(spectrum), size)[:taps]
    lags = np.abs(np.subtract.outer(np.arange(taps), np.arange(taps)))
    best = np.linalg.solve(own[lags] + np.eye(taps) * own[0] * 1e-9, with_heard)
    speech = np.fft.irfft(np.fft.rfft(best, size) * spectrum, size)[: len(x)]
    return float(10 * np.log10(np.dot(speech, speech) / np.dot(y - speech, y - speech)))


def level_db(samples: npt.ArrayLike) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(np.asarray(samples, float)))) + 1e-9))


@cache
def speech(rate: int) -> Floats:
    """The speech that is shipped: 11 s, by one speaker."""
    with wave.open(str(Path(simulate.__file__).with_name("speech.wav"))) as shipped:
        known = np.frombuffer(shipped.readframes(shipped.getnframes()), "<i2").astype(float)
        return known if rate == shipped.getframerate() else np.asarray(soxr.resample(known, shipped.getframerate(), rate), float)


def noise(samples: int, rate: int, level: float, *, pink: bool = True, seed: int = 5) -> Floats:
    """Of this level in dB. Pink is what most rooms and lines sound like."""
    drawn = np.random.default_rng(seed).standard_normal(samples)
    if pink:
        hz = np.fft.rfftfreq(samples, 1 / rate)
        drawn = np.fft.irfft(np.fft.rfft(drawn) / np.sqrt(np.maximum(hz, 20)), samples)
    scaled: Floats = drawn * 10 ** ((level - level_db(drawn)) / 20)
    return scaled
