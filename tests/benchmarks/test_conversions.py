"""What is compared does the same: where the rate stays, to the byte; where it changes, as much audio of the same kind."""

from itertools import permutations

import numpy as np
import pytest

from streams.pure.audio.convert import Converter, to_linear
from streams.pure.messages import AudioFormat
from tests.benchmarks import conversions
from tests.benchmarks.conversions import AUDIOOP, FORMATS, OURS, SOXR, Convert, best_us, spoken, ways

PAIRS = list(permutations(FORMATS, 2))


@pytest.mark.skipif(conversions.audioop is None, reason="conversions beside audioop, which Python has no longer since 3.13")
@pytest.mark.parametrize(("source", "target"), PAIRS, ids=str)
def test_each_way_brings_the_same(source: AudioFormat, target: AudioFormat) -> None:
    audio = spoken(source)[:50]
    came = {name: heard(convert, audio) for name, convert in ways(source, target).items()}
    if source.rate == target.rate:
        assert came[AUDIOOP] == came[OURS] and SOXR not in came
    else:
        ours, by_soxr = (to_linear(came[name], target).astype(float) for name in (OURS, SOXR))
        assert len(by_soxr) - target.rate // 50 < len(ours) <= len(by_soxr), "ours gives whole frames only"
        assert np.allclose(ours, by_soxr[: len(ours)], rtol=0.07, atol=16), "but for dither: the same engine"
        assert len(came[AUDIOOP]) == pytest.approx(len(came[SOXR]), rel=0.05)


def heard(convert: Convert, audio: list[bytes]) -> bytes:
    pieces = [convert(frame) for frame in audio]
    return b"".join(b"".join(piece) if isinstance(piece, list) else piece for piece in pieces)  # type: ignore[misc]


def test_the_best_turn_counts() -> None:
    best = best_us({OURS: Converter(FORMATS[0], FORMATS[3]).convert, "nothing": len}, spoken(FORMATS[0])[:20], turns=3)
    assert 0 < best["nothing"] < best[OURS]
