"""Whose debug log it is, found by the key in an address, and its rows as the lines that a reader may see.

Owns the subject of a log and what its offsets count from. Must not know pages of a log, filters or files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cdr.pages.log.reading import LogRows, rows_of_call, rows_of_stream
from cdr.pages.removed_data import removed_of
from cdr.pages.row_key import only_one
from cdr.pages.stream import find_stream
from cdr.pure.badges import Badge, call_badge, reason_badge, stream_badge
from cdr.pure.figures import moment
from cdr.pure.keyset import Place
from cdr.pure.log.for_customers import for_customers
from cdr.pure.log.lines import Line, lines
from cdr.pure.log.rows import EventRow, LogRow
from cdr.pure.log.withheld import hosts_only, without_payload
from streams.models import Call, Stream
from streams.pure.lifecycle import CallState
from streams.pure.scrubbing import scrubbed


@dataclass(frozen=True, slots=True)
class LogSubject:
    """Whose log it is. `call_key`: what addresses name the call by. `stream_uuid` is None for the log of a whole call. `origin`: what the
    offsets count from, in words. `removed`: what retention took of it, "" for nothing."""

    call_key: str
    call_uuid: UUID
    stream_uuid: UUID | None
    account: str
    service_url: str
    state: Badge
    reason: Badge | None
    origin: str
    start: datetime
    removed: str

    @property
    def uuid(self) -> UUID:
        return self.stream_uuid or self.call_uuid

    @property
    def key(self) -> str:
        return str(self.stream_uuid) if self.stream_uuid else self.call_key


@dataclass(frozen=True, slots=True)
class DebugLog:
    """A log that was found and not read yet. `of`: whose it is. `numbers`: those of the call, which is `live` or has ended. `outside`: for
    who is none of the operator's people. `brief`: without payloads and without what follows the host in URLs."""

    of: Call | Stream
    subject: LogSubject
    rows: LogRows
    numbers: tuple[str, ...]
    live: bool
    outside: bool = False
    brief: bool = False

    def place(self, anchor: str) -> Place | None:
        """Where the line of that name stands; None when it is not of this log."""
        return self.rows.place(anchor) or (None if self.outside else self.rows.place_by_key(anchor))

    def lines(self, rows: Iterable[LogRow], hide: Callable[[Any], Any]) -> list[Line]:
        """What of rows may be shown. Only what strangers wrote is hidden: anchors and times are ours."""
        if self.outside:
            rows = [for_customers(row) if isinstance(row, EventRow) else row for row in rows]
        if self.brief:
            made = lines(map(without_payload, rows), self.subject.start)
            return [replace(line, words=hide(hosts_only(line.words)), pairs=()) for line in made]
        made = lines(rows, self.subject.start)
        return [replace(line, words=hide(line.words), pairs=hide(line.pairs)) for line in made]


def stream_log(key: str) -> DebugLog | None:
    """The log of a stream and of what its call saw, found in one query; None when there is no such stream."""
    stream = find_stream(key)
    return log_of_stream(stream) if stream else None


def log_of_stream(stream: Stream) -> DebugLog:
    """Of a stream with its call, account and charge."""
    call = stream.call
    return DebugLog(
        stream, _stream_subject(stream), rows_of_stream(stream), (call.from_number, call.to_number), call.state == CallState.LIVE
    )


def for_outside(log: DebugLog) -> DebugLog:
    """Its call is named by its uuid: a number of the table would tell how many calls there are."""
    subject = replace(log.subject, call_key=str(log.subject.call_uuid)) if log.subject.stream_uuid else log.subject
    return replace(log, outside=True, subject=subject)


def in_brief(log: DebugLog) -> DebugLog:
    return replace(log, brief=True, subject=replace(log.subject, service_url=hosts_only(log.subject.service_url)))


def call_log(key: str) -> DebugLog | None:
    """The log of a call with all its streams, found in two queries; None when there is no such call, or the key is a uuid of several."""
    call = only_one(Call.objects.select_related("account").order_by(), key)
    return log_of_call(call, key) if call else None


def log_of_call(call: Call, key: str) -> DebugLog:
    """Of a call with its account, in one query."""
    streams = list(call.streams.select_related("charge"))
    numbers = (call.from_number, call.to_number)
    return DebugLog(call, _call_subject(call, key), rows_of_call(call, streams), numbers, call.state == CallState.LIVE)


def _stream_subject(stream: Stream) -> LogSubject:
    start = stream.started_at or stream.requested_at
    return LogSubject(
        call_key=str(stream.call_id),
        call_uuid=stream.call.uuid,
        stream_uuid=stream.uuid,
        account=stream.account.name,
        service_url=scrubbed(stream.service_url),
        state=stream_badge(stream.state, stream.started_at is not None),
        reason=reason_badge(stream.hangup_reason),
        origin=f"{'the first packet' if stream.started_at else 'the request for the stream'}, {moment(start)} UTC",
        start=start,
        removed=removed_of(stream.call),
    )


def _call_subject(call: Call, key: str) -> LogSubject:
    return LogSubject(
        call_key=key,
        call_uuid=call.uuid,
        stream_uuid=None,
        account=call.account.name,
        service_url="",
        state=call_badge(call.state),
        reason=None,
        origin=f"the start of the call, {moment(call.started_at)} UTC",
        start=call.started_at,
        removed=removed_of(call),
    )
