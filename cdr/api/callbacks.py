"""The status callbacks of a stream, each with the tries to deliver it.

Owns the operation, and which column is which field. Must not know how callbacks are sent."""

from django.db.models import F, Prefetch
from ninja import Query, Router

from cdr.api import paging, rows
from cdr.api.auth import AccountRequest
from cdr.api.errors import new_api_id
from cdr.api.forms import exact_utc
from cdr.api.paging import PageAsked
from cdr.api.record_schemas import AttemptObject, CallbackList, CallbackObject
from cdr.api.routes import endpoint
from cdr.api.streams import ONE
from cdr.pure.log.lines import answer_head
from streams.models import Callback, CallbackAttempt, CallbackState, Stream
from streams.pure.foreign_text import cleaned
from streams.pure.scrubbing import scrubbed

router = Router(tags=["Streams of a call"])
MOST_ATTEMPTS = 20
"""Of one callback: they are fewer, unless it was sent again by hand."""
ANSWER_CHARACTERS = 1000


@endpoint(router, "GET", ONE + "Callbacks/", {200: CallbackList}, summary="List the status callbacks of a stream")
def list_callbacks(request: AccountRequest, auth_id: str, call_uuid: str, stream_id: str, asked: Query[PageAsked]) -> CallbackList:
    """In the order in which they came about, each with its tries: what was answered, how long that took, and when it is tried again."""
    page = paging.api_page(asked.limit, asked.offset, None)
    found = rows.stream_of(rows.call_of(request.auth, call_uuid), stream_id)
    # A stream that has no row yet owes nothing.
    callbacks = Callback.objects.filter(stream=found) if isinstance(found, Stream) else Callback.objects.none()
    total_count = callbacks.count()
    last = CallbackAttempt.objects.filter(number__gt=F("callback__tries") - MOST_ATTEMPTS).order_by("number")
    shown = callbacks.defer("parameters").order_by("number").prefetch_related(Prefetch("attempts", last, to_attr="last_attempts"))
    meta = paging.meta(request.path, request.GET.dict(), page, total_count, more=page.end < total_count)
    return CallbackList(api_id=new_api_id(), meta=meta, objects=[_callback(row) for row in shown[page.offset : page.end]])


def _callback(row: Callback) -> CallbackObject:
    """Of a row with its `last_attempts`."""
    attempts: list[CallbackAttempt] = getattr(row, "last_attempts", [])
    pending = row.state == CallbackState.PENDING
    return CallbackObject(
        callback_id=row.message_id,
        number=row.number,
        event=row.event,
        method=row.method,
        url=cleaned(scrubbed(row.url), len(row.url)),
        state=row.state,
        created_at=exact_utc(row.created_at),
        finished_at=exact_utc(row.finished_at) if row.finished_at else None,
        tries=row.tries,
        next_try=exact_utc(row.due_at) if pending and row.due_at else None,
        held=pending and row.due_at is None,
        attempts=[_attempt(attempt) for attempt in attempts[-MOST_ATTEMPTS:]],
    )


def _attempt(row: CallbackAttempt) -> AttemptObject:
    return AttemptObject(
        number=row.number,
        start_time=exact_utc(row.started_at),
        duration_ms=row.duration_ms,
        address=row.address,
        status_code=row.status,
        error=scrubbed(cleaned(row.error)),
        answer=scrubbed(answer_head(row.response_head))[:ANSWER_CHARACTERS],
    )
