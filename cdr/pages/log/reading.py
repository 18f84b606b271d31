"""Which rows belong to a debug log: events, callbacks, tries and charges, read in order of time from any place on, so many at once.

Owns the queries. Must not know how rows become lines, nor what a page shows of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from cdr.pages.log.anchors import event_anchor, sought_by
from cdr.pages.log.rows import attempt_row, callback_row, charge_rows, event_row
from cdr.pure.keyset import Place
from cdr.pure.log.rows import ATTEMPTS, CALLBACKS, CHARGES, EVENTS, LogRow, place_of
from streams.models import Call, Callback, CallbackAttempt, Stream, StreamEvent
from streams.pure.lifecycle import Level


class Name(NamedTuple):
    """What a log calls a stream, and its uuid."""

    source: str
    uuid: str


@dataclass(frozen=True, slots=True)
class LogRows:
    """The rows of one log. `names`: of its streams by their keys; an event without a stream is the call's."""

    events: QuerySet[StreamEvent]
    callbacks: QuerySet[Callback]
    attempts: QuerySet[CallbackAttempt]
    charges: list[LogRow]
    names: dict[int, Name]

    def after(self, place: Place | None, count: int) -> list[LogRow]:
        """The first `count` rows behind a place (None: of the log), in three queries."""
        return self._read(place, count, forward=True)

    def before(self, place: Place | None, count: int) -> list[LogRow]:
        """The last `count` rows in front of a place (None: of the log), in order of time, in three queries."""
        return self._read(place, count, forward=False)

    def count(self) -> int:
        """All of them, in three queries."""
        return self.events.count() + self.callbacks.count() + self.attempts.count() + len(self.charges)

    def pulse(self) -> tuple[Any, ...]:
        """What changes whenever a line comes or changes, in two queries that read no line. (Who ends a call or a stream writes an
        event, and who bills it is in that transaction.)"""
        owed = self.callbacks.aggregate(
            Count("pk"), Sum("tries"), Max("due_at"), Max("finished_at"), settled=Count("pk", filter=Q(due_at=None))
        )
        return self.events.count(), *owed.values()

    def place(self, anchor: str) -> Place | None:
        """Where the line of that name stands, in one query; None when it is not of this log."""
        named = sought_by(anchor)
        if named is None:
            return None
        rows = self.charges if named.rank == CHARGES else self._rows(named.rank, self._table(named.rank).filter(**named.columns))
        return next((place_of(row) for row in rows if row.anchor == anchor), None)

    def place_by_key(self, anchor: str) -> Place | None:
        """As lines were named before, `e123`: by the number of the row in its table. Not for customers, who could try out their numbers."""
        said = BY_KEY.fullmatch(anchor)
        if said is None:
            return None
        rank, key = RANKS_BY_KEY[said["letters"]], int(said["key"])
        rows = [row for row in self.charges if row.id == key] if rank == CHARGES else self._rows(rank, self._table(rank).filter(pk=key))
        return next(map(place_of, rows), None)

    def first_error(self) -> str:
        """The anchor of the first event that is an error, in one query; "" when there is none."""
        event = _in_order(self.events.filter(level=Level.ERROR), EVENTS, True).defer("details").first()
        return event_anchor(event) if event else ""

    def _read(self, place: Place | None, count: int, *, forward: bool) -> list[LogRow]:
        rows: list[LogRow] = [row for row in self.charges if _beyond(place_of(row), place, forward)]
        for rank in (EVENTS, CALLBACKS, ATTEMPTS):
            beyond = self._table(rank).filter(_where(rank, place, forward))
            rows += self._rows(rank, _in_order(beyond, rank, forward)[:count])
        rows.sort(key=place_of)
        return rows[:count] if forward else rows[-count:]

    def _table(self, rank: int) -> QuerySet[Any]:
        tables: dict[int, QuerySet[Any]] = {EVENTS: self.events, CALLBACKS: self.callbacks, ATTEMPTS: self.attempts}
        return tables[rank]

    def _rows(self, rank: int, found: Iterable[Any]) -> list[LogRow]:
        if rank == EVENTS:
            return [event_row(event, *self.names.get(event.stream_id or 0, CALL)) for event in found]
        if rank == CALLBACKS:
            return [callback_row(callback, self.names.get(callback.stream_id, CALL).uuid) for callback in found]
        return [attempt_row(attempt, attempt.callback, self.names.get(attempt.callback.stream_id, CALL).uuid) for attempt in found]


CALL = Name("call", "")
RANKS_BY_KEY = {"e": EVENTS, "charge": CHARGES, "c": CALLBACKS, "a": ATTEMPTS}
BY_KEY = re.compile(r"(?P<letters>e|charge|c|a)(?P<key>\d{1,18})", re.ASCII)


def rows_of_stream(stream: Stream) -> LogRows:
    """What happened to a stream whose charge was selected with it, and to its call."""
    events = StreamEvent.objects.filter(Q(stream=stream) | Q(stream=None), call=stream.call_id)
    return _rows_of(events, [stream], {stream.pk: Name("stream", str(stream.uuid))}, Q(stream=stream.pk))


def rows_of_call(call: Call, streams: list[Stream]) -> LogRows:
    """What happened to a call and to all its streams, whose charges were selected with them."""
    names = {stream.pk: Name(f"stream {stream.uuid.hex[:8]}", str(stream.uuid)) for stream in streams}
    return _rows_of(StreamEvent.objects.filter(call=call), streams, names, Q(stream__call=call))


def _rows_of(events: QuerySet[StreamEvent], streams: list[Stream], names: dict[int, Name], theirs: Q) -> LogRows:
    callbacks = Callback.objects.filter(theirs)
    # By the callbacks' keys, which the database has, and not by a list of them: a long log has thousands.
    attempts = CallbackAttempt.objects.filter(callback__in=callbacks.order_by().values("pk")).select_related("callback")
    # What another process wrote has no number: it comes first of its instant, as in place_of.
    return LogRows(
        events.alias(step=Coalesce("number", Value(0))), callbacks, attempts.defer("callback__parameters"), charge_rows(streams), names
    )


# Places in SQL -------------------------------------------------------------------------------------------------------
MOMENTS = {EVENTS: "at", CALLBACKS: "created_at", ATTEMPTS: "started_at"}


def _in_order(rows: QuerySet[Any], rank: int, forward: bool) -> QuerySet[Any]:
    columns = (MOMENTS[rank], "step", "pk") if rank == EVENTS else (MOMENTS[rank], "pk")
    return rows.order_by(*(column if forward else f"-{column}" for column in columns))


def _where(rank: int, place: Place | None, forward: bool) -> Q:
    """The rows of one rank beyond a place."""
    if place is None:
        return Q()
    side, moment = "gt" if forward else "lt", MOMENTS[rank]
    beyond = Q(**{f"{moment}__{side}": place.at})
    if rank != place.rank:
        return beyond | Q(**{moment: place.at}) if (rank > place.rank) == forward else beyond
    further = Q(**{f"pk__{side}": place.key})
    if rank == EVENTS:
        further = Q(step=place.number) & further | Q(**{f"step__{side}": place.number})
    return beyond | Q(**{moment: place.at}) & further


def _beyond(place: Place, other: Place | None, forward: bool) -> bool:
    return other is None or (place > other if forward else place < other)
