"""Beat's schedule by a clock that nobody sets, and without what a day of messages that nobody took would cost.

Owns when a periodic task is sent. Celery's own scheduler goes by the wall clock: set back two days, it sends nothing for two days. And when
a message expires is written by one machine's clock and read by another's: what bounds the messages is how many wait already."""

import logging
import time
from functools import partial
from typing import Any

from celery.beat import Scheduler

from streams.delivery.broker import Broker, send_unless

log = logging.getLogger(__name__)

MOST_WAITING = 200
"""Messages in the queue past which no more are sent: no worker takes them, or all are busy, and each would find the same rows."""


class MonotonicScheduler(Scheduler):
    """For schedules of intervals. The first round is at once; nothing is kept in a file."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.due_at: dict[str, float] = {}
        self.broker = Broker("Sending what is due", "it is sent when it is due again")
        super().__init__(*arguments, **options)

    def tick(self, **_: Any) -> float:
        """Sends what is due; returns the seconds until something is. What was missed meanwhile is not sent twice."""
        now = time.monotonic()
        for entry in self.schedule.values():
            if self.due_at.get(entry.name, now) <= now:
                self.due_at[entry.name] = now + entry.schedule.run_every.total_seconds()
                self.broker.ask(partial(send_unless, most_waiting=MOST_WAITING, task=entry.task), None)
        return max(min(self.due_at.values(), default=now + 1) - time.monotonic(), 0)
