"""DTMF: the sixteen keys, the pauses that may stand between them, and both as sound.

Owns which digits can be sent and how they sound. Must not know who sends them, or where to."""

import re
from functools import lru_cache

import numpy as np

from streams.pure.audio.convert import from_linear
from streams.pure.foreign_text import cleaned
from streams.pure.messages import AudioFormat

# ITU-T Q.23: a digit is one tone of its row and one of its column, in Hz.
_ROWS_HZ = (697, 770, 852, 941)
_COLUMNS_HZ = (1209, 1336, 1477, 1633)
_KEYPAD = ("123A", "456B", "789C", "*0#D")
_TONES_HZ = {
    digit: (row_hz, column_hz)
    for row_hz, line in zip(_ROWS_HZ, _KEYPAD, strict=True)
    for column_hz, digit in zip(_COLUMNS_HZ, line, strict=True)
}
_TONE_MS = 100
_TONE_AMPLITUDE = 0.45 * 32_767  # -7 dBFS each: the two together stay below full scale
PAUSES_MS = {"w": 500, "W": 1000}
"""Silence among the digits, as Plivo's voice API writes it."""
DIGITS = frozenset(_TONES_HZ)
MOST_CHARACTERS = 100
LONGEST_MS = 30_000
_LOWER_CASE = str.maketrans("abcd", "ABCD")
_NOT_TO_SEND = re.compile(r"[^0-9*#A-DwW]")


def checked_digits(text: str) -> str:
    """`text` as it can be played: digits, a to d in capitals, and pauses. Raises ValueError with a sentence, which has no digit in it."""
    digits = text.translate(_LOWER_CASE)
    if wrong := _NOT_TO_SEND.search(digits):
        where = f"digits has {cleaned(wrong[0])!r} as character {wrong.start() + 1}"
        raise ValueError(f"{where}; use 0-9, *, #, A-D, and for a pause w (0.5 s) or W (1 s).")
    if not digits_in(digits):
        raise ValueError("digits has no digit; it has to have at least one of 0-9, *, #, A-D.")
    if len(digits) > MOST_CHARACTERS:
        raise ValueError(f"digits has {len(digits)} characters; send at most {MOST_CHARACTERS} at once.")
    if duration_ms(digits) > LONGEST_MS:
        raise ValueError(f"digits lasts {duration_ms(digits) / 1000:g} s with its pauses; send at most {LONGEST_MS / 1000:g} s at once.")
    return digits


def digits_in(text: str) -> int:
    """How many digits there are among the pauses."""
    return sum(character in DIGITS for character in text)


def duration_ms(digits: str) -> int:
    return sum(PAUSES_MS.get(digit, 2 * _TONE_MS) for digit in digits)


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
    seconds = np.arange(rate * _TONE_MS // 1000) / rate
    row, column = (np.sin(2 * np.pi * hz * seconds) for hz in _TONES_HZ[digit])
    return [_TONE_AMPLITUDE * (row + column), _silence(_TONE_MS, rate)]


def _silence(duration_ms: int, rate: int) -> np.typing.NDArray[np.float64]:
    return np.zeros(rate * duration_ms // 1000)
