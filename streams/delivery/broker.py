"""Wakes a worker through Celery. A hint and no more: lost, late or doubled it changes nothing, because the rows are swept.

Owns what a broker that is away may cost. Must not know callbacks."""

import logging
import time
from functools import lru_cache
from typing import Any

from celery import current_app
from kombu.pools import producers

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.8
REST_SECONDS = 2.0
HINT_SECONDS = 30
HINTS_AT_ONCE, HINTS_A_SECOND = 50.0, 20.0
"""Of one account, from one process: a queue is a pool as well, and who fills it with hints makes those of others late. What no hint was
given for is swept a second later, within the account's share."""

# Celery's own connection retries for 6 s when Redis is down and waits 10 s when Redis hangs (measured with Celery 5.7).
_IMPATIENT = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "socket_timeout": PATIENCE_SECONDS,
    "socket_connect_timeout": PATIENCE_SECONDS,
}


class _Broker:
    """Whether the broker answered last time; while it is away it is asked once in REST_SECONDS."""

    def __init__(self) -> None:
        self.away = False
        self.rest_until = 0.0
        self._hints_left: dict[int, tuple[float, float]] = {}

    def may_hint(self, account_id: int, now: float) -> bool:
        left, at = self._hints_left.get(account_id, (HINTS_AT_ONCE, now))
        left = min(left + (now - at) * HINTS_A_SECOND, HINTS_AT_ONCE)
        self._hints_left[account_id] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def send(self, task: str, argument: int) -> None:
        if time.monotonic() < self.rest_until:
            return
        try:
            with _producers().acquire(block=True, timeout=PATIENCE_SECONDS) as producer:
                current_app.send_task(task, [argument], producer=producer, retry=False, expires=HINT_SECONDS)
        except Exception as error:  # kombu, redis-py and the socket each have their own; none of them may reach the caller
            self._rest_after(error)
        else:
            self._wake()

    def _rest_after(self, error: Exception) -> None:
        self.rest_until = time.monotonic() + REST_SECONDS
        if not self.away:
            log.warning("The broker is away (%s). Callbacks wait in the database until it is back.", error)
        self.away = True

    def _wake(self) -> None:
        if self.away:
            log.info("The broker is back.")
        self.away = False


_broker = _Broker()


@lru_cache(maxsize=1)
def _producers() -> Any:  # kombu's pool, which is not typed
    return producers[current_app.connection_for_write(transport_options=_IMPATIENT)]


def nudge(stream_id: int) -> None:
    """Asks a worker to deliver what `stream_id` (the row's key) owes. Never raises; costs at most about a second, and once only."""
    _broker.send("streams.tasks.deliver_stream", stream_id)


def hint(stream_id: int, account_id: int) -> None:
    """The same for something new, as often as the account may."""
    if _broker.may_hint(account_id, time.monotonic()):
        nudge(stream_id)
