"""A database of a time before, and its way to the present, for the tests of upgrades."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@contextmanager
def database_of(migrations: Sequence[tuple[str, str]]) -> Iterator[Any]:
    """`get_model` of the time after these migrations; the database is brought back to the present in any case."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(migrations))
    try:
        yield executor.loader.project_state(list(migrations)).apps.get_model
    finally:
        upgrade()


def upgrade() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
