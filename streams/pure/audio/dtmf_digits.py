"""DTMF as text: the sixteen keys, and the pauses that may stand between them.

Owns which digits can be sent. Must not know how they sound, who sends them, or where to."""

import re

from streams.pure.foreign_text import cleaned

KEYPAD = ("123A", "456B", "789C", "*0#D")
TONE_MS = 100
"""Of a digit; as much silence comes after it."""
PAUSES_MS = {"w": 500, "W": 1000}
"""Silence among the digits, as Plivo's voice API writes it."""
DIGITS = frozenset("".join(KEYPAD))
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
    return sum(PAUSES_MS.get(digit, 2 * TONE_MS) for digit in digits)
