"""What is looked for at the desk: uuids, numbers and hosts, with a time, among the rows of a scope and nothing else. No name of a tenant is
looked up, and no row of another account makes a search find more or less.

Owns which columns are searched. What a text may mean is cdr.pure.lookup's."""

from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone

from cdr.admin.lists.around_time import around
from cdr.desk_scope import DeskScope
from cdr.number_lookup import SIDES, few_having, having_number
from cdr.prefix_lookup import Begins
from cdr.pure.lookup import NumbersSought, UuidRange, numbers_sought, service_host, uuid_range
from cdr.pure.said_time import NotATime, SaidTime, split_time
from streams.models import Call, Callback, Stream

CallOrStream = TypeVar("CallOrStream", bound=Call | Stream)


def problem_of(text: str) -> str:
    """Why the text cannot be looked for, in a sentence; "" when it can."""
    try:
        _split(text)
    except NotATime as error:
        return str(error)
    return ""


def searched(scope: DeskScope, rows: QuerySet[CallOrStream], text: str) -> QuerySet[CallOrStream]:
    """Calls or streams of the scope; all of them by no text."""
    try:
        rest, said = _split(text)
    except NotATime:
        return rows.none()
    of_streams = issubclass(rows.model, Stream)
    if said:
        rows = rows.filter(around(said, of_streams=of_streams))
    return rows.filter(_meant(scope, rest, of_streams)) if rest else rows


def callbacks_searched(scope: DeskScope, rows: QuerySet[Callback], text: str) -> QuerySet[Callback]:
    """By the uuid of their stream or call, or by their message id."""
    text = text.replace("\x00", "").strip()
    if not text:
        return rows
    by_id, uuids = Q(message_id=text), uuid_range(text)
    if uuids is None:
        return rows.filter(by_id)
    streams = scope.rows(Stream).filter(_within("uuid", uuids) | _within("call__uuid", uuids))
    return rows.filter(by_id | Q(stream__in=streams.order_by().values("pk")))


def _split(text: str) -> tuple[str, SaidTime | None]:
    rest, said = split_time(text.replace("\x00", ""), timezone.localtime())
    return rest.strip(), said


def _meant(scope: DeskScope, text: str, of_streams: bool) -> Q:
    """One of the readings, on columns of calls or of streams."""
    found = []
    if uuids := uuid_range(text):
        found += _by_uuid(scope, uuids, of_streams)
    if host := service_host(text):
        named = of_own_host(host.name)
        named &= Q(service_url__icontains=f"//{host.name}:{host.port}") if host.port else Q()
        found.append(named if of_streams else Q(pk__in=scope.rows(Stream).filter(named).order_by().values("call_id")))
    numbers = numbers_sought(text, {account.country for account in scope.accounts})
    if any(numbers):
        found += _by_number(scope, numbers, of_streams)
    return reduce(or_, found) if found else Q(pk__in=[])


def of_own_host(begins: str) -> Q:
    """Streams of a host that begins so. Read from the account's own streams: an index of all hosts, or how many the database believes that
    there are of one, would make an answer quick or slow by what others have."""
    return Q(Begins(Concat("service_host", Value("")), begins))


def _by_number(scope: DeskScope, numbers: NumbersSought, of_streams: bool) -> list[Q]:
    calls = few_having(scope.rows(Call), numbers)
    if calls is None:
        return [having_number(side, numbers, "call__" if of_streams else "") for side in SIDES]
    return [Q(call__in=calls) if of_streams else Q(pk__in=calls)]


def _by_uuid(scope: DeskScope, uuids: UuidRange, of_streams: bool) -> list[Q]:
    own = _within("uuid", uuids)
    if of_streams:
        return [own, Q(call__in=scope.rows(Call).filter(own).order_by().values("pk"))]
    return [own, Q(pk__in=scope.rows(Stream).filter(own).order_by().values("call_id"))]


def _within(column: str, uuids: UuidRange) -> Q:
    return Q(**{f"{column}__gte": uuids.low, f"{column}__lte": uuids.high})
