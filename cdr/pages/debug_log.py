"""The debug log of a stream, or of a call with all its streams: events, callbacks, tries and charges as rows of cdr.pure.debuglog.

Owns which rows belong to a log. Must not know their wording or order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from cdr.pages.keys import key_of
from cdr.pages.log_rows import attempt_row, callback_row, charge_rows, event_row
from cdr.pages.stream import find_stream
from cdr.pure.badges import Badge, call_badge, reason_badge, stream_badge
from cdr.pure.debuglog import Line, Row, lines
from cdr.pure.figures import moment
from streams.models import Call, Callback, CallbackAttempt, Stream, StreamEvent
from streams.pure.lifecycle import CallState, Level

SHOWN_EVENTS = 5000
"""A log shows so many events at most: a page of more would help nobody."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose log it is. `stream_uuid` is None for the log of a whole call. `origin`: what the offsets count from, in words."""

    call_uuid: UUID
    stream_uuid: UUID | None
    account: str
    service_url: str
    state: Badge
    reason: Badge | None
    origin: str
    start: datetime


@dataclass(frozen=True, slots=True)
class DebugLogPage:
    """`first_error`: the anchor of that line, "" when there is none. `cut`: events were left out. `numbers`: those of the
    call, which is `live` or has ended."""

    subject: Subject
    lines: list[Line]
    all_count: int
    problem_count: int
    first_error: str
    cut: bool
    numbers: tuple[str, ...]
    live: bool


def stream_log(key: str, *, problems_only: bool = False) -> DebugLogPage | None:
    """The log of a stream and of what its call saw, in four queries; None when there is no such stream."""
    stream = find_stream(key)
    if stream is None:
        return None
    events = StreamEvent.objects.filter(Q(stream=stream) | Q(stream=None), call=stream.call)
    rows, cut = _rows(events, {stream.pk: "stream"}, Callback.objects.filter(stream=stream))
    return _page(_stream_subject(stream), stream.call, rows + charge_rows([stream]), problems_only, cut)


def call_log(key: str, *, problems_only: bool = False) -> DebugLogPage | None:
    """The log of a call with all its streams, in five queries; None when there is no such call."""
    lookup = key_of(key)
    call = Call.objects.select_related("account").filter(**lookup).first() if lookup else None
    if call is None:
        return None
    streams = list(call.streams.select_related("charge"))
    names = {stream.pk: f"stream {stream.uuid.hex[:8]}" for stream in streams}
    rows, cut = _rows(StreamEvent.objects.filter(call=call), names, Callback.objects.filter(stream__call=call))
    return _page(_call_subject(call), call, rows + charge_rows(streams), problems_only, cut)


def _stream_subject(stream: Stream) -> Subject:
    start = stream.started_at or stream.requested_at
    return Subject(
        call_uuid=stream.call.uuid,
        stream_uuid=stream.uuid,
        account=stream.account.name,
        service_url=stream.service_url,
        state=stream_badge(stream.state, stream.started_at is not None),
        reason=reason_badge(stream.hangup_reason),
        origin=f"{'the first packet' if stream.started_at else 'the request for the stream'}, {moment(start)} UTC",
        start=start,
    )


def _call_subject(call: Call) -> Subject:
    return Subject(
        call_uuid=call.uuid,
        stream_uuid=None,
        account=call.account.name,
        service_url="",
        state=call_badge(call.state),
        reason=None,
        origin=f"the start of the call, {moment(call.started_at)} UTC",
        start=call.started_at,
    )


def _page(subject: Subject, call: Call, rows: list[Row], problems_only: bool, cut: bool) -> DebugLogPage:
    problems = lines(rows, subject.start, problems_only=True)
    return DebugLogPage(
        subject=subject,
        lines=problems if problems_only else lines(rows, subject.start),
        all_count=len(rows),
        problem_count=len(problems),
        first_error=next((line.anchor for line in problems if line.level.word == Level.ERROR), ""),
        cut=cut,
        numbers=(call.from_number, call.to_number),
        live=call.state == CallState.LIVE,
    )


def _rows(events: QuerySet[StreamEvent], names: dict[int, str], callbacks: QuerySet[Callback]) -> tuple[list[Row], bool]:
    """The rows of three tables, in three queries, and whether events were left out. `names`: what a stream's events are called."""
    found = list(events.order_by("at", "pk")[: SHOWN_EVENTS + 1])
    owed = {callback.pk: callback for callback in callbacks}
    attempts = CallbackAttempt.objects.filter(callback__in=callbacks.order_by().values("pk"))
    rows: list[Row] = [event_row(event, names.get(event.stream_id or 0, "call")) for event in found[:SHOWN_EVENTS]]
    rows += [callback_row(callback) for callback in owed.values()]
    rows += [attempt_row(attempt, owed[attempt.callback_id]) for attempt in attempts if attempt.callback_id in owed]
    return rows, len(found) > SHOWN_EVENTS
