"""Rows of a stream's life -> the lines of its debug log: merged by time, each with an anchor, plain words and what it carried.

Owns the order of the lines and their levels. Must not know where rows come from or how lines are drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from cdr.pure.badges import Badge, level_badge
from cdr.pure.bill_words import Charged, explained
from cdr.pure.figures import clock_ms, counted, day, moment, offset, offset_ms, spoken_ms
from cdr.pure.log.rows import (
    PROBLEM_LEVELS,
    AttemptRow,
    CallbackRow,
    ChargeRow,
    EventRow,
    LogRow,
    group_of,
    kind_of,
    level_of,
    place_of,
)
from cdr.pure.log.wording import printed_value, used_in_words, with_full_stop, words_of
from streams.pure.foreign_text import cleaned
from streams.pure.scrubbing import scrubbed, scrubbed_headers

SHOWN_CHARACTERS = 4096
TEXTS = ("document", "Answer")
"""Details of several lines."""


class Pair(NamedTuple):
    """One `Key: value` of what a line carried."""

    key: str
    value: str

    @property
    def gap(self) -> str:
        """What stands between them: a value of several lines begins below its key."""
        return "\n" if "\n" in self.value else " "


@dataclass(frozen=True, slots=True)
class Line:
    """`new_day` is the date on the first line of each day, "" on the others; `source`: call, stream, callback or charge; `stream`:
    the uuid of the stream it is about. `kind`, `group` and how bad it is are those of its row."""

    anchor: str
    iso: str
    day: str
    clock: str
    offset: str
    offset_ms: int
    level: Badge
    problem: bool
    kind: str
    group: str
    source: str
    stream: str
    words: str
    pairs: tuple[Pair, ...]
    new_day: str = ""


def lines(rows: Iterable[LogRow], origin: datetime) -> list[Line]:
    """The lines in order of time. `origin` is the instant that the offsets count from."""
    return with_days(_line(row, origin) for row in sorted(rows, key=place_of))


def with_days(made: Iterable[Line]) -> list[Line]:
    """The lines, the date on the first of each day."""
    marked: list[Line] = []
    for line in made:
        first = not marked or marked[-1].day != line.day
        marked.append(replace(line, new_day=line.day if first else "") if first or line.new_day else line)
    return marked


def _line(row: LogRow, origin: datetime) -> Line:
    source, words, pairs = _content(row)
    level = level_of(row)
    return Line(
        anchor=row.anchor,
        iso=row.at.isoformat(timespec="milliseconds"),
        day=day(row.at),
        clock=clock_ms(row.at),
        offset=offset(row.at, origin),
        offset_ms=offset_ms(row.at, origin),
        level=level_badge(level),
        problem=level in PROBLEM_LEVELS,
        kind=kind_of(row),
        group=group_of(row),
        source=source,
        stream=row.stream,
        words=scrubbed(words),
        pairs=tuple(Pair(key, scrubbed(value)) for key, value in pairs),
    )


def _content(row: LogRow) -> tuple[str, str, list[Pair]]:
    """Source, words and pairs."""
    match row:
        case EventRow():
            details = _flat(row.details)
            return row.source, words_of(row.kind, details), _unsaid(row.kind, details)
        case ChargeRow():
            return "charge", _charge_words(row), []
        case CallbackRow():
            return "callback", _callback_words(row), parameters_as_sent(row.parameters)
        case AttemptRow():
            return "callback", _attempt_words(row), _answer_pairs(row)


def _flat(details: object) -> dict[str, Any]:
    """An event's details with the fields of a stream's request beside them. Anything but a JSON object counts as empty."""
    if not isinstance(details, Mapping):
        return {}
    request = details.get("request")
    fields = dict(request) if isinstance(request, Mapping) else {}
    return {**fields, **{name: value for name, value in details.items() if name != "request" or not fields}}


def _unsaid(kind: str, details: Mapping[str, Any]) -> list[Pair]:
    said = used_in_words(kind)
    values = {name: _printed(name, value) for name, value in details.items() if name not in said}
    return [Pair(cleaned(name, 100), _without_secrets(name, values[name])) for name in sorted(values) if values[name]]


def _printed(name: str, value: Any) -> str:
    if name in TEXTS and isinstance(value, str):
        return answer_head(value)
    if name == "parameters":
        return "\n".join(f"{pair.key}: {pair.value}" for pair in parameters_as_sent(value))
    return printed_value(name, value)


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
    return scrubbed_headers(value)


def _charge_words(row: ChargeRow) -> str:
    plan = (row.interval_seconds, row.rate, row.amount, row.currency)
    return f"Charged: {explained(Charged(row.seconds, row.billed_seconds, *plan, row.started, row.minimum_seconds, row.free_seconds))}."


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
    return with_full_stop(f"{head} failed{where} after {took}: {cleaned(row.error).removesuffix('.')}{said}")


def _answer_pairs(row: AttemptRow) -> list[Pair]:
    return [Pair("Answer", answer_head(row.response_head))] if row.response_head else []


def answer_head(text: str) -> str:
    """The beginning of what an application or a callback's receiver answered, cleaned line by line."""
    return "\n".join(cleaned(line, SHOWN_CHARACTERS) for line in text[:SHOWN_CHARACTERS].splitlines())
