"""Where the last word of a caller ends: looked for once it is known that it has, in the audio before and behind.

(samples) -> milliseconds. Owns how a weak end is told from the noise that buries it. Must not know when any of it was said."""

from functools import cache

import numpy as np
import numpy.typing as npt

from streams.pure.audio.g711 import Samples

BEFORE_MS, BEHIND_MS = 450, 300
"""So much audio is looked at, around the end of the last frame that was taken for speech."""
_WINDOW_MS, _STEP_MS = 16, 8
_HZ_PER_BIN = 62.5
_FIRST_BIN, _LAST_BIN = 2, 62
_LATEST_MS = 150
"""The word does not end later than this after that frame: what is behind is noise."""
_LEAST_FRAMES = 6
"""Of noise. Where audio stops before, as of a gateway that sends nothing in silence, there is no telling, and little to tell."""
_NEAR_MS = 1.0
"""Pieces that are nearer to each other than this follow each other."""
_QUIET = 2e3
"""The power of a line on which there is nothing."""
_EVENLY = np.full(5, 0.2, np.float32)
_LAST_SOUND_MS = 80
_ABOVE = 0.4
"""ln(power / noise) of the sound that the word ends with, where as much speaks for it as for noise alone."""
# How long after the last that is heard of it a word ends, by how many dB it stands above the noise. Measured on other sentences than those
# of the manual's figures.
_ABOVE_NOISE_DB = (6.5, 11.5, 16.0, 21.0, 31.0)
_ENDS_LATER_MS = (60.0, 57.0, 52.0, 38.0, 5.0)
# A last consonant, as the p, t or s of "shipped" or "six": up to 200 ms behind the vowel, and with nothing of its spectrum.
_CONSONANT_FROM = (0, 8, 24, 36)
"""From which bin on it is listened to: from 125, 625, 1625 and 2375 Hz."""
_BANDS_BINS = np.array([_LAST_BIN - _FIRST_BIN - first for first in reversed(_CONSONANT_FROM)])
_CONSONANT_STEPS = (4, 26)
_IS_HEARD = 9.0
"""So much more probable (a logarithm) are two powers than one: less is found in noise alone too often."""
_BINS_THAT_TELL = 0.5
"""Of each bin of each window: they overlap."""
_CONSONANT_ENDS_LATER_MS = 36.0

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]


class HeardLately:
    """The last of a track at `rate`, in pieces that are where they belong in time, with gaps between them."""

    def __init__(self, rate: int) -> None:
        self._per_ms = rate / 1000
        self._rate = rate
        self._pieces: list[tuple[float, Samples]] = []

    def add(self, begins_ms: float, samples: Samples) -> None:
        """Later than those before."""
        self._pieces.append((begins_ms, samples))

    def forget(self) -> None:
        """What no end to come needs: whoever speaks has paused for less than BEHIND_MS."""
        if not self._pieces:
            return
        from_ms = self._ends_ms(self._pieces[-1]) - BEFORE_MS - BEHIND_MS
        self._pieces = [self._cut(piece, from_ms) for piece in self._pieces if self._ends_ms(piece) > from_ms]

    def word_end(self, rough_ms: float) -> float:
        """When the word ended whose last frame that is speech ended at that moment."""
        run = self._run_of(rough_ms)
        if not run:
            return rough_ms
        from_ms = rough_ms - BEFORE_MS
        begins_ms, samples = self._cut((run[0][0], np.concatenate([samples for _, samples in run])), from_ms)
        last = round((rough_ms + BEHIND_MS - begins_ms) * self._per_ms)
        return begins_ms + word_end(samples[:last], self._rate, rough_ms - begins_ms)

    def _run_of(self, at_ms: float) -> list[tuple[float, Samples]]:
        """The pieces without a gap between them of which one ends at that moment, or goes on over it."""
        run: list[tuple[float, Samples]] = []
        for piece in self._pieces:
            if run and piece[0] - self._ends_ms(run[-1]) > _NEAR_MS:
                if self._ends_ms(run[-1]) > at_ms - _NEAR_MS:
                    break
                run = []
            run.append(piece)
        return run if run and run[0][0] < at_ms else []

    def _cut(self, piece: tuple[float, Samples], from_ms: float) -> tuple[float, Samples]:
        """What of it is not before then; it keeps no more in memory."""
        begins_ms, samples = piece
        over = max(round((from_ms - begins_ms) * self._per_ms), 0)
        return begins_ms + over / self._per_ms, samples[over:].copy()

    def _ends_ms(self, piece: tuple[float, Samples]) -> float:
        return piece[0] + len(piece[1]) / self._per_ms


