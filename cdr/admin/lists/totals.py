"""What the rows of a list come to: how many, seconds, amount by currency. Of few rows at once, within half the time that the list took; of
more where it is asked for: then the database is given some time more, and where that is not enough, or where there are very many rows, it
is said that nothing was counted.

Owns that bound and the words. Must not know which filters there are."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest

from cdr.admin.lists.records import RecordList
from cdr.models import Charge
from cdr.pages.stream import charges_of
from cdr.pure.figures import counted
from cdr.pure.statement import Figures, figures_words, units_of
from cdr.statements.counting import WHAT, sums_of
from streams.models import Call, Stream

TOTALS = "totals"
"""The parameter of an address that asks for them."""
MOST_AT_ONCE, MOST_ROWS = 500, 10_000
"""500 rows take 2 to 8 ms beside a list of 60 to 80."""
LEAST_MS, MOST_MS = 100, 1000
STEPS = 5000
"""Of SQLite's machine between two looks at the clock."""
TOO_MANY = f"Not counted: there are more than {MOST_ROWS:,}. An export counts all of them."
TOO_SLOW = "Not counted: it would take longer than the list. An export counts all of them."
Found = TypeVar("Found")


class Totalled(RecordList):
    """Says what its rows come to: by itself where all are on the page, or are few beside the time that the list took; else where it is
    asked for. Who looks for a call does not wait for it."""

    totals = ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        self.params.pop(TOTALS, None)
        self.filter_params.pop(TOTALS, None)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        began = time.monotonic()
        super().get_results(request)
        if self.problems or not self.result_count:
            return
        list_ms = (time.monotonic() - began) * 1000
        if request.GET.get(TOTALS):
            self.totals = totals_words(self.queryset, list_ms)
        elif self.begins_newest and not self.older:
            self.totals = totals_of(self.result_list)
        elif self.begins_newest and self.narrowed:
            self.totals = totals_at_once(self.queryset, list_ms)

    @property
    def totals_address(self) -> str:
        """Of the same list with its totals; the place in it is the newest."""
        return f"?{self.selection}&{TOTALS}=1" if self.selection else f"?{TOTALS}=1"


def totals_words(rows: QuerySet[Any], list_ms: float) -> str:
    """In a sentence, of the rows of a list of calls or of streams that took so long."""
    budget_ms = min(max(list_ms / 2, LEAST_MS), MOST_MS)
    return _within(budget_ms, rows, MOST_ROWS, TOO_MANY, TOO_SLOW)


def totals_of(rows: Sequence[Any]) -> str:
    """The same of rows that are all there, with their streams and charges: nothing is asked for."""
    of_calls, found = isinstance(rows[0], Call), dict[str, Figures]()
    for charge in charges_of(chain.from_iterable(call.streams.all() for call in rows) if of_calls else rows):
        figures = Figures(1, charge.seconds, charge.billed_seconds, units_of(charge.amount))
        found[charge.currency] = found.get(charge.currency, Figures()).plus(figures)
    return _sentence(type(rows[0]), len(rows), sorted(found.items()))


def totals_at_once(rows: QuerySet[Any], list_ms: float) -> str:
    """The same, nobody having asked; "" of more rows, or where it would make the list half as slow again."""
    return _within(min(list_ms / 2, MOST_MS), rows, MOST_AT_ONCE, "", "")


def _within(budget_ms: float, rows: QuerySet[Any], most: int, too_many: str, too_slow: str) -> str:
    try:
        with at_most(max(budget_ms, 1)):
            return _words(rows, most, too_many)
    except OperationalError as error:
        if not ran_out(error):
            raise
        return too_slow


def _words(rows: QuerySet[Any], most: int, too_many: str) -> str:
    keys = rows.order_by().values("pk")[: most + 1]
    how_many = _count(rows.model, keys)
    if how_many > most:
        return too_many
    of_calls = issubclass(rows.model, Call)
    streams = Stream.objects.filter(call__in=keys) if of_calls else Stream.objects.filter(pk__in=keys)
    charges = Charge.objects.filter(stream__in=streams.order_by().values("pk"))
    grouped: Any = charges.order_by().values("currency").annotate(**sums_of())
    by_currency = list(grouped.values_list("currency", *WHAT).order_by("currency"))
    return _sentence(rows.model, how_many, [(currency, Figures(*figures)) for currency, *figures in by_currency])


def _sentence(model: type[Model], how_many: int, by_currency: Sequence[tuple[str, Figures]]) -> str:
    head = counted(how_many, "call" if issubclass(model, Call) else "stream")
    if not by_currency:
        return f"{head}; none of them is charged yet."
    return f"{head}: {'; '.join(figures_words(currency, figures) for currency, figures in by_currency)}."


def _count(model: type[Model], keys: QuerySet[Any]) -> int:
    found: dict[str, int] = keys.aggregate(count=Count("pk"))
    return found["count"]


@contextmanager
def at_most(milliseconds: float) -> Iterator[None]:
    """What is asked within takes no longer: it ends with an OperationalError."""
    bound = _postgresql_bound if connection.vendor == "postgresql" else _sqlite_bound
    with bound(milliseconds):
        yield


@contextmanager
def _postgresql_bound(milliseconds: float) -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{milliseconds:.0f}ms"])
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


@contextmanager
def _sqlite_bound(milliseconds: float) -> Iterator[None]:
    connection.ensure_connection()
    deadline = time.monotonic() + milliseconds / 1000
    late: Callable[[], int] = lambda: time.monotonic() > deadline  # noqa: E731 - a function of no name of its own
    connection.connection.set_progress_handler(late, STEPS)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, STEPS)


def ran_out(error: OperationalError) -> bool:
    """Whether it was our bound, and not a database that is away."""
    return getattr(error.__cause__, "sqlstate", "") == "57014" or "interrupted" in str(error)
