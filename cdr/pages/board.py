"""What the console's first page says: what is live, and what went wrong of late.

Owns those counts, all of them capped. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from streams.models import Call, Callback, CallbackState, Stream
from streams.pure.lifecycle import CallState, HangupReason, StreamState

COUNTED_TO = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A count, in words where it is capped. `path` names the list it was counted in; `query`: the filters that show the same rows."""

    count: str
    label: str
    path: str
    query: str
    bad: bool = False


def board(now: datetime) -> list[Figure]:
    """Five counts in five queries."""
    since = now - timedelta(hours=1)
    live = Stream.objects.filter(call__state=CallState.LIVE).exclude(state=StreamState.ENDED)
    errors = Stream.objects.filter(hangup_reason=HangupReason.CONNECTION_ERROR, requested_at__gte=since)
    given_up = Callback.objects.filter(state=CallbackState.GIVEN_UP, created_at__gte=since)
    calls, streams, callbacks = (f"admin:{name}_changelist" for name in ("cdr_calldetail", "cdr_streamdetail", "streams_callback"))
    return [
        _figure(Call.objects.filter(state=CallState.LIVE), "calls are live", calls, "state=live"),
        _figure(live, "streams are live", streams, "state=live"),
        _figure(errors, "connection errors in the last hour", streams, "reason=Connection+error&when=hour", True),
        _figure(given_up, "callbacks given up in the last hour", callbacks, "state=given_up&when=hour", True),
        _figure(Callback.objects.filter(state=CallbackState.PENDING), "callbacks wait", callbacks, "state=pending"),
    ]


def _figure(rows: "QuerySet[Call] | QuerySet[Stream] | QuerySet[Callback]", label: str, path: str, query: str, bad: bool = False) -> Figure:
    count = rows.order_by()[: COUNTED_TO + 1].count()
    return Figure(f"over {COUNTED_TO:,}" if count > COUNTED_TO else str(count), label, path, query, bad and count > 0)
