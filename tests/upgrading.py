"""A database that is emptied, and its ways to the present, at once or step by step as installations came: for the test of upgrades."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import StateApps

from cdr.alert_rows import AlertRule
from tests.rows_again import remember_the_beginning


class StepByStep(MigrationLoader):
    """Every migration that there ever was, as installations have taken them; without those that stand for many in a fresh database."""

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations = {key: migration for key, migration in self.disk_migrations.items() if not migration.replaces}


def apps_of(*migrations: tuple[str, str]) -> StateApps:
    """The models of the time after these migrations."""
    return StepByStep(connection).project_state(list(migrations)).apps


@contextmanager
def left_for_others() -> Iterator[None]:
    """Other tests get a database of the present in any case, and after each of them what it begins with."""
    try:
        yield
    except BaseException:
        remove_all_tables()
        upgrade()
        raise
    finally:
        remember_the_beginning()


def remove_all_tables() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
            cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")  # as a new database has it
        else:
            with connection.constraint_checks_disabled():
                for table in connection.introspection.table_names(cursor):
                    cursor.execute(f'DROP TABLE "{table}"')
    ContentType.objects.clear_cache()  # others have their keys in the next one


def go_to(migrations: Sequence[tuple[str, str]]) -> Callable[..., Any]:
    """Step by step to the time after these migrations, whose `get_model` is returned."""
    executor = MigrationExecutor(connection)
    executor.loader = StepByStep(connection)
    state = executor.migrate(list(migrations))
    state.__dict__.pop("apps", None)  # in which models may stand that are related to what others were before
    return state.apps.get_model


def upgrade() -> None:
    """As `manage.py migrate` does."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    executor.check_replacements()
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def shape() -> dict[str, Any]:
    """Each table's columns, constraints, indexes and triggers, as the database tells them."""
    with connection.cursor() as cursor:
        return shape_of_sqlite(cursor) if connection.vendor == "sqlite" else shape_of_postgresql(cursor)


def shape_of_sqlite(cursor: Any) -> dict[str, Any]:
    """A table's columns stand in the order in which they came, which is nothing to anybody."""
    cursor.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {f"{kind} {name}": sorted(sql.removesuffix(")").replace(" (", ",", 1).split(",")) for kind, name, sql in cursor.fetchall()}


def shape_of_postgresql(cursor: Any) -> dict[str, Any]:
    tell = connection.introspection
    cursor.execute("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
    found: dict[str, Any] = {"triggers": cursor.fetchall()}
    for table in tell.table_names(cursor):
        columns = sorted(map(str, tell.get_table_description(cursor, table)))
        found[table] = (columns, sorted(f"{name} {facts}" for name, facts in tell.get_constraints(cursor, table).items()))
    return found


def beginnings() -> dict[str, Any]:
    """The rows that an installation begins with. (A permission keeps the words that it had when it came.)"""
    named = ("content_type__app_label", "content_type__model", "codename")
    permissions = {pk: words for pk, *words in Permission.objects.values_list("pk", *named)}
    return {
        "content types": sorted(ContentType.objects.values_list("app_label", "model")),
        "permissions": sorted(permissions.values()),
        "groups": {
            group.name: sorted(permissions[pk] for pk in group.permissions.values_list("pk", flat=True)) for group in Group.objects.all()
        },
        "rules": list(AlertRule.objects.order_by("pk").values()),
    }


def tables_with_rows() -> set[str]:
    models = (model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy)
    return {model._meta.label for model in models if model._base_manager.exists()}
