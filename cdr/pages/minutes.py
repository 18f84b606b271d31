"""How many there were in each of the last 60 minutes: calls that started, streams that were asked for, those of them that had a connection
error, callbacks that still wait. For drawings on the first page.

Owns those counts, of the newest rows of each kind, in one query for all. Must not know words or pages."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import CharField, Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncMinute

from streams.models import UNUSUAL, Call, Callback, CallbackState, Stream
from streams.pure.lifecycle import HangupReason

SHOWN_MINUTES = 60
MOST_COUNTED = 200_000
"""Of calls and streams, which an index alone tells."""
MOST_WAITING = 50_000


class MinuteCounts(NamedTuple):
    """`each`: by minute, the running one last. `most`: there are more than so many, of which the newest were counted; 0 when all were."""

    each: list[int]
    most: int = 0


class Minutes(NamedTuple):
    """`first`: when the first of them began."""

    first: datetime
    calls: MinuteCounts
    streams: MinuteCounts
    errors: MinuteCounts
    waiting: MinuteCounts


def last_minutes(now: datetime) -> Minutes:
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=SHOWN_MINUTES - 1)
    failed = Stream.objects.filter(UNUSUAL, hangup_reason=HangupReason.CONNECTION_ERROR)
    waiting = Callback.objects.filter(state=CallbackState.PENDING)
    kinds: dict[str, tuple[QuerySet[Any], str, int]] = {
        "calls": (Call.objects.all(), "started_at", MOST_COUNTED),
        "streams": (Stream.objects.all(), "requested_at", MOST_COUNTED),
        "errors": (failed, "requested_at", MOST_COUNTED),
        "waiting": (waiting, "created_at", MOST_WAITING),
    }
    one, *others = (_counted(kind, *which, first) for kind, which in kinds.items())
    found = {(kind, minute): count for kind, minute, count in one.union(*others, all=True)}
    minutes = [first + timedelta(minutes=number) for number in range(SHOWN_MINUTES)]
    each = {kind: [found.get((kind, minute), 0) for minute in minutes] for kind in kinds}
    return Minutes(first, **{kind: MinuteCounts(each[kind], most if sum(each[kind]) > most else 0) for kind, (_, _, most) in kinds.items()})


def _counted(kind: str, rows: QuerySet[Any], column: str, most: int, first: datetime) -> QuerySet[Any, Any]:
    """From the row on that is beyond the newest `most`, if there is one. That they are of the last minutes is said as well: of what a
    subquery tells, a database expects a third of the table."""
    recent = rows.filter(**{f"{column}__gte": first})
    beyond = recent.order_by(f"-{column}", "-id").values(column)[most : most + 1]
    newest = recent.filter(**{f"{column}__gte": Coalesce(Subquery(beyond), Value(first))}).order_by()
    by_minute = newest.annotate(kind=Value(kind, CharField()), minute=TruncMinute(column)).values("kind", "minute")
    counted: QuerySet[Any, Any] = by_minute.annotate(count=Count("pk")).values_list("kind", "minute", "count")
    return counted
