"""A query that is asked many times a second: Django writes its SQL once, and each time only some values in it are other ones.

Writing it takes twenty times as long as an answer of a few rows. What the query means stands in one place, as a QuerySet. Owns how its
SQL is kept. Must not know what is asked."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Func, QuerySet, Value


class IsOneOf(Func):
    """Whether a text is one of those in a JSON list: one value of the statement, however many there are."""

    output_field = BooleanField()

    def __init__(self, text: Any, these: str) -> None:
        super().__init__(text, Value(these))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s))", arg_joiner=" IN (SELECT value FROM json_each(", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        joiner = " = ANY(ARRAY(SELECT jsonb_array_elements_text("
        return self.as_sql(compiler, connection, template="%(expressions)s::jsonb)))", arg_joiner=joiner, **extra)


class _Written(NamedTuple):
    """`places`: for each parameter which of the values it is; None: it is the same each time."""

    sql: str
    parameters: tuple[Any, ...]
    places: tuple[int | None, ...]


class ReadyStatement:
    """`rows` makes the query, with `values_list`, of values of these kinds, datetime or str; nothing else of it may change."""

    def __init__(self, rows: Callable[..., QuerySet[Any]], *kinds: type) -> None:
        self._rows, self._kinds = rows, kinds
        self._written = cache(self._write)

    def ask(self, *values: datetime | str) -> list[tuple[Any, ...]]:
        """The rows, as they come from the database: for columns that are kept as they are."""
        sql, parameters, places = self._written(connection.vendor)
        given = _as_kept(values)
        filled_in = [same if place is None else given[place] for same, place in zip(parameters, places, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled_in)
            return list(cursor.fetchall())

    def _write(self, vendor: str) -> _Written:
        marks = [_mark(kind, number) for number, kind in enumerate(self._kinds)]
        sql, parameters = self._rows(*marks).query.sql_with_params()
        kept = _as_kept(marks)
        return _Written(sql, parameters, tuple(kept.index(each) if each in kept else None for each in parameters))


def _mark(kind: type, number: int) -> datetime | str:
    """A value that stands nowhere else in a statement."""
    return datetime(1000, 1, 1 + number, tzinfo=UTC) if kind is datetime else f"value {number} of this statement"


def _as_kept(values: Sequence[datetime | str]) -> list[Any]:
    return [connection.ops.adapt_datetimefield_value(each) if isinstance(each, datetime) else each for each in values]
