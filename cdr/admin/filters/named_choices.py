"""The names that filters need, in one query for a page: the accounts to choose from, and the gateways and applications whose name begins
with what was typed; and the countries by which a search reads numbers.

Owns that query, and keeps its answer on the request. Must not know what is narrowed by it."""

from typing import Any, NamedTuple, TypeVar

from django.db.models import BigIntegerField, CharField, Manager, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest

from streams.models import Account, Application, Gateway

SHOWN_ACCOUNTS = 500
MOST_NAMED = 1000


Tenant = TypeVar("Tenant", Account, Application, Gateway)
NamedChoice = tuple[str, int, str, str]
"""What it is, its key, the code or name that an address holds, and its name."""


class Names(NamedTuple):
    """`accounts`: key, auth id and name. `gateways`, `applications`: the keys of those that are meant. `countries`: of all accounts, each
    once, "" where one has none."""

    accounts: list[tuple[int, str, str]]
    gateways: list[int]
    applications: list[int]
    countries: list[str]


def names(request: HttpRequest) -> Names:
    known: Names | None = getattr(request, "_streamdesk_names", None)
    if known is None:
        known = _read(typed(request, "gateway"), typed(request, "application"))
        request._streamdesk_names = known  # type: ignore[attr-defined]
    return known


def typed(request: HttpRequest, parameter: str) -> str:
    return request.GET.get(parameter, "").replace("\x00", "").strip()


def _read(gateway: str, application: str) -> Names:
    found = [_rows("account", Account.objects.filter(pk__in=Account.objects.order_by("name").values("pk")[:SHOWN_ACCOUNTS]), "auth_id")]
    found.append(_countries())
    if gateway:
        found.append(_rows("gateway", _beginning(Gateway.objects, gateway), "name"))
    if application:
        found.append(_rows("application", _beginning(Application.objects, application), "name"))
    rows = list(found[0].union(*found[1:], all=True))
    accounts = sorted(((key, code, name) for kind, key, code, name in rows if kind == "account"), key=lambda account: account[2])
    countries = sorted(code for kind, _, code, _ in rows if kind == "country")
    return Names(accounts, _meant(rows, "gateway", gateway), _meant(rows, "application", application), countries)


def _countries() -> QuerySet[Any, NamedChoice]:
    text: CharField[str, str] = CharField()
    found = Account.objects.order_by().annotate(code=Cast("country", text))
    return found.values_list(Value("country", text), Value(0, BigIntegerField()), "code", Value("", text)).distinct()


def _rows(kind: str, rows: QuerySet[Tenant], code: str) -> QuerySet[Any, NamedChoice]:
    text: CharField[str, str] = CharField()
    return rows.order_by().values_list(Value(kind, text), "pk", Cast(code, text), Cast("name", text))


def _beginning(rows: Manager[Tenant], name: str) -> QuerySet[Tenant]:
    return rows.filter(pk__in=rows.filter(name__istartswith=name).order_by("name").values("pk")[:MOST_NAMED])


def _meant(rows: list[NamedChoice], kind: str, text: str) -> list[int]:
    """Those with just this name, when there are some; else all that begin with it."""
    named = [(key, name.lower()) for of, key, _, name in rows if of == kind]
    return [key for key, name in named if name == text.lower()] or [key for key, _ in named]
