"""What a worker says while the database is away: a line when it goes, one a minute, one when it is back; and that it waits.

Owns which failures of tasks are of that kind. Must not know what the tasks do: their rows say what is due,
so that a task that could not be done is done by the next message."""

import logging
from typing import Any

from celery import Task
from django.db import DataError, IntegrityError
from django.db import Error as DatabaseError

from config import broker_lines
from streams.outages import Outage

log = logging.getLogger(__name__)

tasks = Outage(log, "Working off what is due")
_failing: set[str] = set()
"""Periodic tasks whose last run failed: the database is back when all of them work."""


class RowsTask(Task):
    """A task whose rows say what is to be done. A fault of a row, or of ours, is told in full as ever."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        broker_lines.broker.worked()
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
