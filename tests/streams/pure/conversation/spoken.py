"""Conversations of which it is known who spoke when: sentences with gaps between them, noise added, the bot's answers in between.

`sentences.ulaw` was made with espeak-ng 1.51 (voices en-us+m3, en-gb+f2, en-gb+f4, 165 words a minute): each sentence begins and ends
where it is 30 dB below its own level, all have one level, in G.711 mu-law at 8 kHz with half a second of silence behind each. The
sentences are the project's own, and so is what was spoken of them: espeak-ng's licence does not cover its output."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from streams.pure.audio.convert import to_linear
from streams.pure.messages import AudioFormat, Encoding

MULAW = AudioFormat(Encoding.MULAW, 8000)
L16 = AudioFormat(Encoding.L16, 8000)
WIDE = AudioFormat(Encoding.L16, 16_000)
LEVEL = 2500.0
"""The root mean square of a sentence."""

Samples = npt.NDArray[np.int16]


@cache
def sentences(rate: int = 8000) -> list[Samples]:
    audio = Path(__file__).with_name("sentences.ulaw").read_bytes()
    spoken = [to_linear(sentence, MULAW) for sentence in re.split(b"\xff{3000,}", audio) if sentence]
    return [soxr.resample(one, 8000, rate) for one in spoken] if rate != 8000 else spoken


@dataclass(frozen=True)
class Spoken:
    """A caller's track, and when each sentence in it begins and ends, in ms."""

    samples: Samples
    said: list[tuple[float, float]]
    rate: int = 8000


def spoken(
    count: int,
    *,
    noise_db: float | None = None,
    seed: int = 1,
    rate: int = 8000,
    pink: bool = False,
    gaps: tuple[float, float] = (600, 3000),
) -> Spoken:
    """So many sentences with gaps between them, in noise that is `noise_db` below them."""
    drawn, known = np.random.default_rng(seed), sentences(rate)
    pieces: list[npt.NDArray[np.float64]] = []
    said: list[tuple[float, float]] = []
    at = 0
    for number in range(count):
        gap = int(drawn.uniform(*gaps) * rate / 1000)
        sentence = known[number % len(known)]
        pieces += [np.zeros(gap), sentence.astype(float)]
        said.append(((at + gap) * 1000 / rate, (at + gap + len(sentence)) * 1000 / rate))
        at += gap + len(sentence)
    track = np.concatenate([*pieces, np.zeros(2 * rate)])
    if noise_db is not None:
        track += _noise(len(track), rate, drawn, pink) * LEVEL * 10 ** (-noise_db / 20)
    return Spoken(np.clip(track, -32768, 32767).astype(np.int16), said, rate)


def _noise(samples: int, rate: int, drawn: np.random.Generator, pink: bool) -> npt.NDArray[np.float64]:
    noise = drawn.standard_normal(samples)
    if pink:
        size = 1 << samples.bit_length()  # of a length that has large factors it takes ten times as long
        spectrum, hz = np.fft.rfft(noise, size), np.fft.rfftfreq(size, 1 / rate)
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 20)), size)[:samples]
    scaled: npt.NDArray[np.float64] = noise / noise.std()
    return scaled


def frames(audio: bytes, size: int) -> Iterator[bytes]:
    return (audio[start : start + size] for start in range(0, len(audio), size))
