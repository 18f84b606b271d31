"""G.722 (64 kbit/s) to and from 16-bit samples at 16 kHz. Both directions remember what went before, so a call has one Codec.

Owns the bytes around the C library. Must not know frames or dialects."""

import numpy as np
from G722 import G722

BITS_PER_SECOND = 64_000
RATE = 16_000


class Codec:
    """One byte of G.722 is two samples."""

    def __init__(self) -> None:
        self._decoder = G722(RATE, BITS_PER_SECOND)
        self._encoder = G722(RATE, BITS_PER_SECOND)

    def decode(self, data: bytes) -> bytes:
        """L16, little-endian."""
        return np.asarray(self._decoder.decode(data), np.int16).astype("<i2", copy=False).tobytes()

    def encode(self, l16: bytes) -> bytes:
        """An odd last sample is left out."""
        samples = np.frombuffer(l16, "<i2", count=len(l16) // 4 * 2)
        return bytes(self._encoder.encode(samples.astype(np.int16, copy=False)))
