"""What a search text may mean: the uuid it is, or begins, the forms in which a number could have been stored, a SIP address, a host.

Owns those readings, as ranges and beginnings that an index can serve. Must not know tables."""

import re
from typing import NamedTuple
from uuid import UUID

WHOLE_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
BEGINNING = re.compile(r"[0-9a-f-]+", re.IGNORECASE)
HOST = re.compile(r"(?P<scheme>wss?://)?(?P<name>[a-z0-9_-][a-z0-9._-]*)(?::(?P<port>[0-9]{1,5}))?(?:[/?].*)?", re.IGNORECASE)
ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
NUMBER = re.compile(r"(?:sips?:|tel:)?[+( ]*[0-9][0-9 ().+/-]*", re.IGNORECASE)


class UuidRange(NamedTuple):
    """Every uuid from `low` to `high`, both included."""

    low: UUID
    high: UUID


class ServiceHost(NamedTuple):
    """`name`: a host, or what it begins with, in small letters. `port`: as typed, or ""."""

    name: str
    port: str


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


def number_beginnings(text: str) -> list[str]:
    """The stored forms of a number, or of its beginning, written in any way: `+1 415-555 0100`, `(415) 555`, `0014155550100`.
    Empty when the text is no number of at least three digits."""
    text = text.strip()
    digits = re.sub(r"\D", "", text)
    if not NUMBER.fullmatch(text) or not 3 <= len(digits) <= 20:
        return []
    return [mark + form for form in _forms(digits, text) for mark in ("", "+", "sip:", "sip:+", "tel:+")]


def sip_beginnings(text: str) -> list[str]:
    """What a SIP address begins with, with and without its scheme, as it was typed and in small letters."""
    address = text.strip().removeprefix("sip:").removeprefix("sips:")
    words = dict.fromkeys((address, address.lower())) if address else {}
    return [scheme + word for word in words for scheme in ("", "sip:", "sips:")]


def service_host(text: str) -> ServiceHost | None:
    """`bot.example.com`, `bot.example.com:8443`, `wss://bot.example.com/in` and their beginnings; None for a text that names no host."""
    found = HOST.fullmatch(text.strip())
    if found is None or (NUMBER.fullmatch(found["name"]) and not ADDRESS.fullmatch(found["name"])):
        return None
    host = ServiceHost(found["name"].lower(), found["port"] or "")
    return host if found["scheme"] or host.port or "." in host.name or host.name == "localhost" else None


def _forms(digits: str, text: str) -> list[str]:
    """The digits as dialled, without an international prefix, and, for a North American number, with its country code."""
    if digits.startswith("00") and len(digits) > 4:
        return [digits, digits[2:]]
    if digits.startswith("011") and len(digits) > 7:
        return [digits, digits[3:]]
    national = "+" not in text and digits[0] in "23456789" and len(digits) <= 10
    return [digits, "1" + digits] if national else [digits]
