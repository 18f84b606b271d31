"""The names that filters need, in one query for a page: the accounts to choose from, and the gateways and applications whose name begins
with what was typed into a filter or the search; and the countries by which a search reads numbers.

Owns that query, and keeps its answer on the request; and what is named as a text is. Must not know what is narrowed by it."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, TypeVar

from django.db.models import BigIntegerField, CharField, Manager, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone

from cdr.pure.lookup import name_sought
from streams.models import Account, Application, Gateway

SHOWN_ACCOUNTS = 500
MOST_NAMED, MOST_SEARCHED = 1000, 20
SEARCHED_KINDS = ("account", "gateway", "application")


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
        known = _read(typed(request, "gateway"), typed(request, "application"), name_sought(typed(request, "q"), timezone.localtime()))
        request._streamdesk_names = known  # type: ignore[attr-defined]
    return known


def typed(request: HttpRequest, parameter: str) -> str:
    return request.GET.get(parameter, "").replace("\x00", "").strip()


def tenants_named(text: str, kinds: Collection[str] = SEARCHED_KINDS) -> list[NamedChoice]:
    """What of these kinds is named as a search is, or begins so; in one query, and in none where no name is meant."""
    name = name_sought(text, timezone.localtime())
    found = _searched(name, kinds) if name else []
    return _in_order(found[0].union(*found[1:], all=True)) if found else []


def _read(gateway: str, application: str, sought: str) -> Names:
    found = [_rows("account", Account.objects.filter(pk__in=Account.objects.order_by("name").values("pk")[:SHOWN_ACCOUNTS]), "auth_id")]
    found.append(_countries())
    if gateway:
        found.append(_rows("gateway", _beginning(Gateway.objects, gateway), "name"))
    if application:
        found.append(_rows("application", _beginning(Application.objects, application), "name"))
    if sought:
        found += _searched(sought, SEARCHED_KINDS)
    rows = list(found[0].union(*found[1:], all=True))
    accounts = sorted(((key, code, name) for kind, key, code, name in rows if kind == "account"), key=lambda account: account[2])
    countries = sorted(code for kind, _, code, _ in rows if kind == "country")
    return Names(accounts, _meant(rows, "gateway", gateway), _meant(rows, "application", application), countries, _in_order(rows))


def _searched(name: str, kinds: Collection[str]) -> list[QuerySet[Any, NamedChoice]]:
    of_kind = {
        "account": lambda: _rows("searched account", _beginning(Account.objects, name, MOST_SEARCHED), "auth_id"),
        "gateway": lambda: _rows("searched gateway", _beginning(Gateway.objects, name, MOST_SEARCHED), "name"),
        "application": lambda: _rows("searched application", _beginning(Application.objects, name, MOST_SEARCHED), "name"),
    }
    return [of_kind[kind]() for kind in SEARCHED_KINDS if kind in kinds]


def _in_order(rows: Iterable[NamedChoice]) -> list[NamedChoice]:
    return sorted((kind.removeprefix("searched "), key, code, name) for kind, key, code, name in rows if kind.startswith("searched "))


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
