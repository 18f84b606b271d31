"""How often: counted by the `limits` library in Redis, for all processes together; in each process's own memory while Redis is away.

Owns the counters and the turning from one to the other. Must not know what is counted, nor what is answered when it is too much."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import ConnectionPool

from streams.process_wide import ProcessWide

T = TypeVar("T")
log = logging.getLogger(__name__)

REDIS_SECONDS = 0.25
"""How long a request waits for a Redis that is silent."""
PAUSE_SECONDS = 1.0
"""How long Redis is left alone after it did not answer."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` in a window of `window_seconds`, which begins with the first. `words`: what is said to who was over it."""

    name: str
    most: int
    window_seconds: int
    words: str

    @property
    def item(self) -> RateLimitItem:
        return RateLimitItemPerSecond(self.most, self.window_seconds, self.name)


class OnlyRedis(RedisStorage):
    """Which would import the client of another server as well."""

    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}


class Tallies:
    """The counters in one Redis; a process keeps one connection pool to it."""

    def __init__(self, redis_url: str) -> None:
        self._pool = ConnectionPool.from_url(redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
        self._shared = FixedWindowRateLimiter(OnlyRedis(redis_url, self._pool, "streamdesk:throttle", wrap_exceptions=True))
        self._own = ProcessWide(lambda: FixedWindowRateLimiter(MemoryStorage()))  # which has a thread
        self._away_until = 0.0

    def close(self) -> None:
        self._pool.disconnect()

    def hit(self, limit: Limit, who: str) -> bool:
        """Counts one more for `who`; whether that is within the limit."""
        return self._ask(lambda limiter: limiter.hit(limit.item, who))

    def has_room(self, limit: Limit, who: str) -> bool:
        """Whether one more would be within the limit. Counts nothing."""
        return self._ask(lambda limiter: limiter.test(limit.item, who))

    def seconds_left(self, limit: Limit, who: str) -> int:
        """Until the window is over; 1 at least."""
        window = self._ask(lambda limiter: limiter.get_window_stats(limit.item, who))
        return max(math.ceil(window.reset_time - time.time()), 1)

    def _ask(self, question: Callable[[FixedWindowRateLimiter], T]) -> T:
        if time.monotonic() >= self._away_until:
            try:
                return question(self._shared)
            except StorageError as error:
                self._away_until = time.monotonic() + PAUSE_SECONDS
                log.warning("Redis did not answer (%s); each process counts requests for itself for %g s.", error, PAUSE_SECONDS)
        return question(self._own())
