"""Beat's schedule by a clock that nobody sets, of one beat at a time, and without what a day of messages that nobody took would cost.

Owns when a periodic task is sent, and by which of several beats. Celery's own scheduler goes by the wall clock: set back two days, it sends
nothing for two days. And when a message expires is written by one machine's clock and read by another's: what bounds the messages is how
many wait already."""

import logging
import secrets
import time
from contextlib import suppress
from functools import partial
from typing import Any

from celery.beat import Scheduler

from streams.delivery.broker import Broker, send_unless

log = logging.getLogger(__name__)

MOST_WAITING = 200
"""Messages in the queue past which no more are sent: no worker takes them, or all are busy, and each would find the same rows."""
TURN, TURN_SECONDS = "streamdesk:beat", 5.0
"""The lock in Redis of the beat that sends, and how long after its last sign another one takes over."""


class BeatTurn:
    """Of several beats one sends, and the others wait in case it falls. It is kept where the messages go: who cannot reach that sends
    nothing anyway, and all who send meet there."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16).encode()
        self.mine: bool | None = None

    def taken(self, producer: Any) -> bool:
        """Whether it is ours for some seconds more; it is taken where nobody has it."""
        from redis.exceptions import LockNotOwnedError  # noqa: PLC0415 - with all of redis-py, which kombu imports when it connects

        lock = self._lock(producer)
        try:
            mine = bool(lock.reacquire())
        except LockNotOwnedError:
            mine = lock.acquire(blocking=False, token=self.token.decode())
        if mine is not self.mine:
            log.info("This beat sends what is due." if mine else "Another beat sends what is due; this one waits in case it falls.")
        self.mine = mine
        return mine

    def give_up(self, producer: Any) -> None:
        """Another one need not wait until it has run out."""
        from redis.exceptions import LockNotOwnedError  # noqa: PLC0415 - as above

        if self.mine:
            with suppress(LockNotOwnedError):  # it had run out
                self._lock(producer).release()
            self.mine = None

    def _lock(self, producer: Any) -> Any:
        lock = producer.channel.client.lock(TURN, timeout=TURN_SECONDS, thread_local=False)
        lock.local.token = self.token
        return lock


class MonotonicScheduler(Scheduler):
    """For schedules of intervals. The first round is at once; nothing is kept in a file."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.due_at: dict[str, float] = {}
        self.turn = BeatTurn()
        self.broker = Broker("Sending what is due", "it is sent when it is due again")
        super().__init__(*arguments, **options)

    def tick(self, **_: Any) -> float:
        """Sends what is due, if it is this beat's turn; returns the seconds until the next look. What was missed meanwhile is not sent
        twice."""
        now = time.monotonic()
        if not self.broker.ask(self.turn.taken, False):
            return 1.0
        for entry in self.schedule.values():
            if self.due_at.get(entry.name, now) <= now:
                self.due_at[entry.name] = now + entry.schedule.run_every.total_seconds()
                self.broker.ask(partial(send_unless, most_waiting=MOST_WAITING, task=entry.task), None)
        return max(min(self.due_at.values(), default=now + 1) - time.monotonic(), 0)

    def close(self) -> None:
        self.broker.ask(self.turn.give_up, None)
        super().close()
