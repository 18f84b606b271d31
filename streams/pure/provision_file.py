"""The provisioning file: JSON with accounts, their applications, gateways and members. Its shape, and what is wrong with it, by place.

Owns the file's keys and types. Must not know rows: whether a value is allowed, or is there already, is provision's matter."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeGuard

from streams.pure.foreign_text import cleaned

TEXT, XML, MONEY, WHOLE, YES_OR_NO, LIST = "text", "text of XML", "a number such as 0.0030", "a whole number", "true or false", "a list"
PRICE_KEYS = {
    "rate": MONEY,
    "billing_interval": WHOLE,
    "currency": TEXT,
    "minimum_seconds": WHOLE,
    "free_seconds": WHOLE,
    "rate_card": TEXT,
}
RATE_KEYS = {"valid_from": TEXT, **PRICE_KEYS}
CARD_KEYS = {"name": TEXT, "rates": LIST}
ACCOUNT_KEYS = {
    "name": TEXT,
    "auth_id": TEXT,
    "auth_token": TEXT,
    **PRICE_KEYS,
    "rates": LIST,
    "time_zone": TEXT,
    "spending_warn_at": MONEY,
    "spending_stop_at": MONEY,
    "spending_currency": TEXT,
    "country": TEXT,
    "fill_silence": YES_OR_NO,
    "goodbye_seconds": WHOLE,
    "concurrent_calls_limit": WHOLE,
    "concurrent_streams_limit": WHOLE,
    "play_failed_messages": YES_OR_NO,
    "measure_turns": YES_OR_NO,
    "customers_listen": YES_OR_NO,
    "retain_recordings_days": WHOLE,
    "applications": LIST,
    "gateways": LIST,
    "members": LIST,
}
APPLICATION_KEYS = {
    "name": TEXT,
    "answer_url": TEXT,
    "answer_method": TEXT,
    "answer_xml": XML,
    "conversation_callbacks": YES_OR_NO,
    "record": TEXT,
    "record_seconds": WHOLE,
    "callers_consent": YES_OR_NO,
}
GATEWAY_KEYS = {"name": TEXT, "dialect": TEXT, "password": TEXT, "signing_token": TEXT, "application": TEXT}
MEMBER_KEYS = {"username": TEXT, "email": TEXT, "role": TEXT}
LONGEST = {TEXT: 2048, XML: 100_000}
LARGEST_EXPONENT = 20
_LAYOUT = {ord(character): None for character in "\t\r\n"}


class FileProblem(NamedTuple):
    """`place` is a path such as accounts[0].gateways[1].dialect, empty for the file as a whole; `words` say what would be right."""

    place: str
    words: str

    def __str__(self) -> str:
        return f"{self.place}: {self.words}" if self.place else self.words

    @property
    def order(self) -> list[str | int]:
        """Sorts places as a reader counts: accounts[2] before accounts[10]."""
        return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", self.place)]


@dataclass(frozen=True)
class FileEntry:
    """One application, gateway or member: its place in the file, and the values it gives by their keys there (a null is not a value)."""

    place: str
    values: dict[str, Any]


@dataclass(frozen=True)
class AccountEntry(FileEntry):
    applications: tuple[FileEntry, ...]
    gateways: tuple[FileEntry, ...]
    rates: tuple[FileEntry, ...] = ()
    members: tuple[FileEntry, ...] = ()


@dataclass(frozen=True)
class CardEntry(FileEntry):
    rates: tuple[FileEntry, ...]


class FileContent(NamedTuple):
    """What could be read of a file, and every problem of its shape."""

    accounts: list[AccountEntry]
    cards: list[CardEntry]
    problems: list[FileProblem]


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stood in it more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]


def read_file(document: bytes) -> FileContent:
    """Never raises; what has a problem is left out of the values."""
    try:
        root = json.loads(document, object_pairs_hook=_Object, **NUMBERS)
    except json.JSONDecodeError as error:
        return FileContent([], [], [FileProblem(f"line {error.lineno}, column {error.colno}", f"this is not JSON: {error.msg}.")])
    except (ValueError, RecursionError):
        return FileContent([], [], [FileProblem("", "this is not JSON in UTF-8, or it is nested too deeply.")])
    reader = _Reader()
    lists = reader.values("", root, {"accounts": LIST, "rate_cards": LIST}, required=("accounts",))
    accounts = [reader.account(place, item) for place, item in reader.objects("accounts", lists.get("accounts", []), ACCOUNT_KEYS)]
    cards = [reader.card(place, item) for place, item in reader.objects("rate_cards", lists.get("rate_cards", []), CARD_KEYS)]
    reader.no_two(cards, "name", "rate card")
    reader.no_two(accounts, "name", "account")
    reader.no_two(accounts, "auth_id", "account")
    reader.no_two([gateway for account in accounts for gateway in account.gateways], "name", "gateway")
    return FileContent(accounts, cards, reader.problems)


class _Reader:
    """Reads entry by entry; what is wrong gathers in `problems`."""

    def __init__(self) -> None:
        self.problems: list[FileProblem] = []

    def problem(self, place: str, words: str) -> None:
        self.problems.append(FileProblem(place, words))

    def account(self, place: str, item: "_Object") -> AccountEntry:
        values = self.values(place, item, ACCOUNT_KEYS, required=("name",))
        applications = self.entries(at(place, "applications"), values.pop("applications", []), APPLICATION_KEYS)
        gateways = self.entries(at(place, "gateways"), values.pop("gateways", []), GATEWAY_KEYS)
        rates = self.entries(at(place, "rates"), values.pop("rates", []), RATE_KEYS, "valid_from")
        members = self.entries(at(place, "members"), values.pop("members", []), MEMBER_KEYS, "role")
        self.no_two(applications, "name", "application of this account")
        return AccountEntry(place, values, applications, gateways, rates, members)

    def card(self, place: str, item: "_Object") -> CardEntry:
        values = self.values(place, item, CARD_KEYS, required=("name",))
        keys = {key: kind for key, kind in RATE_KEYS.items() if key != "rate_card"}
        return CardEntry(place, values, self.entries(at(place, "rates"), values.pop("rates", []), keys, "valid_from"))

    def entries(self, place: str, items: list[object], keys: dict[str, str], named_by: str = "name") -> tuple[FileEntry, ...]:
        objects = self.objects(place, items, keys)
        return tuple(FileEntry(where, self.values(where, item, keys, required=(named_by,))) for where, item in objects)

    def objects(self, place: str, items: list[object], keys: dict[str, str]) -> list[tuple[str, "_Object"]]:
        """The places and objects of a list; what is no object is a problem."""
        return [(f"{place}[{number}]", item) for number, item in enumerate(items) if self.is_object(item, f"{place}[{number}]", keys)]

    def is_object(self, item: object, place: str, keys: dict[str, str]) -> TypeGuard["_Object"]:
        if not isinstance(item, _Object):
            self.problem(place, f"has to be an object with {', '.join(keys)}, not {named(item)}.")
        return isinstance(item, _Object)

    def values(self, place: str, item: object, keys: dict[str, str], required: tuple[str, ...] = ()) -> dict[str, Any]:
        """What `item` gives for `keys`, each of its type."""
        if not self.is_object(item, place, keys):
            return {}
        for key in item.repeated:
            self.problem(at(place, key), "stands twice in one object.")
        for key in item.keys() - keys.keys():
            self.problem(at(place, key), f"is no key of this place.{meant(key, keys)} Known are {', '.join(keys)}.")
        for key in required:
            if item.get(key) is None:
                self.problem(at(place, key), "is missing.")
        given = {key: item[key] for key in keys if item.get(key) is not None}
        found = {key: self.value(at(place, key), value, keys[key]) for key, value in given.items()}
        return {key: value for key, value in found.items() if value is not None}

    def value(self, place: str, value: object, kind: str) -> object:
        """`value` as `kind`, or None and a problem."""
        if kind == LIST and isinstance(value, list):
            return value
        if kind == YES_OR_NO and isinstance(value, bool):
            return value
        if kind in (TEXT, XML) and isinstance(value, str):
            return self.text(place, value, kind)
        if kind == WHOLE and not isinstance(value, str) and (number := decimal(value)) is not None and number == int(number):
            return int(number)
        if kind == MONEY and (amount := decimal(value)) is not None:
            return amount
        self.problem(place, f"has to be {kind}, not {named(value)}.")
        return None

    def text(self, place: str, value: str, kind: str) -> str | None:
        # Line breaks belong in XML; there the parser judges the rest.
        visible = value.translate(_LAYOUT) if kind == XML else value
        if cleaned(visible, LONGEST[kind]) == visible:
            return value
        self.problem(place, f"holds characters that cannot be shown, or more than {LONGEST[kind]} of them.")
        return None

    def no_two(self, entries: "Sequence[FileEntry]", key: str, what: str) -> None:
        seen: dict[object, str] = {}
        for entry in entries:
            value = entry.values.get(key)
            if value is not None and value in seen:
                self.problem(at(entry.place, key), f"{str(value)!r} is another {what} already, at {seen[value]}.")
            seen.setdefault(value, entry.place)


def at(place: str, key: str) -> str:
    shown = cleaned(key, 60)
    return f"{place}.{shown}" if place else shown


def meant(key: str, known: "dict[str, str] | list[str]") -> str:
    """The beginning of a helpful sentence when `key` looks like one of `known`, else nothing."""
    close = get_close_matches(key.lower(), known, 1)
    return f" Did you mean {close[0]}?" if close else ""


def decimal(value: object) -> Decimal | None:
    """A finite Decimal of a JSON number, or of the text of one; none of an absurd magnitude, which would cost minutes to write out."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount.adjusted()) <= LARGEST_EXPONENT else None


def _decimal_number(word: str) -> Decimal | str:
    """One whose exponent Python cannot hold stays a text, which is refused where it stands."""
    try:
        return Decimal(word)
    except InvalidOperation:
        return word


def _whole_number(word: str) -> int | str:
    """As above, of more digits than Python reads."""
    try:
        return int(word)
    except ValueError:
        return word


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


NUMBERS: dict[str, Any] = {"parse_float": _decimal_number, "parse_int": _whole_number, "parse_constant": _no_json}


def named(value: object) -> str:
    """What a JSON value is, for a sentence."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f"the text {cleaned(value, 40)!r}"
        case _:
            return f"the number {cleaned(value, 40)}"
