"""Turns a search text into rows of calls, streams and callbacks, by indexes only.

Owns which columns are searched, and who searches them how. What a text may mean is cdr.pure.lookup's."""

from functools import reduce
from operator import or_
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import BigIntegerField, Exists, Manager, Q, QuerySet, Value
from django.http import HttpRequest

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from cdr.admin.filters.named_choices import names
from cdr.number_lookup import having_number
from cdr.pure.lookup import NumbersSought, ServiceHost, UuidRange, numbers_sought, service_host, uuid_range, whole_numbers
from cdr.roles import NUMBERS
from streams.models import Call, Callback, Stream

CallOrStream = TypeVar("CallOrStream", bound=Call | Stream)
MOST_STREAMS = 1000
DIGITS_OF_FEW = 7


class Sought(NamedTuple):
    """What a text means, once the database was asked which host it names, or which uuids begin with it: `calls` and `streams` are primary
    keys, `calls_of` those of the streams' calls. `whole`: the host is written out."""

    numbers: NumbersSought
    calls: list[int]
    streams: list[int]
    calls_of: list[int]
    host: ServiceHost | None = None
    whole: bool = False


def sought(request: HttpRequest, text: str) -> Sought:
    """In one query at most, and once a page. Who may not see numbers finds whole ones, and never narrows one down."""
    known: Sought | None = getattr(request, "_streamdesk_sought", None)
    if known is None:
        known = _host_sought(text) or _rows_sought(request, text)
        request._streamdesk_sought = known  # type: ignore[attr-defined]
    return known


def names_a_host(request: HttpRequest, text: str) -> bool:
    """Whether it is looked for in streams: it names the host of a service."""
    return bool(text.strip()) and sought(request, text).host is not None


def matching(request: HttpRequest, rows: QuerySet[CallOrStream], text: str) -> QuerySet[CallOrStream]:
    """Calls or streams by the uuid of either, by a number or a SIP address; streams by their service's host as well; all by no text.

    One condition on columns, so that the database chooses between their indexes and the order of the list, by how much it expects to
    find."""
    if not text.strip():
        return rows
    found, of_streams = sought(request, text), issubclass(rows.model, Stream)
    if found.host:
        return rows.filter(_of_host(found.host, found.whole)) if of_streams else rows
    by_key = Q(call__in=found.calls) | Q(pk__in=found.streams) if of_streams else Q(pk__in=found.calls + found.calls_of)
    to_call = "call__" if of_streams else ""
    by_number = [having_number(side, found.numbers, to_call) for side in ("from", "to")] if any(found.numbers) else []
    if (of_streams and by_number and (found.calls or found.streams)) or _sqlite_walks(found.numbers):
        # No index serves an OR over two tables.
        table = Stream.objects.order_by() if of_streams else Call.objects.order_by()
        arms = [table.filter(condition).values("pk") for condition in (*by_number, by_key)]
        return rows.filter(pk__in=arms[0].union(*arms[1:]))
    return rows.filter(reduce(or_, by_number, by_key))


def _sqlite_walks(numbers: NumbersSought) -> bool:
    """SQLite keeps no statistics, so it walks through all calls, newest first, also for a number that is hardly ever called. One that is
    all but written out is taken for such, and so is what a number ends with."""
    few = all(len(begun) >= DIGITS_OF_FEW for begun in numbers.begins)
    return connection.vendor == "sqlite" and any(numbers) and few


def callbacks_matching(callbacks: QuerySet[Callback], text: str) -> QuerySet[Callback]:
    """Callbacks by the uuid of their stream or call, or by their message id; all of them by no text."""
    if not text.strip():
        return callbacks
    uuids = uuid_range(text)
    if uuids is None:
        return callbacks.filter(message_id=text.strip())
    streams = list(_within(Stream.objects, "uuid", uuids).values_list("pk", flat=True)[:MOST_STREAMS])
    streams += _within(Stream.objects, "call__uuid", uuids).values_list("pk", flat=True)[:MOST_STREAMS]
    return callbacks.filter(stream__in=streams)


def _host_sought(text: str) -> Sought | None:
    """None when the text names no host that a stream went to."""
    host = service_host(text)
    if host is None:
        return None
    streams = Stream.objects.order_by()
    known = (Exists(streams.filter(**{condition: host.name})) for condition in ("service_host", "service_host__begins"))
    for whole, begun in streams.values_list(*known)[:1]:
        return Sought(NumbersSought(), [], [], [], host, whole) if begun else None
    return None


def _rows_sought(request: HttpRequest, text: str) -> Sought:
    """A whole uuid is nothing else; the beginning of one may as well be a number's or a name's."""
    uuids = uuid_range(text)
    pairs = _by_uuid(uuids) if uuids else []
    numbers = NumbersSought()
    if uuids is None or uuids.low != uuids.high:
        read = numbers_sought if request.user.has_perm(NUMBERS) else whole_numbers
        numbers = read(text, names(request).countries)
    streams = [(stream, call) for stream, call in pairs if stream]
    calls = [call for stream, call in pairs if not stream]
    return Sought(numbers, calls, [stream for stream, _ in streams], [call for _, call in streams])


def _by_uuid(uuids: UuidRange) -> list[tuple[int, int]]:
    """Streams with their call, and calls, with 0 for the stream."""
    streams = _within(Stream.objects, "uuid", uuids).values_list("pk", "call_id")
    calls = _within(Call.objects, "uuid", uuids).values_list(Value(0, BigIntegerField()), "pk")
    return list(streams.union(calls, all=True))


def _within(rows: Manager[CallOrStream], column: str, uuids: UuidRange) -> QuerySet[CallOrStream]:
    """By a range also for a whole uuid: both databases serve it from the index."""
    return rows.filter(**{f"{column}__gte": uuids.low, f"{column}__lte": uuids.high}).order_by()


def _of_host(host: ServiceHost, whole: bool) -> Q:
    """Of a host that is written out an index has the rows in order."""
    named = Q(service_host=host.name) if whole else Q(service_host__begins=host.name)
    return named & Q(service_url__icontains=f"//{host.name}:{host.port}") if host.port else named
