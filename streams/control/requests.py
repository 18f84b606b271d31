"""Control requests: what is asked of a live call, as rows, and the message that says there is one.

What is asked is a row (ControlRequest); a message on the channel layer only says that there is one. The process that holds the
call claims the row, carries it out and finishes it. Owns those rows and that message; must not know sessions."""

import asyncio
import logging
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from streams import jobs
from streams.database_clock import database_now
from streams.models import Call, ControlRequest, Stream
from streams.outages import Outage
from streams.pure.audio.dtmf_digits import checked_digits
from streams.pure.call.notes import CallKey
from streams.pure.lifecycle import LIVE_STATES, CallState
from streams.pure.messages import StreamRequest
from streams.pure.scrubbing import scrubbed_headers

log = logging.getLogger(__name__)

_messages = Outage(log, "Sending control messages")

FIELDS = frozenset(field.name for field in fields(StreamRequest))
NUDGE_SECONDS = 2.0
"""A Redis that went silent must not hold up who asks for something."""
CLAIMED_FOR = timedelta(seconds=5)
"""Carrying out takes milliseconds. It is also how long a request waits whose claim was written while the answer to it was lost."""
CLAIMED_AT_ONCE = 200
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ClaimedRequest:
    """One control request, claimed. `details`: {"request": ..., "problem": ...} of a start, {"digits": ...} of DTMF. `row`: what is to be
    finished."""

    kind: str
    call: CallKey
    stream_id: UUID | None
    details: dict[str, Any]
    by: str
    row: ControlRequest


class NotLive(Exception):
    """What was to be controlled has ended already; the message says so."""


def request_start(call: Call, request: StreamRequest, by: str, problem: str = "") -> UUID:
    """Asks for a new stream on a live call; returns the stream's uuid-to-be. `problem`: what of it was taken otherwise, for its log."""
    stream_id = uuid4()
    details = {"stream_id": str(stream_id), "request": shown_request(request), **({"problem": problem} if problem else {})}
    _ask(call, "start", by, details=details, extra_headers=request.extra_headers)
    return stream_id


def shown_request(request: StreamRequest) -> dict[str, Any]:
    """A request as it may be kept in the open: of extra headers the names."""
    return asdict(request) | {"extra_headers": scrubbed_headers(request.extra_headers)}


def whole_request(start: ControlRequest) -> StreamRequest:
    """What a start asks for, its extra headers with it; by whichever version of the platform it was written."""
    asked = {name: value for name, value in start.details["request"].items() if name in FIELDS}
    return StreamRequest(**asked | {"extra_headers": start.extra_headers})


def request_stop(stream: Stream, by: str) -> None:
    """Asks for a stream's end with the reason `API request`. `by`: 'API', or the operator's user name."""
    if stream.state not in LIVE_STATES:
        raise NotLive("The stream has ended already.")
    _ask(stream.call, "stop", by, stream=stream)


def request_stops(streams: Collection[Stream], by: str) -> int:
    """Asks for the end of many, which were read with their calls, in few statements; returns of how many. What has ended is left out."""
    live = [stream for stream in streams if stream.state in LIVE_STATES and stream.call.state == CallState.LIVE]
    with transaction.atomic():
        asked = {"kind": "stop", "requested_by": by, "requested_at": database_now()}
        ControlRequest.objects.bulk_create(ControlRequest(call=stream.call, stream=stream, **asked) for stream in live)
        for owner in sorted({stream.call.owner for stream in live}):
            transaction.on_commit(partial(nudge, owner))
    return len(live)


def request_hangup(call: Call, by: str) -> None:
    _ask(call, "hang_up", by)


def request_dtmf(call: Call, digits: str, by: str) -> None:
    """Asks for digits towards the call. Raises ValueError, with a sentence, for digits that cannot be sent."""
    _ask(call, "send_dtmf", by, details={"digits": checked_digits(digits)})


def _ask(
    call: Call, kind: str, by: str, *, stream: Stream | None = None, details: dict[str, Any] | None = None, extra_headers: str = ""
) -> None:
    if call.state != CallState.LIVE:
        raise NotLive("The call has ended already.")
    with transaction.atomic():
        asked = {"requested_by": by, "requested_at": database_now(), "details": details or {}, "extra_headers": extra_headers}
        ControlRequest.objects.create(call=call, stream=stream, kind=kind, **asked)
        transaction.on_commit(partial(nudge, call.owner))


def control_group(owner: str) -> str:
    """The channel-layer group of one process."""
    return f"control.{owner}"


def nudge(owner: str) -> None:
    """Tells a process that something waits for it. Without Redis it finds out by itself within seconds."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(_send)(layer, owner)
    except Exception as error:  # noqa: BLE001 - whatever the layer raises, the row carries the request
        _messages.failed(error, "what is asked of a call is found in its row within seconds")
    else:
        _messages.worked()


async def _send(layer: Any, owner: str) -> None:
    async with asyncio.timeout(NUDGE_SECONDS):
        await layer.group_send(control_group(owner), {"type": "control.waiting"})


def claim_waiting(owner: str) -> list[ClaimedRequest]:
    """Claims what waits for the live calls of a process, in the order in which it was asked. When the database fails halfway, what
    was claimed until then. Raises DatabaseError when that is nothing."""
    waiting = ControlRequest.objects.filter(call__owner=owner).select_related("call", "stream")
    return [_asked(row) for row in jobs.claim_each(waiting, CLAIMED_FOR, most=CLAIMED_AT_ONCE)]


def finish(carried_out: Iterable[ClaimedRequest]) -> bool:
    """Writes down that requests were carried out, or came too late. Doing so again changes nothing. True, or raises DatabaseError."""
    for asked in carried_out:
        jobs.finish(asked.row, **({"details": asked.row.details} if FAILED in asked.row.details else {}))
    return True


def mark_failed(start: ClaimedRequest) -> None:
    """A start that broke before there was a stream: once that is written, the stream is ended for it as one that nobody took up."""
    start.row.details[FAILED] = True


def give_back(asked: Iterable[ClaimedRequest]) -> None:
    """What could not be carried out yet waits again."""
    for each in asked:
        jobs.give_back(each.row)


def _asked(row: ControlRequest) -> ClaimedRequest:
    started = row.details.get("stream_id")
    stream_id = row.stream.uuid if row.stream else UUID(started) if started else None
    return ClaimedRequest(row.kind, CallKey(row.call.account_id, row.call.uuid), stream_id, row.details, row.requested_by, row)
