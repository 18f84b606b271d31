"""A database of its own for a test that changes tables: others go on with theirs."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from streams.event_partitions.short_locks import execute

COPY = "copy_to_cut"


@pytest.fixture
def only_on_postgresql(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no partitions; test_on_postgres runs this.")


@pytest.fixture
def own_role(only_on_postgresql: None) -> Iterator[str]:
    """Of a user of the database who owns no table. Roles are those of all databases."""
    execute("CREATE ROLE somebody")
    yield "somebody"
    execute("DROP ROLE somebody")


@pytest.fixture
def own_database(only_on_postgresql: None, own_role: str) -> Iterator[None]:
    """A copy of what tests begin with, dropped at the end."""
    entry = connections.settings["default"]
    name = entry["NAME"]
    begin_copy(entry, name)
    try:
        yield
    finally:
        leave(entry, name)


def begin_copy(entry: dict[str, str], name: str) -> None:
    """Threads of earlier tests keep their connections; one that was ended is found out before it is used again."""
    with elsewhere(entry), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
        cursor.execute(f'CREATE DATABASE {COPY} TEMPLATE "{name}"')
    entry["NAME"] = COPY


def leave(entry: dict[str, str], name: str) -> None:
    with elsewhere(entry), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")
    entry["NAME"] = name


@contextmanager
def elsewhere(entry: dict[str, str]) -> Iterator[None]:
    """Connected to neither of the two."""
    connections.close_all()
    entry["NAME"] = "template1"
    try:
        yield
    finally:
        connections.close_all()
