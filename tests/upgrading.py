"""A database of a time before, and its way to the present, for the tests of upgrades."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import StateApps


class StepByStep(MigrationLoader):
    """Every migration that there ever was, as installations have taken them; without those that stand for many in a fresh database."""

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations = {key: migration for key, migration in self.disk_migrations.items() if not migration.replaces}


def apps_of(*migrations: tuple[str, str]) -> StateApps:
    """The models of the time after these migrations."""
    return StepByStep(connection).project_state(list(migrations)).apps


@contextmanager
def database_of(migrations: Sequence[tuple[str, str]]) -> Iterator[Any]:
    """`get_model` of the time after these migrations; the database is brought back to the present in any case."""
    executor = MigrationExecutor(connection)
    for replacing in executor.loader.replacements:  # an installation of that time has heard of none
        executor.recorder.record_unapplied(*replacing)
    executor.loader = StepByStep(connection)
    executor.migrate(list(migrations))
    try:
        yield executor.loader.project_state(list(migrations)).apps.get_model
    finally:
        upgrade()


def upgrade() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    executor.check_replacements()


def shape() -> dict[str, Any]:
    """Each table's columns, and its constraints and indexes, as the database tells them."""
    tell = connection.introspection
    with connection.cursor() as cursor:
        tables = tell.table_names(cursor)
        columns = {table: sorted(map(str, tell.get_table_description(cursor, table))) for table in tables}
        # SQLite has no names for some and so Django counts them, in the order of the columns.
        constraints = {
            table: sorted(f"{name.rstrip('0123456789_')} {facts}" for name, facts in tell.get_constraints(cursor, table).items())
            for table in tables
        }
    return {table: (columns[table], constraints[table]) for table in tables}
