"""Streams that were asked for and have no row yet: what stands in for the row, and how such a stream ends when nobody takes it up.

The row of a stream is written by the process that holds the call; until then there is only the ControlRequest that asked for it."""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from streams import control, jobs, journal
from streams.database_clock import database_now
from streams.models import ControlRequest, Stream, StreamEvent
from streams.outages import Outage
from streams.pure.lifecycle import CallState, EndCause, EventKind, Level
from streams.ready_statement import ReadyStatement

log = logging.getLogger(__name__)

_unsettled = Outage(log, "Settling a start that nobody took")

WAIT_SECONDS = 10.0
"""At most this long for a process to take up a start."""
SETTLED_AT_ONCE = 500
NOT_TAKEN = f"No process took the request up within {WAIT_SECONDS:g} s: the one that holds the call does not answer."
NOT_BEGUN = "The platform failed while beginning the stream; the log of the process that holds the call has the details."
TOO_LATE = "The call ended before the stream could be begun."


def stream_id_of(request: ControlRequest) -> UUID:
    return UUID(request.details["stream_id"])


def stand_in(request: ControlRequest) -> Stream:
    """The stream that was asked for, as its row will be; not saved."""
    call, asked = request.call, asdict(control.whole_request(request))
    return Stream(uuid=stream_id_of(request), call=call, account=call.account, requested_at=request.requested_at, **asked)


def unwritten(requests: QuerySet[ControlRequest]) -> list[ControlRequest]:
    """Those of `requests` that ask for a stream which has no row yet, oldest first, in two queries."""
    starts = list(requests.filter(kind="start", stream=None).select_related("call__account"))
    written = set(Stream.objects.filter(uuid__in=map(stream_id_of, starts)).values_list("uuid", flat=True))
    return [start for start in starts if stream_id_of(start) not in written]


def request_stop(start: ControlRequest, by: str) -> None:
    """Asks for the end of a stream that has no row yet; its process carries both requests out, in the order in which they were made."""
    call = start.call
    if call.state != CallState.LIVE:
        raise control.NotLive(TOO_LATE)
    with transaction.atomic():
        details = {"stream_id": start.details["stream_id"]}
        ControlRequest.objects.create(call=call, kind="stop", requested_by=by, requested_at=database_now(), details=details)
        transaction.on_commit(partial(control.nudge, call.owner))


_UNSETTLED_SINCE = ReadyStatement(
    lambda before: ControlRequest.objects.filter(kind="start", stream=None, requested_at__lt=before).values_list("pk")[:SETTLED_AT_ONCE],
    datetime,
)


def settle_overdue(wait_seconds: float = WAIT_SECONDS) -> list[UUID]:
    """Ends the streams that were asked for longer ago than `wait_seconds` and will not come; returns their uuids.

    Written ones are noted as such on their requests, so that each request is looked at until it is settled, and not after."""
    overdue = _UNSETTLED_SINCE.ask(database_now() - timedelta(seconds=wait_seconds))
    ended = [_settle_if_it_can_be(key) for (key,) in overdue]
    return [stream.uuid for stream in ended if stream]


def _settle_if_it_can_be(request_id: int) -> Stream | None:
    """One that cannot be settled keeps back none behind it."""
    try:
        return _settle(request_id)
    except (OperationalError, InterfaceError):
        raise  # the database is away, for all of them
    except Exception as error:  # noqa: BLE001 - of this row, whatever it is
        _unsettled.failed(f"request {request_id}: {error}", "the others are settled, and it is tried again")
        return None


def _settle(request_id: int) -> Stream | None:
    with transaction.atomic():
        requests = ControlRequest.objects.select_for_update(of=("self",)).select_related("call__account")
        request = requests.filter(pk=request_id, stream=None).first()
        if request is None:
            return None
        # The call was read before its streams are: of a call that has ended then, every stream that began has its row.
        written = Stream.objects.filter(uuid=stream_id_of(request)).first()
        if written:
            _mark_settled(request, written)
            return None
        if _with_its_process(request):
            return None
        return _end(request)


def _with_its_process(request: ControlRequest) -> bool:
    """A process that lives has claimed the start at least, and may have begun the stream: its notes may be late, and so may be the one
    that finishes the request. A claim that ran out is the same process's to take up again: no other can have the call. One that it
    failed at has no stream to come."""
    taken = bool(request.claimed_by or request.finished_at)
    return request.call.state == CallState.LIVE and taken and control.FAILED not in request.details


def _mark_settled(request: ControlRequest, stream: Stream) -> None:
    """Also finishes the request, so that no process carries it out any more."""
    request.stream = stream
    request.save(update_fields=["stream"])
    jobs.finish_for_others(request)


def _end(request: ControlRequest) -> Stream:
    """The stream that never was, by the same road as every other: row, events, end, callback, charge."""
    over = request.call.state != CallState.LIVE
    failed = control.FAILED in request.details
    lost = (EndCause.INTERNAL_ERROR, NOT_BEGUN) if failed else (EndCause.PROCESS_LOST, NOT_TAKEN)
    cause, words = (EndCause.CALL_ENDED, TOO_LATE) if over and not failed else lost
    stream = stand_in(request)
    stream.save(force_insert=True)
    _mark_settled(request, stream)
    ended_at = database_now()
    asked = {"source": "API" if request.requested_by == "API" else "console", "request": control.shown_request(stream.request)}
    level, said = (Level.WARNING, {"problem": problem}) if (problem := request.details.get("problem")) else (Level.INFO, {})
    _write_event(stream, EventKind.STREAM_REQUESTED, request.requested_at, level, asked | said)
    _write_event(stream, EventKind.STREAM_ENDED, ended_at, Level.INFO if over else Level.ERROR, {"cause": cause, "words": words})
    journal.end_stream(stream, cause, ended_at.timestamp(), words)
    return stream


def _write_event(stream: Stream, kind: EventKind, at: datetime, level: Level, details: dict[str, Any]) -> None:
    StreamEvent.objects.create(call=stream.call, stream=stream, at=at, kind=kind, level=level, details=details)
