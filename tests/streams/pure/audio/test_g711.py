"""The G.711 tables against the standard library's audioop (gone in Python 3.13), for every byte and every sample."""

import warnings

import numpy as np
import pytest

from streams.pure.audio.g711 import ALAW_TO_LINEAR, LINEAR_TO_ALAW, LINEAR_TO_MULAW, MULAW_TO_LINEAR

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    audioop = pytest.importorskip("audioop", reason="G.711 beside audioop, which Python has no longer since 3.13")

BYTES = bytes(range(256))
SAMPLES = np.arange(-32_768, 32_768).astype("<i2")


def test_mulaw_bytes():
    assert MULAW_TO_LINEAR.astype("<i2").tobytes() == audioop.ulaw2lin(BYTES, 2)


def test_alaw_bytes():
    assert ALAW_TO_LINEAR.astype("<i2").tobytes() == audioop.alaw2lin(BYTES, 2)


def test_mulaw_samples():
    assert LINEAR_TO_MULAW[SAMPLES.view(np.uint16)].tobytes() == audioop.lin2ulaw(SAMPLES.tobytes(), 2)


def test_alaw_samples():
    assert LINEAR_TO_ALAW[SAMPLES.view(np.uint16)].tobytes() == audioop.lin2alaw(SAMPLES.tobytes(), 2)
