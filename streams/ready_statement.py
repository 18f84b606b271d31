"""A query that is asked many times a second: Django writes its SQL once, and each time only some values in it are other ones.

Writing it takes twenty times as long as an answer of a few rows. What the query means stands in one place, as a QuerySet. Owns how its
SQL is kept. Must not know what is asked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Func, Model, QuerySet, Value


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
    """`places`: for each parameter which of the values it is; None: it is the same each time. `width`: how many columns are meant; any more
    are there to sort by. `converters`: of those that Django makes something else of, by their places, with what they are of."""

    sql: str
    parameters: tuple[Any, ...]
    places: tuple[int | None, ...]
    width: int
    converters: dict[int, tuple[Sequence[Callable[..., Any]], Any]]


Given = datetime | str | int | UUID
M = TypeVar("M", bound=Model)


class ReadyStatement:
    """`rows` makes the query of values of these kinds, each of which is `Given`; nothing else of it may change."""

    def __init__(self, rows: Callable[..., QuerySet[Any, Any]], *kinds: type) -> None:
        self._rows, self._kinds = rows, kinds
        self._written = cache(self._write)

    def ask(self, *values: Given) -> list[tuple[Any, ...]]:
        """The rows of a query with `values_list`, as they come from the database: for columns that are kept as they are."""
        width = self._written(connection.vendor).width
        with connection.cursor() as cursor:
            cursor.execute(*self._filled_in(values))
            return [row[:width] for row in cursor.fetchall()]

    def read(self, *values: Given) -> list[tuple[Any, ...]]:
        """The rows of a query with `values_list`, as Django gives them: times with their zone, what is sealed opened."""
        converters = self._written(connection.vendor).converters
        return [_converted(row, converters) for row in self.ask(*values)]

    def objects(self, model: type[M], *values: Given) -> list[M]:
        """The rows of a query without, as Django makes objects of them."""
        return list(model._default_manager.raw(*self._filled_in(values)))

    def _filled_in(self, values: Sequence[Given]) -> tuple[str, list[Any]]:
        sql, parameters, places, *_ = self._written(connection.vendor)
        given = _as_kept(values)
        return sql, [same if place is None else given[place] for same, place in zip(parameters, places, strict=True)]

    def _write(self, vendor: str) -> _Written:
        marks = [MARKS[kind](number) for number, kind in enumerate(self._kinds)]
        compiler = self._rows(*marks).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        kept = _as_kept(marks)
        places = tuple(kept.index(each) if each in kept else None for each in parameters)
        columns = [column for column, *_ in compiler.select]
        return _Written(sql, parameters, places, len(columns), compiler.get_converters(columns))


def _converted(row: Sequence[Any], converters: Mapping[int, tuple[Sequence[Callable[..., Any]], Any]]) -> tuple[Any, ...]:
    cells = list(row)
    for place, (steps, column) in converters.items():
        for step in steps:
            cells[place] = step(cells[place], column, connection)
    return tuple(cells)


MARKS: dict[type, Callable[[int], Given]] = {
    datetime: lambda number: datetime(1000, 1, 1 + number, tzinfo=UTC),
    str: lambda number: f"value {number} of this statement",
    int: lambda number: 1_918_273_645 + number,
    UUID: lambda number: UUID(int=0x5EAD_57A7 << 64 | number),
}
"""Values that stand nowhere else in a statement."""


def _as_kept(values: Sequence[Given]) -> list[Any]:
    return [_one_as_kept(value) for value in values]


def _one_as_kept(value: Given) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
