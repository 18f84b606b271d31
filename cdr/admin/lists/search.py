"""Turns a search text into rows of calls, streams and callbacks, by indexes only.

Owns which columns are searched, and who searches them how. What a text may mean is cdr.pure.lookup's."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple, TypeVar

from django.db.models import BigIntegerField, Exists, Manager, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from cdr.admin.filters.named_choices import NamedChoice, names
from cdr.admin.lists.around_time import around
from cdr.number_lookup import SIDES, few_having, having_number
from cdr.pure.lookup import NumbersSought, ServiceHost, UuidRange, numbers_sought, service_host, uuid_range, whole_numbers
from cdr.pure.said_time import NotATime, SaidTime, split_time
from cdr.pure.search_words import SearchReading, how_searched
from cdr.roles import NUMBERS
from streams.models import Call, Callback, Stream

CallOrStream = TypeVar("CallOrStream", bound=Call | Stream)
MOST_STREAMS = 1000


class Sought(NamedTuple):
    """What a text means, once the database was asked which host it names, or which uuids begin with it: `calls` and `streams` are primary
    keys, `calls_of` those of the streams' calls. `whole`: the host is written out. `having`: calls that have the number, where they are
    few; None where they are not. `of`: a kind of what is named so, and the keys; `named`: all that is. `said`: when it was; `text`: what
    else was typed. `problem`: why it cannot be meant."""

    numbers: NumbersSought
    calls: list[int]
    streams: list[int]
    calls_of: list[int]
    host: ServiceHost | None = None
    whole: bool = False
    having: Sequence[int] | None = ()
    of: tuple[str, list[int]] | None = None
    named: tuple[NamedChoice, ...] = ()
    said: SaidTime | None = None
    text: str = ""
    problem: str = ""


NOTHING_SOUGHT = Sought(NumbersSought(), [], [], [])


def sought(request: HttpRequest, text: str) -> Sought:
    """Asked once a page. Who may not see numbers finds whole ones, and never narrows one down."""
    known: Sought | None = getattr(request, "_streamdesk_sought", None)
    if known is None:
        known = _read(request, text)
        request._streamdesk_sought = known  # type: ignore[attr-defined]
    return known


def _read(request: HttpRequest, text: str) -> Sought:
    try:
        rest, said = split_time(text.replace("\x00", ""), timezone.localtime())
    except NotATime as error:
        return NOTHING_SOUGHT._replace(problem=str(error))
    found = (_host_sought(rest) or _rows_sought(request, rest)) if rest.strip() else NOTHING_SOUGHT
    return found._replace(said=said, text=rest.strip())


def search_problem(request: HttpRequest, text: str) -> str:
    """Why the text cannot be looked for, in a sentence; "" when it can."""
    return sought(request, text).problem if text.strip() else ""


def searched_in_words(request: HttpRequest, text: str) -> str:
    found = sought(request, text)
    kind, keys = found.of or ("", [])
    names_of = tuple(name for of, key, _, name in found.named if of == kind and key in keys)
    begun = uuid_range(found.text) if found.text else None
    reading = SearchReading(found.text, found.numbers, bool(begun), found.host, found.whole, kind, names_of, found.said)
    return how_searched(reading, whole_numbers=request.user.has_perm(NUMBERS))


def names_a_host(request: HttpRequest, text: str) -> bool:
    """Whether it is looked for in streams: it names the host of a service."""
    return bool(text.strip()) and sought(request, text).host is not None


def matching(request: HttpRequest, rows: QuerySet[CallOrStream], text: str, *, by_call: bool = False) -> QuerySet[CallOrStream]:
    """Calls or streams by the uuid of either, by a number or a SIP address, by the name of their account, gateway or application, and by a
    time; streams by their service's host as well; all by no text. `by_call`: of streams the time of their call is meant.

    What is few is asked for by its keys; what is much by one condition on columns, so that the database goes through the list in its
    order."""
    if not text.strip():
        return rows
    found, of_streams = sought(request, text), issubclass(rows.model, Stream)
    if found.problem:
        return rows.none()
    if found.said:
        rows = rows.filter(around(found.said, of_streams=of_streams, by_call=by_call))
    return _of_what(rows, found, of_streams) if found.text else rows


def _of_what(rows: QuerySet[CallOrStream], found: Sought, of_streams: bool) -> QuerySet[CallOrStream]:
    if found.of:
        return rows.filter(_of(found.of, of_streams))
    if found.host:
        return rows.filter(_of_host(found.host, found.whole)) if of_streams else rows
    calls = [*found.calls, *(found.having or ())]
    by_key = Q(call__in=calls) | Q(pk__in=found.streams) if of_streams else Q(pk__in=calls + found.calls_of)
    if found.having is not None:
        return rows.filter(by_key)
    by_number = [having_number(side, found.numbers, "call__" if of_streams else "") for side in SIDES]
    if of_streams and (found.calls or found.streams):
        # No index serves an OR over two tables.
        table = Stream.objects.order_by()
        arms = [table.filter(condition).values("pk") for condition in (*by_number, by_key)]
        return rows.filter(pk__in=arms[0].union(*arms[1:]))
    return rows.filter(reduce(or_, by_number, by_key))


def _of(of: tuple[str, list[int]], of_streams: bool) -> Q:
    """Of one key an index has the rows in order."""
    kind, keys = of
    column = kind if kind == "account" or not of_streams else f"call__{kind}"
    return Q(**{column: keys[0]}) if len(keys) == 1 else Q(**{f"{column}__in": keys})


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
    having = few_having(Call.objects.all(), numbers)
    found = Sought(numbers, calls, [stream for stream, _ in streams], [call for _, call in streams], having=having)
    named = () if uuids and uuids.low == uuids.high else tuple(names(request).searched)
    if not named or pairs or found.having is None or found.having:
        return found._replace(named=named)  # what somebody is called, who called or was called, is meant rather than what has such a name
    return found._replace(named=named, of=_first_named(named, text))


def _first_named(named: tuple[NamedChoice, ...], text: str) -> tuple[str, list[int]]:
    """What has just this name, else what begins so; an account before a gateway and an application."""
    order = {"account": 0, "gateway": 1, "application": 2}
    kind, _, _, name = min(named, key=lambda choice: (choice[3].lower() != text.strip().lower(), order[choice[0]]))
    exact = name.lower() == text.strip().lower()
    return kind, [key for of, key, _, other in named if of == kind and (not exact or other.lower() == name.lower())]


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
