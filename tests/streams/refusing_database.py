"""The test database made to refuse writes in each way a real one has, and to take them again. All at once, whoever is connected."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any

from channels.db import database_sync_to_async
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

Way = AbstractContextManager[Callable[[], None]]
"""On entering, what makes the database refuse; on leaving, it takes writes again."""


class PerConnection:
    """SQLite: a pragma counts for one connection, so that each is told, also those that are made meanwhile."""

    def __init__(self) -> None:
        self.known: list[BaseDatabaseWrapper] = [each for each in connections.all(initialized_only=True) if each.connection is not None]
        self.pragma = ""
        connection_created.connect(self.created, weak=False)

    def created(self, sender: Any, connection: BaseDatabaseWrapper, **more: Any) -> None:
        self.known.append(connection)
        self.tell(connection)

    def say(self, pragma: str) -> None:
        self.pragma = pragma
        for each in self.known:
            self.tell(each)

    def tell(self, one: BaseDatabaseWrapper) -> None:
        if self.pragma and one.connection is not None:
            one.connection.execute(self.pragma)

    def stop(self) -> None:
        connection_created.disconnect(self.created)


@contextmanager
def by_pragmas() -> Iterator[PerConnection]:
    told = PerConnection()
    try:
        yield told
    finally:
        told.stop()


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def no_connection_kept() -> Iterator[None]:
    """PostgreSQL tells a connection as it begins what it may: what threads keep between queries, they make anew for each."""
    keep = BaseDatabaseWrapper.close_if_unusable_or_obsolete

    def close(one: BaseDatabaseWrapper) -> None:
        if not one.in_atomic_block:
            one.close()

    BaseDatabaseWrapper.close_if_unusable_or_obsolete = close  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        BaseDatabaseWrapper.close_if_unusable_or_obsolete = keep  # type: ignore[method-assign]


@contextmanager
def read_only() -> Iterator[Callable[[], None]]:
    """SQLite: a file that may be read only. PostgreSQL: what remains after a failover, or when its disk is nearly full."""
    if connection.vendor == "sqlite":
        with by_pragmas() as told:
            yield lambda: told.say("PRAGMA query_only = 1")
            told.say("PRAGMA query_only = 0")
        return
    name = connection.settings_dict["NAME"]
    with no_connection_kept():
        yield lambda: sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        sql("SET default_transaction_read_only = off", f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


@contextmanager
def full() -> Iterator[Callable[[], None]]:
    """A disk without room: what fits into pages that there are is written all the same."""
    with by_pragmas() as told:
        yield lambda: told.say("PRAGMA max_page_count = 1")  # SQLite takes the present count for what is less
        told.say("PRAGMA max_page_count = 1073741823")


@contextmanager
def without_a_privilege() -> Iterator[Callable[[], None]]:
    name = connection.settings_dict["NAME"]
    tables = "ALL TABLES IN SCHEMA public"
    with no_connection_kept():
        sql(
            "CREATE ROLE plain", f"GRANT ALL ON {tables} TO plain", "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain",
            f'ALTER DATABASE "{name}" SET role = plain',
        )  # fmt: skip
        yield lambda: sql("SET role = none", "REVOKE INSERT ON streams_callback FROM plain")
        sql("SET role = none", f'ALTER DATABASE "{name}" RESET role', "DROP OWNED BY plain", "DROP ROLE plain")


@contextmanager
def in_a_migration() -> Iterator[Callable[[], None]]:
    """A table that has another name for a while."""
    yield lambda: sql("ALTER TABLE streams_streamevent RENAME TO streams_streamevent_old")
    sql("ALTER TABLE streams_streamevent_old RENAME TO streams_streamevent")


WAYS: dict[str, dict[str, Callable[[], Way]]] = {
    "sqlite": {"read only": read_only, "full": full, "in a migration": in_a_migration},
    "postgresql": {"read only": read_only, "without a privilege": without_a_privilege, "in a migration": in_a_migration},
}


@asynccontextmanager
async def refusing(way: str) -> AsyncIterator[None]:
    """The test's database, refusing in that way."""
    manager = WAYS[connection.vendor][way]()
    refuse = await database_sync_to_async(manager.__enter__)()
    try:
        await database_sync_to_async(refuse)()
        yield
    finally:
        await database_sync_to_async(manager.__exit__)(None, None, None)
