"""Rows that many tests begin with: made once in a process, by the code that makes such rows, and for the next test written again as
they were.

Making a call of its notes takes a hundred times as long as writing its rows. Owns the copies; what they say is their makers' business."""

from collections.abc import Callable, Iterable
from functools import wraps
from itertools import chain

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction

Rows = dict[type[models.Model], list[tuple[object, ...]]]

OF_THE_MODELS = ("django_content_type", "auth_permission")
of_the_beginning: Rows = {}
"""Groups, rules of alerts: what an installation has before anybody has done anything. After a test with transactions of its own they are
there again, beside what migrating made of the models, which stays."""
_emptied: set[str] = set()


def remember_the_beginning() -> None:
    """Of a database that was just migrated; and, of the same tables, anew by whoever has migrated it another way: keys differ then."""
    models_of_it = list(of_the_beginning) or [model for model in all_rows() if model._meta.db_table not in OF_THE_MODELS]
    of_the_beginning.update({model: rows for model in models_of_it if (rows := rows_of(model))})


def to_be_emptied(tables: Iterable[str]) -> list[str]:
    """Of these, after such a test. Hardly one has changed what was there at the beginning, which then stays as well, all of it: rows of a
    table point at those of another."""
    unchanged = all(rows_of(model) == rows for model, rows in of_the_beginning.items())
    staying = {*OF_THE_MODELS, *(model._meta.db_table for model in of_the_beginning if unchanged)}
    _emptied.clear()
    _emptied.update(set(tables) - staying)
    return sorted(_emptied)


def write_the_beginning() -> None:
    """Where it was emptied."""
    write({model: rows for model, rows in of_the_beginning.items() if model._meta.db_table in _emptied})


def made_once(make: Callable[[], object], *, keys_after: int = 0) -> Callable[[], None]:
    """`make` begins with none of its rows there and gives back nothing: a test asks the database for what it needs. `keys_after`: for rows
    that are written beside others, which may be more in one test than in another."""
    copies: Rows = {}

    @wraps(make)
    def made() -> None:
        if copies:
            write(copies)
            return
        before = all_rows()
        number_after(keys_after)
        make()
        copies.update(added(before, all_rows()))

    return made


def all_rows() -> Rows:
    return {model: rows_of(model) for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy}


def number_after(key: int) -> None:
    """What the database numbers from now on."""
    if not key:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for model in all_rows():
            field, table = model._meta.auto_field, model._meta.db_table
            if field is None:
                continue
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, key])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, field.column, key])


def rows_of(model: type[models.Model]) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns(model)} FROM {connection.ops.quote_name(model._meta.db_table)}")
        return list(cursor.fetchall())


def added(before: Rows, after: Rows) -> Rows:
    """What is new. A row that was changed or taken away could not be written again."""
    for model, rows in before.items():
        gone = set(map(repr, rows)) - set(map(repr, after[model]))
        assert not gone, f"rows of {model.__name__} are no longer as they were: {gone}"
    known = {model: set(map(repr, rows)) for model, rows in before.items()}
    new = {model: [row for row in rows if repr(row) not in known[model]] for model, rows in after.items()}
    return {model: rows for model, rows in new.items() if rows}


def write(copies: Rows) -> None:
    """With their keys, in whatever order they point at each other; the next row that the database numbers gets a number after them."""
    with transaction.atomic(), connection.cursor() as cursor:
        for model, rows in copies.items():
            places = f"({', '.join(['%s'] * len(rows[0]))})"
            into = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns(model)}) VALUES"
            if connection.vendor == "sqlite":
                cursor.executemany(f"{into} {places}", rows)
            else:  # there, each of many would be sent, parsed and planned
                cursor.execute(f"{into} {', '.join([places] * len(rows))}", list(chain(*rows)))
        for statement in connection.ops.sequence_reset_sql(no_style(), list(copies)):
            cursor.execute(statement)


def columns(model: type[models.Model]) -> str:
    return ", ".join(connection.ops.quote_name(field.column) for field in model._meta.local_concrete_fields)
