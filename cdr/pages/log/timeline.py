"""The time line of a page: everything on a call, or on one stream and its call; however long it was, in two queries.

Owns which rows are taken when there are too many. Must not know their wording, or how they are drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from cdr.pages.log.anchors import event_anchor
from cdr.pages.log.rows import attempt_row, callback_row, charge_rows, event_row
from cdr.pure.log.lines import Line, lines
from cdr.pure.log.rows import PROBLEM_LEVELS, LogRow
from cdr.pure.log.timeline import TimelineEntry, shortened, timeline
from streams.models import Callback, CallbackAttempt, Stream, StreamEvent
from streams.pure.lifecycle import EventKind

SHOWN_EVENTS = 40
"""How many of the first events are shown, and how many of the last; of those between, what tells most."""
TELLING = (
    *(EventKind.STREAM_REQUESTED, EventKind.CONNECT_FAILED, EventKind.CONNECTED),
    *(EventKind.STREAM_STARTED, EventKind.STREAM_ENDED),
)
TELLING_AT_MOST = 200
SHOWN_CALLBACKS = 30
"""The same of callbacks."""


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """What a time line is made from. `cut`: events, or callbacks, were left out."""

    events: list[StreamEvent]
    callbacks: list[Callback]
    attempts: list[CallbackAttempt]

    @property
    def cut(self) -> bool:
        return len(self.events) > 2 * SHOWN_EVENTS

    @property
    def callbacks_cut(self) -> bool:
        return len(self.callbacks) > 2 * SHOWN_CALLBACKS


@dataclass(frozen=True, slots=True)
class Timeline:
    """`note`: what is said of the whole, "" mostly."""

    entries: list[TimelineEntry]
    note: str

    @property
    def lines(self) -> list[Line]:
        """All of them, folded or not."""
        return [line for entry in self.entries for line in entry.lines]

    def of(self, events: Iterable[StreamEvent]) -> list[Line]:
        """The lines of some events."""
        anchors = set(map(event_anchor, events))
        return [line for line in self.lines if line.anchor in anchors]


def find(events: QuerySet[StreamEvent], callbacks: QuerySet[Callback]) -> FoundEvents:
    """Two queries. Both sets must be narrowed to one call, or to one stream, by an index."""
    found = list(_some_events(events))
    by_key: dict[int, Callback] = {}
    attempts = []
    for row in _with_attempts(_some_callbacks(callbacks)):
        callback = by_key.setdefault(row.pk, row)
        if row.attempt_pk is not None:
            attempts.append(_attempt(row, callback))
    return FoundEvents(found, list(by_key.values()), attempts)


def drawn(found: FoundEvents, streams: list[Stream], names: dict[int, str], origin: datetime) -> Timeline:
    """`names`: what the events of each stream are called; those of the call itself are called so."""
    rows: list[LogRow] = [event_row(event, names.get(event.stream_id or 0, "call")) for event in found.events]
    rows += [callback_row(callback) for callback in found.callbacks]
    rows += [attempt_row(attempt, attempt.callback) for attempt in found.attempts]
    made = lines(rows + charge_rows(streams), origin)
    cuts = (event_anchor(found.events[SHOWN_EVENTS]), event_anchor(found.events[-SHOWN_EVENTS])) if found.cut else None
    entries = shortened(made, *cuts) if cuts else timeline(made)
    note = f"Only the first and the last {SHOWN_CALLBACKS} status callbacks are here." if found.callbacks_cut else ""
    return Timeline(entries, note)


def _some_events(events: QuerySet[StreamEvent]) -> QuerySet[StreamEvent]:
    """One more of the first than of the last: of what is longer than twice that many, so much is found at least."""
    first = events.order_by("at", "pk").values("pk")[: SHOWN_EVENTS + 1]
    last = events.order_by("-at", "-pk").values("pk")[:SHOWN_EVENTS]
    telling = events.filter(Q(level__in=PROBLEM_LEVELS) | Q(kind__in=TELLING)).order_by("at", "pk").values("pk")[:TELLING_AT_MOST]
    return events.filter(Q(pk__in=first) | Q(pk__in=last) | Q(pk__in=telling)).order_by("at", "pk")


def _some_callbacks(callbacks: QuerySet[Callback]) -> QuerySet[Callback]:
    first = callbacks.order_by("created_at", "pk").values("pk")[: SHOWN_CALLBACKS + 1]
    last = callbacks.order_by("-created_at", "-pk").values("pk")[:SHOWN_CALLBACKS]
    return callbacks.filter(Q(pk__in=first) | Q(pk__in=last)).order_by("created_at", "pk")


ATTEMPT_FIELDS = ("number", "started_at", "duration_ms", "address", "status", "error", "response_head")


def _with_attempts(callbacks: QuerySet[Callback]) -> Iterable[Any]:
    """A row for each attempt, and one for a callback that was not tried yet."""
    columns = {f"attempt_{name}": F(f"attempts__{name}") for name in ("pk", *ATTEMPT_FIELDS)}
    return callbacks.annotate(**columns).order_by("created_at", "pk", "attempts__number")


def _attempt(row: Any, callback: Callback) -> CallbackAttempt:
    values = {name: getattr(row, f"attempt_{name}") for name in ATTEMPT_FIELDS}
    return CallbackAttempt(pk=row.attempt_pk, callback=callback, **values)