def word_end(samples: Samples, rate: int, rough_ms: float) -> float:
    """Within `samples`, as `rough_ms` is, by which it is roughly known; in milliseconds from their beginning."""
    if len(samples) < (rough_ms + _LATEST_MS + _WINDOW_MS + _LEAST_FRAMES * _STEP_MS) * rate / 1000:
        return rough_ms
    powers = _powers(samples, rate)
    middles_ms = np.arange(len(powers)) * _STEP_MS + _WINDOW_MS / 2
    may_be = middles_ms < rough_ms + _LATEST_MS
    noise = _noise(powers[~may_be])
    sound_of, last = middles_ms < rough_ms, 0
    for _ in range(2):
        sound = np.maximum(powers[sound_of].mean(axis=0) - 1.5 * noise, 0) if sound_of.any() else np.zeros_like(noise)
        if not sound.any():
            return rough_ms
        weights = sound / (noise + sound)
        likeness = (powers * (weights / noise)).sum(axis=1) / weights.sum()
        evidence = np.log(np.clip(likeness, 0.5, 1e4)) - _ABOVE
        last = int(np.argmax(np.cumsum(np.where(may_be, evidence, -1))))
        found_ms = float(middles_ms[last])
        sound_of = (middles_ms <= found_ms) & (middles_ms > found_ms - _LAST_SOUND_MS)
    behind = int(may_be.sum())
    if steps := _consonant(powers[last + 1 : behind] / noise, len(powers) - behind):
        return found_ms + steps * _STEP_MS + _CONSONANT_ENDS_LATER_MS
    spoken = powers[: last + 1].sum(axis=1).mean() / noise.sum()
    return found_ms + float(np.interp(10 * np.log10(max(spoken - 1, 1e-3)), _ABOVE_NOISE_DB, _ENDS_LATER_MS))


def _consonant(above: Floats, noise_steps: int) -> int:
    """How many steps behind the sound before it ends, in powers relative to a noise that is known from so many steps; 0: there is none.

    Each stretch may be one: that is taken of which it is least probable that noise alone is so loud, in any of the bands."""
    begins, ends = _stretches(len(above))
    if not len(begins):
        return 0
    steps = (ends - begins)[:, np.newaxis]
    bands = np.add.reduceat(above, _CONSONANT_FROM, axis=1, dtype=np.float64)[:, ::-1].cumsum(axis=1)
    sums = np.concatenate([np.zeros((1, len(_BANDS_BINS))), bands.cumsum(axis=0)])
    louder = np.maximum((sums.take(ends, axis=0) - sums.take(begins, axis=0)) / (steps * _BANDS_BINS), 1)
    known_from = _BINS_THAT_TELL * _BANDS_BINS * steps * noise_steps / (steps + noise_steps)
    evidence = (known_from * (louder - 1 - np.log(louder))).max(axis=1)
    best = int(evidence.argmax())
    return int(ends[best]) if evidence[best] > _IS_HEARD else 0


@cache
def _stretches(length: int) -> tuple[Places, Places]:
    """Where each begins and ends that a consonant may be, within so many steps."""
    begins, ends = np.triu_indices(length + 1, _CONSONANT_STEPS[0])
    short = ends - begins <= _CONSONANT_STEPS[1]
    return begins[short], ends[short]


def _powers(samples: Samples, rate: int) -> Floats:
    """A row for each 8 ms: the power of 16 ms, by bins of 62.5 Hz."""
    size, step = rate * _WINDOW_MS // 1000, rate * _STEP_MS // 1000
    windows = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32), size)[::step]
    # `forward`, as in the detector: a fifth of the time.
    spectrum = np.fft.rfft(windows * _window(size), axis=1, norm="forward")[:, _FIRST_BIN:_LAST_BIN]
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


@cache
def _window(size: int) -> Floats:
    """Times its length, by which `forward` divides."""
    return np.asarray(np.hanning(size) * 128, np.float32)


def _noise(powers: Floats) -> Floats:
    """In each bin, evened out over its neighbours: 150 ms say little of one alone."""
    mean = powers.mean(axis=0)
    evened = np.convolve(np.concatenate([mean[:1], mean[:1], mean, mean[-1:], mean[-1:]]), _EVENLY, "valid")
    return np.asarray(evened + _QUIET, np.float32)
