"""Rows of a stream's life -> the lines of its debug log: merged by time, each with an anchor, plain words and what it carried.

Owns the order of the lines, their anchors and their levels. Must not know where rows come from or how lines are drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from cdr.pure.badges import Badge, level_badge
from cdr.pure.bill_words import Charged, explained
from cdr.pure.figures import clock_ms, counted, day, moment, offset, spoken_ms
from cdr.pure.wording import ended, printed_value, used_in_words, words_of
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import Level

SHOWN_CHARACTERS = 4096
PROBLEM_LEVELS = (Level.WARNING, Level.ERROR)


# The rows ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class EventRow:
    """`source`: whose event it is, in a word or two. `number` orders events of one instant."""

    id: int
    at: datetime
    kind: str
    level: str
    details: Mapping[str, Any]
    source: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """`parameters`: what is sent, as (name, value) pairs. `due_at`: the next try of a pending callback."""

    id: int
    at: datetime
    event: str
    method: str
    url: str
    state: str
    tries: int
    parameters: Sequence[Sequence[str]]
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """`error` is "" when it was delivered; `given_up`: it was the last try, and it failed."""

    id: int
    at: datetime
    event: str
    number: int
    duration_ms: int
    address: str
    status: int | None
    error: str
    response_head: str
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """`seconds`: the stream's duration; `rate`: the price of each `interval_seconds`."""

    id: int
    at: datetime
    seconds: int
    billed_seconds: int
    rate: Decimal
    interval_seconds: int
    currency: str
    amount: Decimal
    started: bool


Row = EventRow | CallbackRow | AttemptRow | ChargeRow


# The lines -----------------------------------------------------------------------------------------------------------
class Pair(NamedTuple):
    """One `Key: value` of what a line carried."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """`new_day` is the date on the first line of each day, "" on the others; `source`: call, stream, callback or charge."""

    anchor: str
    iso: str
    clock: str
    offset: str
    level: Badge
    problem: bool
    source: str
    words: str
    pairs: tuple[Pair, ...]
    new_day: str = ""


def lines(rows: Iterable[Row], origin: datetime, *, problems_only: bool = False) -> list[Line]:
    """The lines in order of time. `origin` is the instant that the offsets count from."""
    made: list[Line] = []
    last_day = ""
    for row in sorted(rows, key=_place):
        if problems_only and level_of(row) not in PROBLEM_LEVELS:
            continue
        today = day(row.at)
        made.append(_line(row, origin, today if today != last_day else ""))
        last_day = today
    return made


def level_of(row: Row) -> str:
    """How bad a row is. A callback is as bad as its last try; events bring their own level."""
    match row:
        case EventRow():
            return row.level
        case AttemptRow():
            return (Level.ERROR if row.given_up else Level.WARNING) if row.error else Level.INFO
    return Level.INFO


def _place(row: Row) -> tuple[datetime, int, int, int]:
    """By time; of one instant: what happened, what it cost, what is owed to the customer, the tries to deliver it."""
    match row:
        case EventRow():
            return row.at, 0, row.number or 0, row.id
        case ChargeRow():
            return row.at, 1, 0, row.id
        case CallbackRow():
            return row.at, 2, 0, row.id
        case AttemptRow():
            return row.at, 3, 0, row.id


def _line(row: Row, origin: datetime, new_day: str) -> Line:
    anchor, source, words, pairs = _content(row)
    level = level_of(row)
    return Line(
        anchor=anchor,
        iso=row.at.isoformat(timespec="milliseconds"),
        clock=clock_ms(row.at),
        offset=offset(row.at, origin),
        level=level_badge(level),
        problem=level in PROBLEM_LEVELS,
        source=source,
        words=words,
        pairs=tuple(pairs),
        new_day=new_day,
    )


def _content(row: Row) -> tuple[str, str, str, list[Pair]]:
    """Anchor, source, words and pairs."""
    match row:
        case EventRow():
            details = _flat(row.details)
            return f"e{row.id}", row.source, words_of(row.kind, details), _unsaid(row.kind, details)
        case ChargeRow():
            return f"charge{row.id}", "charge", _charge_words(row), []
        case CallbackRow():
            return f"c{row.id}", "callback", _callback_words(row), parameters_as_sent(row.parameters)
        case AttemptRow():
            return f"a{row.id}", "callback", _attempt_words(row), _answer_pairs(row)


def _flat(details: object) -> dict[str, Any]:
    """An event's details with the fields of a stream's request beside them. Anything but a JSON object counts as empty."""
    if not isinstance(details, Mapping):
        return {}
    request = details.get("request")
    fields = dict(request) if isinstance(request, Mapping) else {}
    return {**fields, **{name: value for name, value in details.items() if name != "request" or not fields}}


def _unsaid(kind: str, details: Mapping[str, Any]) -> list[Pair]:
    said = used_in_words(kind)
    values = {name: printed_value(name, value) for name, value in details.items() if name not in said}
    return [Pair(name, _without_secrets(name, values[name])) for name in sorted(values) if values[name]]


def parameters_as_sent(parameters: object) -> list[Pair]:
    """A callback's parameters in the order of their names, as Plivo's debug log prints them; anything odd is left out."""
    if not isinstance(parameters, Sequence) or isinstance(parameters, str):
        return []
    pairs = [(str(pair[0]), str(pair[1])) for pair in parameters if isinstance(pair, list | tuple) and len(pair) == 2]
    return [Pair(cleaned(name, 100), _without_secrets(name, cleaned(value, SHOWN_CHARACTERS))) for name, value in sorted(pairs)]


def _without_secrets(name: str, value: str) -> str:
    """Extra headers often carry a customer's access token: their names are shown, their values are not."""
    if name.replace("_", "").lower() != "extraheaders":
        return value
    return "; ".join(f"{pair.partition('=')[0].strip()}=(hidden)" for pair in value.split(";") if pair.strip())


def _charge_words(row: ChargeRow) -> str:
    plan = (row.interval_seconds, row.rate, row.amount, row.currency)
    return f"Charged: {explained(Charged(row.seconds, row.billed_seconds, *plan, row.started))}."


def _callback_words(row: CallbackRow) -> str:
    became = {"delivered": f"delivered at try {row.tries}", "given_up": f"given up after {counted(row.tries, 'try', 'tries')}"}
    waits = f"not delivered yet; the next try is due at {moment(row.due_at)}" if row.due_at else "not delivered yet"
    return f"Status callback {row.event}, {row.method} {row.url}: {became.get(row.state, waits)}."


def _attempt_words(row: AttemptRow) -> str:
    head, took = f"{row.event}, try {row.number}", spoken_ms(row.duration_ms)
    where = f" at {row.address}" if row.address else ""
    answer = f"HTTP {row.status}" if row.status is not None else ""
    if not row.error:
        return f"{head}: delivered{where} in {took}{answer and f' ({answer})'}."
    said = "" if str(row.status or "") in row.error else f" ({answer})"
    return ended(f"{head} failed{where} after {took}: {cleaned(row.error).removesuffix('.')}{said}")


def _answer_pairs(row: AttemptRow) -> list[Pair]:
    return [Pair("Answer", answer_head(row.response_head))] if row.response_head else []


def answer_head(text: str) -> str:
    """The beginning of what a callback's receiver answered, cleaned line by line."""
    return "\n".join(cleaned(line, SHOWN_CHARACTERS) for line in text[:SHOWN_CHARACTERS].splitlines())
