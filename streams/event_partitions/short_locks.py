"""Changes of tables that calls write to: in one transaction, which waits for no lock longer than a moment and is tried again.

Owns how long that is. Whoever waits for a table keeps all others from it that come after: so it gives up before they notice."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction

LOCK_TIMEOUT_MS = 500
"""Less than PostgreSQL's deadlock_timeout: where two wait for each other this one gives way, and never a call's notes."""
PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 15.0)


Value = str | int | datetime | None


class NeverFree(Exception):
    """The table was in use for as long as it was tried: nothing was changed."""


def in_a_moment(change: Callable[[], None]) -> float:
    """Makes the change; returns for how many seconds it held what it locked, at most. Raises NeverFree."""
    for pause in (*PAUSES_SECONDS, None):
        try:
            with transaction.atomic():
                execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'")
                began = time.monotonic()
                change()
            return time.monotonic() - began
        except OperationalError as error:
            from psycopg.errors import DeadlockDetected, LockNotAvailable  # noqa: PLC0415 - an installation on SQLite does without

            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                raise
        if pause is not None:
            time.sleep(pause)
    raise NeverFree("The table of events was in use all the time. Nothing was changed; try again when less goes on.")


def execute(statement: str, *values: Value) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def asked(query: str, *values: Value, **names: str) -> list[tuple[Any, ...]]:
    """`names`: what stands in braces in the query, of tables and columns."""
    words = composed(query, **names) if names else query
    with connection.cursor() as cursor:
        cursor.execute(words, values or None)
        return list(cursor.fetchall())


def composed(words: str, **names: str | Sequence[str]) -> str:
    """`names`: what stands in braces, of tables and columns; of several with commas between."""
    from psycopg import sql  # noqa: PLC0415 - as above

    written = {name: [what] if isinstance(what, str) else what for name, what in names.items()}
    return sql.SQL(words).format(**{name: sql.SQL(", ").join(map(sql.Identifier, each)) for name, each in written.items()}).as_string()
