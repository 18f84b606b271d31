"""What time it is, for what rows decide: what is due, what is claimed until when, what is old. One clock for all processes.

Their own clocks differ, and would have a callback wait for a web process that is ten minutes ahead."""

import time
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """The database's time. SQLite's is this machine's, as are all who use it."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        (now,) = cursor.fetchone()
    return now  # type: ignore[no-any-return]


class RunningClock:
    """The database's time, asked once and carried on by this machine's monotonic clock, for whoever has no connection at hand."""

    def __init__(self) -> None:
        self.began = database_now()
        self._began_monotonic = time.monotonic()

    def now(self) -> datetime:
        return self.began + timedelta(seconds=time.monotonic() - self._began_monotonic)
