"""How a search was read, in a sentence: what stands above a list that was searched, and above all where nothing matches.

Owns the wording. Must not know rows."""

from collections.abc import Iterable
from typing import NamedTuple

from cdr.pure.lookup import NumbersSought, ServiceHost
from cdr.pure.said_time import SaidTime
from streams.pure.foreign_text import cleaned

MOST_FORMS = 3


class SearchReading(NamedTuple):
    """`uuids`: those that begin with the text are looked for. `kind`, `names`: of whose calls, when the text is a name of theirs."""

    text: str
    numbers: NumbersSought = NumbersSought()
    uuids: bool = False
    host: ServiceHost | None = None
    whole_host: bool = False
    kind: str = ""
    names: tuple[str, ...] = ()
    said: SaidTime | None = None


def how_searched(reading: SearchReading, *, whole_numbers: bool) -> str:
    """`whole_numbers`: the reader may see them, so that parts of them are looked for."""
    what = _what(reading, whole_numbers) if reading.text else []
    when = [_when(reading.said)] if reading.said else []
    return f"Looked for: {'; '.join([*what, *when])}." if what or when else ""


def _what(reading: SearchReading, whole_numbers: bool) -> list[str]:
    if reading.names:
        return [f"what belongs to the {reading.kind}{'s' if len(reading.names) > 1 else ''} {_listed(reading.names)}"]
    if reading.host:
        port = f" and port {reading.host.port}" if reading.host.port else ""
        return [f"streams to {'the host' if reading.whole_host else 'hosts that begin with'} {reading.host.name}{port}"]
    text = f"“{cleaned(reading.text, 60)}”"
    found = [f"UUIDs that begin with {text}"] if reading.uuids else []
    return found + (_numbers(reading.numbers) if whole_numbers else _hidden_numbers(reading.numbers, text))


def _numbers(numbers: NumbersSought) -> list[str]:
    found = [f"numbers, names and addresses that begin with {_listed(numbers.begins)}"] if numbers.begins else []
    if numbers.ends:
        found.append(f"numbers that end with {_listed(end[::-1] for end in numbers.ends)}")
    return found


def _hidden_numbers(numbers: NumbersSought, text: str) -> list[str]:
    """Who may not see numbers finds none by a part that is hidden."""
    ends = " or a number's last four digits" if numbers.ends else ""
    return [f"{text} as a whole number, name or address{ends}"] if any(numbers) else []


def _listed(forms: Iterable[str]) -> str:
    shown = [cleaned(form, 60) for form in forms]
    more = f" and {len(shown) - MOST_FORMS} more" if len(shown) > MOST_FORMS else ""
    return " or ".join(shown[:MOST_FORMS]) + more


def _when(said: SaidTime) -> str:
    zone = said.start.strftime("%Z")
    if said.at is None:
        return f"begun on {said.start:%Y-%m-%d} ({zone})"
    return f"begun from {said.start:%H:%M} to {said.end:%H:%M} {zone} on {said.at:%Y-%m-%d}, or going on at {said.at:%H:%M}"
