"""Connections to PostgreSQL that the pages and the API of a process share, where DATABASE_URL says `pool`.

Each request has a thread of its own, which without that opens a connection and closes it: half of what a small page takes. Owns how long a
page waits for one. Threads that go on have their own beside them, as ever (streams.database_threads): no call waits for a page. Must not
know what pages ask."""

from importlib import import_module
from typing import Any

from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS, connection, connections

from config.environment import PAGES_POOL
from streams.database_threads import OF_THREADS

WAIT_SECONDS = 5.0
"""For one that is free, or for a database that is away: then the page fails, as it does without."""
UNUSED_SECONDS = 60.0


def share_among_pages() -> None:
    """From now on whoever connects takes a connection of the pool, but for threads that have said that they keep their own."""
    entry = connections.settings[DEFAULT_DB_ALIAS]
    if entry.get(PAGES_POOL) and OF_THREADS not in entry:
        import_module("psycopg_pool")  # now, and not by the first page beside calls
        connections.settings[DEFAULT_DB_ALIAS] = pooled(entry)


def close_after_each_request() -> None:
    """Where pages share none. Django would keep a request's connection for the next one of its thread, which never comes: it stays open
    until Python comes round to it."""
    request_finished.connect(close_own)


def close_own(**_: Any) -> None:
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()


def pooled(entry: dict[str, Any]) -> dict[str, Any]:
    """None is kept that nobody uses. Who makes one gives up with those that wait for it, and the next page asks for it anew."""
    most = {"min_size": 0, "max_size": entry[PAGES_POOL], "max_idle": UNUSED_SECONDS}
    pool = {**most, "timeout": WAIT_SECONDS, "reconnect_timeout": WAIT_SECONDS}
    return {**entry, "CONN_MAX_AGE": 0, "OPTIONS": {**entry["OPTIONS"], "pool": pool}, OF_THREADS: entry}
