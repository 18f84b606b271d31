"""What a worker says while the database or the broker is away: a line when it goes, one a minute, one when it is back; and that it waits.

Owns which failures of tasks and which of Celery's own lines are of that kind. Must not know what the tasks do: their rows say what is due,
so that a task that could not be done is done by the next message."""

import logging
from typing import Any

from celery import Task
from django.db import DataError, IntegrityError
from django.db import Error as DatabaseError

from streams.outages import Outage

log = logging.getLogger(__name__)

tasks = Outage(log, "Working off what is due")
broker = Outage(log, "Hearing from the broker")
_failing: set[str] = set()
"""Periodic tasks whose last run failed: the database is back when all of them work."""


class RowsTask(Task):
    """A task whose rows say what is to be done. A fault of a row, or of ours, is told in full as ever."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        broker.worked()
        try:
            result = super().__call__(*arguments, **options)
        except (DataError, IntegrityError):
            raise
        except DatabaseError as error:
            if not arguments:
                _failing.add(self.name)
            tasks.failed(error, "it waits in the database")
            return None
        _failing.discard(self.name)
        if not _failing:
            tasks.worked()
        return result


LINES_OF = ("kombu.", "celery.worker.")
"""The loggers that speak of the broker."""
WORDS = ("consumer: Connection", "consumer: Cannot connect", "Frequent restarts", "maybe_refresh_binding_expiry", "Redis ")


class BrokerLines(logging.Filter):
    """Lets through whatever is not of a broker that is away, or refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or not record.name.startswith(LINES_OF):
            return True
        from redis.exceptions import RedisError  # noqa: PLC0415 - every process has this filter, and few have redis-py

        error = record.exc_info[1] if record.exc_info else None
        if not record.getMessage().startswith(WORDS) and not isinstance(error, RedisError | OSError):
            return True
        broker.failed(error or record.getMessage(), "the worker tries again, and what is due waits in the database")
        return False
