"""DTMF as sound: the sixteen keys, and the pauses that may stand between them.

Owns how digits sound. Must not know who sends them, or where to."""

from functools import lru_cache

import numpy as np

from streams.pure.audio.convert import from_linear
from streams.pure.audio.dtmf_digits import KEYPAD, PAUSES_MS, TONE_MS
from streams.pure.messages import AudioFormat

# ITU-T Q.23: a digit is one tone of its row and one of its column, in Hz.
_ROWS_HZ = (697, 770, 852, 941)
_COLUMNS_HZ = (1209, 1336, 1477, 1633)
_TONES_HZ = {
    digit: (row_hz, column_hz)
    for row_hz, line in zip(_ROWS_HZ, KEYPAD, strict=True)
    for column_hz, digit in zip(_COLUMNS_HZ, line, strict=True)
}
_TONE_AMPLITUDE = 0.45 * 32_767  # -7 dBFS each: the two together stay below full scale


def dtmf_tones(digits: str, format: AudioFormat) -> bytes:
    """`digits`, checked, as sound: 100 ms of tone and 100 ms of silence each."""
    return b"".join(_sound(digit, format) for digit in digits)


@lru_cache(256)
def _sound(digit: str, format: AudioFormat) -> bytes:
    """Kept, because a hundred digits at 48 kHz would take 40 ms each time."""
    return from_linear(np.concatenate(_waves(digit, format.rate)).astype(np.int16), format.encoding)


def _waves(digit: str, rate: int) -> list[np.typing.NDArray[np.float64]]:
    if digit in PAUSES_MS:
        return [_silence(PAUSES_MS[digit], rate)]
    seconds = np.arange(rate * TONE_MS // 1000) / rate
    row, column = (np.sin(2 * np.pi * hz * seconds) for hz in _TONES_HZ[digit])
    return [_TONE_AMPLITUDE * (row + column), _silence(TONE_MS, rate)]


def _silence(duration_ms: int, rate: int) -> np.typing.NDArray[np.float64]:
    return np.zeros(rate * duration_ms // 1000)
