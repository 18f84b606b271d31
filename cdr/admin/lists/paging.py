"""A page of a long list, newest first, found by the place of its neighbour: no offset and no count, so that the thousandth page costs
what the first one costs.

Owns the question to the database. How a place is written is cdr.pure.keyset's."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet

from cdr.pure.keyset import Place

Row = TypeVar("Row", bound=Model)


class RecordPage(NamedTuple):
    """`rows`: newest first. `newer`, `older`: the place to go on from in either direction; None where the list ends."""

    rows: list[Model]
    newer: Place | None
    older: Place | None


class Keyset(NamedTuple):
    """The columns a list is sorted by, both descending: a time, if there is one, and a key that tells rows of one time apart."""

    time: str | None
    key: str

    def ordered(self, rows: QuerySet[Row], *, ascending: bool = False) -> QuerySet[Row]:
        names = [name for name in (self.time, self.key) if name]
        return rows.order_by(*(name if ascending else f"-{name}" for name in names))

    def beyond(self, place: Place, *, newer: bool) -> Q:
        """What is newer, or older, than a row. The first condition is for the index, the second for rows of the same time."""
        side = "gt" if newer else "lt"
        further = Q(**{f"{self.key}__{side}": place.key})
        if self.time is None:
            return further
        return Q(**{f"{self.time}__{side}e": place.at}) & (Q(**{f"{self.time}__{side}": place.at}) | further)

    def place(self, row: Model) -> Place:
        return Place(getattr(row, self.time) if self.time else None, key=row.pk)


def record_page(
    fetched: Callable[[bool, int], list[Model]], place_of: Callable[[Model], Place], length: int, *, came_from: Place | None, newer: bool
) -> RecordPage:
    """`fetched(newer, count)`: that many rows in the asked direction, the nearest first. `came_from`: the place that was asked for."""
    found = fetched(newer, length + 1)
    more, rows = len(found) > length, found[:length]
    rows = rows[::-1] if newer else rows
    if not rows:
        return RecordPage([], None, None)
    first, last = place_of(rows[0]), place_of(rows[-1])
    if newer:
        return RecordPage(rows, first if more else None, last)
    return RecordPage(rows, first if came_from else None, last if more else None)
