"""G.711 as tables: mu-law and A-law, byte to 16-bit sample and back, exact to the ITU's rounding.

Owns the tables and how they are made. Must not know frames, rates or streams."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Bytes = NDArray[np.uint8]

_CODES = np.arange(256, dtype=np.int32)
# Every 16-bit sample in the order of its unsigned reading, so that a table can be indexed with `samples.view(uint16)`.
_SAMPLES = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
_MULAW_SEGMENT_ENDS = np.array([0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF])
_ALAW_SEGMENT_ENDS = np.array([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF])
_MULAW_BIAS = 33  # in 14-bit steps
_MULAW_CLIP = 8159


def _mulaw_samples() -> Samples:
    code = ~_CODES & 0xFF
    magnitude = (((code & 0x0F) << 3) + (_MULAW_BIAS << 2)) << ((code & 0x70) >> 4)
    magnitude -= _MULAW_BIAS << 2
    return np.asarray(np.where(code & 0x80, -magnitude, magnitude), np.int16)


def _alaw_samples() -> Samples:
    code = _CODES ^ 0x55
    segment = (code & 0x70) >> 4
    step = ((code & 0x0F) << 4) + np.where(segment == 0, 8, 0x108)
    magnitude = step << np.maximum(segment - 1, 0)
    return np.asarray(np.where(code & 0x80, magnitude, -magnitude), np.int16)


def _mulaw_codes() -> Bytes:
    """From 14 bits of magnitude: 3 bits of segment, 4 of step, all inverted."""
    linear = _SAMPLES >> 2
    magnitude = np.minimum(np.abs(linear), _MULAW_CLIP) + _MULAW_BIAS
    segment = np.searchsorted(_MULAW_SEGMENT_ENDS, magnitude)
    code = np.where(segment >= 8, 0x7F, (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F))
    return np.asarray(code ^ np.where(linear < 0, 0x7F, 0xFF), np.uint8)


def _alaw_codes() -> Bytes:
    """From 13 bits, negative ones counted from -1: 3 bits of segment, 4 of step, every other bit inverted."""
    linear = _SAMPLES >> 3
    magnitude = np.where(linear < 0, -linear - 1, linear)
    segment = np.searchsorted(_ALAW_SEGMENT_ENDS, magnitude)
    code = (segment << 4) | ((magnitude >> np.maximum(segment, 1)) & 0x0F)
    return np.asarray(code ^ np.where(linear < 0, 0x55, 0xD5), np.uint8)


MULAW_TO_LINEAR = _mulaw_samples()
ALAW_TO_LINEAR = _alaw_samples()
LINEAR_TO_MULAW = _mulaw_codes()
LINEAR_TO_ALAW = _alaw_codes()
