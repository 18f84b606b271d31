"""What a search text may mean: the uuid it is, or begins, and the forms in which a number could have been stored.

Owns those readings, as ranges that an index can serve. Must not know tables."""

import re
from typing import NamedTuple
from uuid import UUID

WHOLE_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
BEGINNING = re.compile(r"[0-9a-f-]+", re.IGNORECASE)
NUMBER = re.compile(r"(?:sips?:|tel:)?[+( ]*[0-9][0-9 ().+/-]*", re.IGNORECASE)


class UuidRange(NamedTuple):
    """Every uuid from `low` to `high`, both included."""

    low: UUID
    high: UUID


class TextRange(NamedTuple):
    """Every text from `low` on that sorts before `high`."""

    low: str
    high: str


def uuid_range(text: str) -> UuidRange | None:
    """The uuids that the text names: a whole one anywhere in it, or the beginning of one, hyphens or not. Four digits are the
    least, eight when none of them is a letter: those rather begin a phone number."""
    text = text.strip().strip("\"'")
    if whole := WHOLE_UUID.search(text):
        return UuidRange(UUID(whole[0]), UUID(whole[0]))
    digits = text.replace("-", "").lower()
    if not BEGINNING.fullmatch(text) or not (8 if digits.isdigit() else 4) <= len(digits) < 32:
        return None
    return UuidRange(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))


def number_ranges(text: str) -> list[TextRange]:
    """The stored forms of a number, or of its beginning, written in any way: `+1 415-555 0100`, `(415) 555`, `0014155550100`.
    Empty when the text is no number of at least three digits."""
    text = text.strip()
    digits = re.sub(r"\D", "", text)
    if not NUMBER.fullmatch(text) or not 3 <= len(digits) <= 20:
        return []
    return [_beginning_with(mark + form) for form in _forms(digits, text) for mark in ("", "+", "sip:", "sip:+", "tel:+")]


def _forms(digits: str, text: str) -> list[str]:
    """The digits as dialled, without an international prefix, and, for a North American number, with its country code."""
    if digits.startswith("00") and len(digits) > 4:
        return [digits, digits[2:]]
    if digits.startswith("011") and len(digits) > 7:
        return [digits, digits[3:]]
    national = "+" not in text and digits[0] in "23456789" and len(digits) <= 10
    return [digits, "1" + digits] if national else [digits]


def _beginning_with(prefix: str) -> TextRange:
    """`prefix` ends in a digit, and in every collation a letter sorts after the digits and marks that may follow it."""
    return TextRange(prefix, prefix + "a")
