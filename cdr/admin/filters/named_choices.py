"""The names that filters need, in one query for a page: the accounts to choose from, and the gateways and applications whose name begins
with what was typed into a filter or the search; and the countries by which a search reads numbers.

Owns that query, and keeps its answer on the request. Must not know what is narrowed by it."""

from typing import Any, NamedTuple, TypeVar

from django.db.models import BigIntegerField, CharField, Manager, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone

from cdr.pure.said_time import NotATime, split_time
from streams.models import Account, Application, Gateway

SHOWN_ACCOUNTS = 500
MOST_NAMED, MOST_SEARCHED = 1000, 20


Tenant = TypeVar("Tenant", Account, Application, Gateway)
NamedChoice = tuple[str, int, str, str]
"""What it is, its key, the code or name that an address holds, and its name."""


class Names(NamedTuple):
    """`accounts`: key, auth id and name. `gateways`, `applications`: the keys of those that are meant. `countries`: of all accounts, each
    once, "" where one has none. `searched`: what is named as the search is, or begins so."""

    accounts: list[tuple[int, str, str]]
    gateways: list[int]
    applications: list[int]
    countries: list[str]
    searched: list[NamedChoice]


def names(request: HttpRequest) -> Names:
    known: Names | None = getattr(request, "_streamdesk_names", None)
    if known is None:
        known = _read(typed(request, "gateway"), typed(request, "application"), _name_sought(request))
        request._streamdesk_names = known  # type: ignore[attr-defined]
    return known


def typed(request: HttpRequest, parameter: str) -> str:
    return request.GET.get(parameter, "").replace("\x00", "").strip()


def _name_sought(request: HttpRequest) -> str:
    """What may be a name in the search: not its time, and nothing without a letter."""
    try:
        text, _ = split_time(typed(request, "q"), timezone.localtime())
    except NotATime:
        return ""
    return text if len(text) > 1 and any(map(str.isalpha, text)) else ""


def _read(gateway: str, application: str, sought: str) -> Names:
    found = [_rows("account", Account.objects.filter(pk__in=Account.objects.order_by("name").values("pk")[:SHOWN_ACCOUNTS]), "auth_id")]
    found.append(_countries())
    if gateway:
        found.append(_rows("gateway", _beginning(Gateway.objects, gateway), "name"))
    if application:
        found.append(_rows("application", _beginning(Application.objects, application), "name"))
    if sought:
        found.append(_rows("searched account", _beginning(Account.objects, sought, MOST_SEARCHED), "auth_id"))
        found.append(_rows("searched gateway", _beginning(Gateway.objects, sought, MOST_SEARCHED), "name"))
        found.append(_rows("searched application", _beginning(Application.objects, sought, MOST_SEARCHED), "name"))
    rows = list(found[0].union(*found[1:], all=True))
    accounts = sorted(((key, code, name) for kind, key, code, name in rows if kind == "account"), key=lambda account: account[2])
    countries = sorted(code for kind, _, code, _ in rows if kind == "country")
    searched = [(kind.removeprefix("searched "), key, code, name) for kind, key, code, name in rows if kind.startswith("searched ")]
    return Names(accounts, _meant(rows, "gateway", gateway), _meant(rows, "application", application), countries, sorted(searched))


def _countries() -> QuerySet[Any, NamedChoice]:
    text: CharField[str, str] = CharField()
    found = Account.objects.order_by().annotate(code=Cast("country", text))
    return found.values_list(Value("country", text), Value(0, BigIntegerField()), "code", Value("", text)).distinct()


def _rows(kind: str, rows: QuerySet[Tenant], code: str) -> QuerySet[Any, NamedChoice]:
    text: CharField[str, str] = CharField()
    return rows.order_by().values_list(Value(kind, text), "pk", Cast(code, text), Cast("name", text))


def _beginning(rows: Manager[Tenant], name: str, most: int = MOST_NAMED) -> QuerySet[Tenant]:
    return rows.filter(pk__in=rows.filter(name__istartswith=name).order_by("name").values("pk")[:most])


def _meant(rows: list[NamedChoice], kind: str, text: str) -> list[int]:
    """Those with just this name, when there are some; else all that begin with it."""
    named = [(key, name.lower()) for of, key, _, name in rows if of == kind]
    return [key for key, name in named if name == text.lower()] or [key for key, _ in named]
