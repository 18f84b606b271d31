"""What the rows of a list come to: how many, seconds, amount by currency. By itself where that takes at most half the time that the list
took; else where it is asked for, and then within a second, or it is said that nothing was counted.

Owns those bounds and the words. Must not know which filters there are, or how it is counted (cdr.statements.counting)."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from cdr.admin.lists.records import RecordList
from cdr.pages.stream import charges_of
from cdr.pure.figures import counted
from cdr.pure.statement import Figures, figures_words, units_of
from cdr.statements.counting import charges_behind
from streams.models import Call

TOTALS = "totals"
"""The parameter of an address that asks for them."""
MOST_AT_ONCE, MOST_ROWS = 10_000, 10_000_000
"""10,000 streams take 15 ms, as many calls 27, where a list takes 45."""
MOST_MS = 1000
STEPS = 5000
"""Of SQLite's machine between two looks at the clock."""
TOO_MANY = f"Not counted: there are more than {MOST_ROWS:,}. An export counts all of them."
TOO_SLOW = f"Not counted: it would take longer than {MOST_MS // 1000} s. An export counts all of them."
Found = TypeVar("Found")


class Totalled(RecordList):
    """Says what its rows come to: by itself where all are on the page, or where that takes little beside the list; else where it is
    asked for. Who looks for a call does not wait for it."""

    began = 0.0

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        self.began = self.began or time.monotonic()
        self.params.pop(TOTALS, None)
        self.filter_params.pop(TOTALS, None)
        return super().get_queryset(request, exclude_parameters)

    @cached_property
    def totals(self) -> str:
        """Asked by the page below the rows, when all else of the list is done: what that took is the measure."""
        if self.problems or not self.result_count:
            return ""
        if self.request.GET.get(TOTALS):
            return totals_words(self.queryset)
        if self.begins_newest and not self.older:
            return totals_of(self.result_list)
        list_ms = (time.monotonic() - self.began) * 1000
        return totals_at_once(self.queryset, list_ms) if self.begins_newest and self.narrowed else ""

    @property
    def totals_address(self) -> str:
        """Of the same list with its totals; the place in it is the newest."""
        return f"?{self.selection}&{TOTALS}=1" if self.selection else f"?{TOTALS}=1"


def totals_words(rows: QuerySet[Any]) -> str:
    """In a sentence, of the rows of a list of calls or of streams."""
    return _within(MOST_MS, rows, MOST_ROWS, TOO_MANY, TOO_SLOW)


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
            found = charges_behind(rows, most)
    except OperationalError as error:
        if not ran_out(error):
            raise
        return too_slow
    return too_many if found.by_currency is None else _sentence(rows.model, found.rows, found.by_currency)


def _sentence(model: type[Model], how_many: int, by_currency: Sequence[tuple[str, Figures]]) -> str:
    head = counted(how_many, "call" if issubclass(model, Call) else "stream")
    if not by_currency:
        return f"{head}; none of them is charged yet."
    return f"{head}: {'; '.join(figures_words(currency, figures) for currency, figures in by_currency)}."


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
