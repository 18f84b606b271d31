"""Turns a search text into rows of calls, streams and callbacks, by indexes only where there are some.

Owns which columns are searched. What a text may mean is cdr.pure.lookup's."""

from typing import Any

from django.db.models import Q, QuerySet

from cdr.pure.lookup import TextRange, UuidRange, number_ranges, uuid_range
from streams.models import Call, Callback, Stream


def calls_matching(calls: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Calls by their uuid or a stream's, whole or its beginning, or by a number; a text that is neither may begin a SIP address.

    A union of narrow look-ups rather than one OR over two tables: each arm uses its own index."""
    arms = [*_calls_by_uuid(uuid_range(text)), *_calls_by_number(number_ranges(text))]
    if not arms:
        return calls.filter(_sip_address(text))
    return calls.filter(pk__in=_union(arms))


def streams_matching(streams: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Streams by their uuid or their call's, by a number of the call, or by the service's host."""
    uuids, calls = uuid_range(text), _calls_by_number(number_ranges(text))
    arms: list[QuerySet[Any, Any]] = [Stream.objects.filter(call__in=found).order_by().values("pk") for found in calls]
    if uuids:
        arms += [_within(Stream.objects, "uuid", uuids).values("pk"), _within(Stream.objects, "call__uuid", uuids).values("pk")]
    if not arms:
        return streams.filter(Q(service_url__icontains=f"//{text.strip()}") | _sip_address(text, "call__"))
    return streams.filter(pk__in=_union(arms))


def callbacks_matching(callbacks: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Callbacks by the uuid of their stream or call, or by their message id."""
    uuids = uuid_range(text)
    if uuids is None:
        return callbacks.filter(message_id=text.strip())
    arms = [_within(Callback.objects, column, uuids).values("pk") for column in ("stream__uuid", "stream__call__uuid")]
    return callbacks.filter(pk__in=_union(arms))


def _calls_by_uuid(uuids: UuidRange | None) -> list[QuerySet[Any, Any]]:
    if uuids is None:
        return []
    return [_within(Call.objects, "uuid", uuids).values("pk"), _within(Stream.objects, "uuid", uuids).values("call_id")]


def _calls_by_number(ranges: list[TextRange]) -> list[QuerySet[Any, Any]]:
    if not ranges:
        return []
    return [Call.objects.filter(_any_of(column, ranges)).order_by().values("pk") for column in ("from_number", "to_number")]


def _within(rows: Any, column: str, uuids: UuidRange) -> QuerySet[Any]:
    """By a range also for a whole uuid: both databases serve it from the index."""
    found: QuerySet[Any] = rows.filter(**{f"{column}__gte": uuids.low, f"{column}__lte": uuids.high}).order_by()
    return found


def _any_of(column: str, ranges: list[TextRange]) -> Q:
    either = Q()
    for low, high in ranges:
        either |= Q(**{f"{column}__gte": low, f"{column}__lt": high})
    return either


def _union(arms: list[QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
    return arms[0].union(*arms[1:]) if len(arms) > 1 else arms[0]


def _sip_address(text: str, prefix: str = "") -> Q:
    either = Q()
    for column in ("from_number", "to_number"):
        for beginning in (text.strip(), f"sip:{text.strip()}"):
            either |= Q(**{f"{prefix}{column}__istartswith": beginning})
    return either
