"""What the rows of a list come to: how many, seconds, amount by currency. Within the list's own time: the database is given half
of what the list took, and where that is not enough, or where there are very many rows, it is said that nothing was counted.

Owns that bound and the words. Must not know which filters there are."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest

from cdr.admin.lists.records import RecordList
from cdr.models import Charge
from cdr.pure.figures import counted
from cdr.pure.statement import Figures, figures_words
from cdr.statements.counting import WHAT, sums_of
from streams.models import Call, Stream

TOTALS = "totals"
"""The parameter of an address that asks for them."""
MOST_ROWS = 10_000
LEAST_MS, MOST_MS = 100, 1000
STEPS = 5000
"""Of SQLite's machine between two looks at the clock."""
TOO_MANY = f"Not counted: there are more than {MOST_ROWS:,}. An export counts all of them."
TOO_SLOW = "Not counted: it would take longer than the list. An export counts all of them."
Found = TypeVar("Found")


class Totalled(RecordList):
    """Says what its rows come to, where that is asked for: who looks for a call does not wait for it."""

    totals = ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        self.params.pop(TOTALS, None)
        self.filter_params.pop(TOTALS, None)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        began = time.monotonic()
        super().get_results(request)
        if request.GET.get(TOTALS) and self.result_count and not self.problems:
            self.totals = totals_words(self.queryset, (time.monotonic() - began) * 1000)

    @property
    def totals_address(self) -> str:
        """Of the same list with its totals; the place in it is the newest."""
        return f"?{self.selection}&{TOTALS}=1" if self.selection else f"?{TOTALS}=1"


def totals_words(rows: QuerySet[Any], list_ms: float) -> str:
    """In a sentence, of the rows of a list of calls or of streams that took so long."""
    budget_ms = min(max(list_ms / 2, LEAST_MS), MOST_MS)
    try:
        with at_most(budget_ms):
            return _words(rows)
    except OperationalError as error:
        if not ran_out(error):
            raise
        return TOO_SLOW


def _words(rows: QuerySet[Any]) -> str:
    keys = rows.order_by().values("pk")[: MOST_ROWS + 1]
    how_many = _count(rows.model, keys)
    if how_many > MOST_ROWS:
        return TOO_MANY
    of_calls = issubclass(rows.model, Call)
    streams = Stream.objects.filter(call__in=keys) if of_calls else Stream.objects.filter(pk__in=keys)
    charges = Charge.objects.filter(stream__in=streams.order_by().values("pk"))
    grouped: Any = charges.order_by().values("currency").annotate(**sums_of())
    by_currency = list(grouped.values_list("currency", *WHAT).order_by("currency"))
    head = counted(how_many, "call" if of_calls else "stream")
    if not by_currency:
        return f"{head}; none of them is charged yet."
    return f"{head}: {'; '.join(figures_words(currency, Figures(*figures)) for currency, *figures in by_currency)}."


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
