"""What a worker says while the broker is away: a line when it goes, one a minute, one when it is back; and that it waits.

Owns which of Celery's own lines are of that kind. A filter of every process's log: imports no Celery."""

import logging

from streams.outages import Outage

log = logging.getLogger(__name__)

broker = Outage(log, "Hearing from the broker")
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
