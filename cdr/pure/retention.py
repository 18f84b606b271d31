"""What is removed of a call once it is old enough, and what stays: numbers that cannot be had back, facts that a sentence needs.

Owns those rules and their words. Must not know rows, or when it is time. Money, times, states and reasons of a call are never touched."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from cdr.pure.figures import day
from cdr.pure.log.wording import used_in_words
from cdr.pure.masking import SHOWN_DIGITS, masking, partly
from streams.pure.lifecycle import EventKind

DAYS_MOST = 36_500


class Kind(StrEnum):
    """What can be removed, each after a time of its own."""

    NUMBERS = "numbers"
    PAYLOADS = "payloads"
    EVENTS = "events"


WORDS = {
    Kind.NUMBERS: "phone numbers",
    Kind.PAYLOADS: "payloads (digits, messages, extra headers, parameters and answers of callbacks)",
    Kind.EVENTS: "events of the debug log",
}
LEFT_DIGITS, LONG_NUMBER = 2, 7
"""The last digits that stay of a number of at least LONG_NUMBER digits, and one fewer of a shorter one: enough to tell two calls of one
evening apart, not to call anybody."""

PERSONAL: dict[str, set[str]] = {
    EventKind.CALL_DTMF: {"digit"},
    EventKind.DTMF_FORWARDED: {"digit"},
    EventKind.CALL_DTMF_SENT: {"digits"},
    EventKind.CHECKPOINT_PLAYED: {"name"},
    EventKind.CHECKPOINT_UNCONFIRMED: {"name"},
}
"""Details that a sentence has when they are there, and does without."""
ASKED_BY_PAGES = {"words", "upgrade_ms"}


def wiped(number: str) -> str:
    """`+•••••••••23` of +14155550123; of a name or an address only that there was one: `•••`, `sip:•••@pbx.example.com`. An extension
    stays, here as where numbers are masked: in a text it could not be told from any other figure."""
    return partly(number, _left)


def _left(digits: int) -> int:
    if digits <= SHOWN_DIGITS:
        return digits
    return LEFT_DIGITS if digits >= LONG_NUMBER else LEFT_DIGITS - 1


def wiping(numbers: Iterable[str]) -> Callable[[Any], Any]:
    """Wipes each of `numbers` from a JSON value, wherever it stands in a text of it."""
    hide = masking(numbers, wiped)

    def wipe(value: Any) -> Any:
        if isinstance(value, str):
            return hide(value)
        if isinstance(value, list | tuple):
            return [wipe(part) for part in value]
        if isinstance(value, Mapping):
            return {name: wipe(part) for name, part in value.items()}
        return value

    return wipe


def kept_details(kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Of an event's details those that its sentence needs; also of details inside of a detail."""
    return _kept(details, (used_in_words(kind) | ASKED_BY_PAGES) - PERSONAL.get(kind, set()))


def _kept(details: Mapping[str, Any], wanted: set[str]) -> dict[str, Any]:
    kept = {name: _kept(value, wanted) if isinstance(value, Mapping) else value for name, value in details.items()}
    return {name: value for name, value in kept.items() if value not in ({}, None) and (name in wanted or isinstance(value, dict))}


def removed_words(removed_at: Mapping[Kind, datetime | None]) -> str:
    """`Retention removed the phone numbers on 2026-11-25 and the payloads on 2026-11-26.`; "" when nothing was removed."""
    parts = [f"the {WORDS[kind]} on {day(at)}" for kind, at in removed_at.items() if at]
    if not parts:
        return ""
    return f"Retention removed {', '.join(parts[:-1]) + ' and ' if len(parts) > 1 else ''}{parts[-1]}."
