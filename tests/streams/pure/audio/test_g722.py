"""G.722: frames in, frames out, in both directions, with what went before remembered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.g722 import Codec


def test_speech_band_survives_there_and_back():
    seconds = np.arange(16_000) / 16_000
    tones = 6000 * (np.sin(2 * np.pi * 440 * seconds) + np.sin(2 * np.pi * 5000 * seconds))
    wire = Codec().encode(tones.astype("<i2").tobytes())
    assert len(wire) == 8000
    heard = np.frombuffer(Codec().decode(wire), "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(heard))
    assert sorted(np.argsort(spectrum)[-2:].tolist()) == [440, 5000]


@given(st.binary(max_size=700), st.lists(st.integers(0, 700), max_size=4))
def test_decoding_does_not_depend_on_where_the_bytes_are_cut(data, cuts):
    edges = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    pieces = Codec()
    assert b"".join(pieces.decode(data[a:b]) for a, b in zip(edges, edges[1:], strict=False)) == Codec().decode(data)


@pytest.mark.parametrize(("size", "bytes_out"), [(0, 0), (1, 0), (4, 1), (7, 1), (640, 160)])
def test_encoding_takes_whole_pairs_of_samples(size, bytes_out):
    assert len(Codec().encode(bytes(size))) == bytes_out
