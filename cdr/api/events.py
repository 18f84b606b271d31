"""A stream's debug log as its page shows it: in pages, and followed while it grows.

Owns the operation, and what a line's number is: its place in the order of writing, which is the order of the table's keys, as whoever
writes to a call holds its row. So a line that is written late, with an earlier time, is missed by nobody who follows, and the numbers
tell nothing of other accounts. Must not know the lines' wording."""

from typing import Annotated, Any

from django.db.models import F, Q, QuerySet
from ninja import Query, Router
from pydantic import Field

from cdr.api import paging, rows
from cdr.api.auth import AccountRequest
from cdr.api.errors import new_api_id
from cdr.api.forms import exact_utc
from cdr.api.paging import MOST_OFFSET, MOST_PER_PAGE, ApiPage, Blank, PageAsked
from cdr.api.record_schemas import EventList, EventObject
from cdr.api.routes import endpoint
from cdr.api.streams import ONE
from cdr.pages.log.rows import event_row
from cdr.pure.log.for_customers import for_customers
from cdr.pure.log.lines import Line, lines
from streams.models import Stream, StreamEvent
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import CallState, StreamState

router = Router(tags=["Streams of a call"])
MOST_LINES = 100
"""Of a log in one answer: more than of other lists, as logs are long."""


class EventsAsked(PageAsked):
    """`after` supersedes `offset`."""

    limit: Annotated[int | None, Field(ge=1, le=MOST_LINES), Blank] = None
    after: Annotated[
        int | None, Field(ge=0, le=MOST_OFFSET, description="The number of the last line that is known; 0: none is."), Blank
    ] = None


@endpoint(router, "GET", ONE + "Events/", {200: EventList}, summary="List or follow the debug log of a stream")
def list_events(request: AccountRequest, auth_id: str, call_uuid: str, stream_id: str, asked: Query[EventsAsked]) -> EventList:
    """What happened to the stream, and to its call. A live log is followed with `after`: the number in `next` of the answer before."""
    # The stream is read before its log: when it has ended then, its end is in the log.
    stream = rows.shown(rows.stream_of(rows.call_of(request.auth, call_uuid), stream_id))
    log = _log_of(stream)
    total_count = log.count()
    begin = asked.offset or 0 if asked.after is None else min(asked.after, total_count)
    page = ApiPage(asked.limit or MOST_PER_PAGE, begin)
    found = _read(log, page) if begin < total_count else []
    return EventList(
        api_id=new_api_id(),
        meta=paging.meta(request.path, request.GET.dict(), page, total_count, more=begin + len(found) < total_count),
        next=begin + len(found) if found else min(begin, total_count),
        ended=stream.state == StreamState.ENDED,
        call_ended=stream.call.state == CallState.ENDED,
        objects=_objects(found, stream, begin),
    )


def _log_of(stream: Stream) -> QuerySet[StreamEvent]:
    """Of a stream that has no row yet what its call saw: the stream's own lines are written after those."""
    own = Q(stream=None) if stream.pk is None else Q(stream=stream) | Q(stream=None)
    return StreamEvent.objects.filter(own, call=stream.call)


def _read(log: QuerySet[StreamEvent], page: ApiPage) -> list[StreamEvent]:
    # As a sum the key can be read from no index: PostgreSQL would go through all calls' events by it, to find the few of this one in order.
    # The keys are sorted without the details.
    keys = log.alias(written=F("pk") + 0).order_by("written").values("pk")[page.offset : page.end]
    return list(StreamEvent.objects.filter(pk__in=keys).order_by("pk"))


def _objects(events: list[StreamEvent], stream: Stream, begin: int) -> list[EventObject]:
    made = [for_customers(event_row(event, "stream" if event.stream_id else "call")) for event in events]
    # They come sorted by time.
    by_anchor = {line.anchor: line for line in lines(made, stream.requested_at)}
    return [_object(event, by_anchor[row.anchor], begin + place) for place, (event, row) in enumerate(zip(events, made, strict=True), 1)]


def _object(event: StreamEvent, line: Line, number: int) -> EventObject:
    words: dict[str, Any] = {"kind": cleaned(line.kind, 40), "level": cleaned(event.level, 10), "source": line.source}
    return EventObject(number=number, time=exact_utc(event.at), message=line.words, details=dict(line.pairs), **words)
