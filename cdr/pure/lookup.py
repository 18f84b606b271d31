"""What a search text may mean: the uuid it is, or begins, the keys of the numbers, names and addresses it may be, a host.

Owns those readings, as ranges and beginnings that an index can serve. Must not know tables, or how a key is made."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import phonenumbers

from cdr.pure.said_time import NotATime, split_time
from streams.pure.customer.host_name import folded_host
from streams.pure.number_key import HIDDEN, LONG_NUMBER, Written, international, read_number, trunk_prefix, valid

WHOLE_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
BEGINNING = re.compile(r"[0-9a-f-]+", re.IGNORECASE)
HOST = re.compile(r"(?P<scheme>wss?://)?(?P<name>[\w-][\w.-]*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:[/?].*)?", re.IGNORECASE)
ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
NUMBER = re.compile(r"(?:sips?:|tel:)?[+( ]*[0-9][0-9 ().+/-]*", re.IGNORECASE)
SPACED_DIGITS = re.compile(r"[0-9](?:[ ().+/-]{0,3}[0-9]){4}")
LONGEST_URL = 2048
LAST_DIGITS = 4
"""What everybody sees of a number, and the fewest digits that are looked for at its end."""
NATIONAL_DIGITS = 6
"""The fewest digits behind a trunk 0 that are looked for at a number's end."""
CALLING_CODES = tuple(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


class UuidRange(NamedTuple):
    """Every uuid from `low` to `high`, both included."""

    low: UUID
    high: UUID


class NumbersSought(NamedTuple):
    """Keys by which calls are found: what they begin with, whole ones, and what their digits end with, from the last to the first."""

    begins: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


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


def has_number(text: str) -> bool:
    """Whether more digits than everybody sees of a number stand together in it, however they are spaced."""
    return bool(SPACED_DIGITS.search(text))


def names_a_caller(text: str) -> bool:
    """Whether a search text may be somebody's number, name or address: anything but a uuid and a host."""
    text = text.strip()
    if not text or WHOLE_UUID.fullmatch(text):
        return False
    host = HOST.fullmatch(text)
    return has_number(text) or host is None or "." not in host["name"]


def numbers_begun(text: str, countries: Collection[str]) -> NumbersSought:
    """A number or its beginning, a name or an address. `countries`: of the accounts, "" for those that have none."""
    said = read_number(text)
    if not said.number:
        return NumbersSought(begins=_few([said.name]))
    if said.host and len(said.digits) < LONG_NUMBER:
        return NumbersSought(begins=(f"{said.digits}@{said.host}",), whole=(said.digits,))
    known = _international(said, countries)
    unread = said.digits.startswith("0") and "" in countries and not known
    core = said.digits.removeprefix("0")
    ends = (core,) if unread and len(core) >= NATIONAL_DIGITS else ()
    return NumbersSought(_few([*_beginnings(said, countries), *known]), _few(_nationally(known)), _reversed(ends))


def numbers_sought(text: str, countries: Collection[str]) -> NumbersSought:
    """As generously as somebody who looks for a call wants it: also by what a number ends with."""
    if HIDDEN in text:
        return NumbersSought(ends=_reversed(_few([re.sub(r"\D", "", text.rpartition(HIDDEN)[2])])))
    found, said = numbers_begun(text, countries), read_number(text)
    if not said.number or said.host:
        return found
    digits = said.digits
    guessed = ("+1" + digits, "1" + digits) if "" in countries and _north_american(said) else ()
    fewest = LONG_NUMBER if said.number.startswith("+") else LAST_DIGITS
    ends = (digits,) if len(digits) >= fewest else ()
    return NumbersSought(_few([*found.begins, *guessed]), found.whole, _few([*found.ends, *_reversed(ends)]))


def whole_numbers(text: str, countries: Collection[str]) -> NumbersSought:
    """For eyes that may not see numbers: whole ones, names and addresses, or the last four digits, which they see. Never a part of what is
    hidden, of which they could find the rest digit by digit."""
    said, shown = read_number(text), re.sub(r"\D", "", text.rpartition(HIDDEN)[2])
    if HIDDEN in text:
        return NumbersSought(ends=_reversed((shown,) if len(shown) == LAST_DIGITS else ()))
    if not said.number:
        return NumbersSought(whole=_few([said.name]))
    digits = said.digits
    if len(digits) < LONG_NUMBER:
        at_host = (f"{digits}@{said.host}",) if said.host else ()
        ends = _reversed((digits,) if len(digits) == LAST_DIGITS and not said.host else ())
        return NumbersSought(() if said.host else (f"{digits}@",), (digits, f"+{digits}", *at_host), ends)
    known = _international(said, countries)
    anywhere = [f"+{code}{digits.removeprefix('0')}" for code in CALLING_CODES] if _any_country(said, countries) else []
    return NumbersSought(whole=_few([digits, f"+{digits}", *known, *_nationally(known), *anywhere]))


def service_host(text: str) -> ServiceHost | None:
    """`bot.example.com`, `bot.example.com:8443`, `wss://bot.example.com/in` and their beginnings; None for a text that names no host."""
    found = HOST.fullmatch(text.strip())
    if found is None or (NUMBER.fullmatch(found["name"]) and not ADDRESS.fullmatch(found["name"])):
        return None
    host = ServiceHost(folded_host(found["name"]), found["port"] or "")
    named = found["scheme"] or host.port or "." in found["name"] or ":" in host.name or host.name == "localhost"
    return host if named else None


def name_sought(search: str, now: datetime) -> str:
    """What may be a name in a search: not its time, and nothing without a letter."""
    try:
        text, _ = split_time(search, now)
    except NotATime:
        return ""
    return text if len(text) > 1 and any(map(str.isalpha, text)) else ""


def host_named(text: str) -> ServiceHost:
    """The same of a text that is nothing but a host, or a URL: `bot`, `[2001:db8::1]:8443`, `https://hooks.example.com/status`."""
    authority = re.split(r"[/?#]", text.strip()[:LONGEST_URL].split("://", 1)[-1], maxsplit=1)[0]
    if authority.startswith("["):
        name, _, port = authority.removeprefix("[").partition("]")
    elif authority.count(":") > 1:
        name, port = authority, ""
    else:
        name, _, port = authority.partition(":")
    port = port.removeprefix(":")
    return ServiceHost(folded_host(name), port if port.isascii() and port.isdigit() and len(port) <= 5 else "")


def _international(said: Written, countries: Collection[str]) -> tuple[str, ...]:
    """The whole number that it is, as the country of each account reads it."""
    return _few(international(said.number, country) for country in {"", *countries})


def _nationally(known: Iterable[str]) -> list[str]:
    """As it was kept where no country was known."""
    found = []
    for number in filter(valid, known):
        parsed = phonenumbers.parse(number)
        own = phonenumbers.national_significant_number(parsed)
        trunk = trunk_prefix(phonenumbers.region_code_for_number(parsed) or "")
        found += [number.removeprefix("+"), own, f"{trunk}{own}"]
    return found


def _beginnings(said: Written, countries: Collection[str]) -> list[str]:
    digits = said.digits
    if said.number.startswith("+"):
        return [said.number, digits]
    dialled = [digits[len(prefix) :] for prefix, least in (("00", 5), ("011", 8)) if digits.startswith(prefix) and len(digits) >= least]
    found = [digits, *dialled, *(f"+{form}" for form in (digits, *dialled) if form[0] != "0")]
    return found if digits.startswith("00") else [*found, *(_abroad(digits, country) for country in countries if country)]


def _abroad(digits: str, country: str) -> str:
    """The beginning of a national number, as it begins with the country's code."""
    return f"+{phonenumbers.country_code_for_region(country)}{digits.removeprefix(trunk_prefix(country))}"


def _north_american(said: Written) -> bool:
    return not said.number.startswith("+") and said.digits[0] in "23456789" and len(said.digits) <= 10


def _any_country(said: Written, countries: Collection[str]) -> bool:
    """Whether it is a national number of which nobody says where."""
    return "" in countries and not said.number.startswith(("+", "00")) and len(said.digits) >= LONG_NUMBER


def _reversed(numbers: Iterable[str]) -> tuple[str, ...]:
    return tuple(digits[::-1] for digits in numbers)


def _few(keys: Iterable[str]) -> tuple[str, ...]:
    """Each once, and none that is empty."""
    return tuple(dict.fromkeys(filter(None, keys)))
