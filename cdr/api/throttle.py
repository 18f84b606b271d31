"""How often: counters in Redis that all processes share, in fixed windows of wall-clock time.

Owns the counting and the 429. While Redis is away nothing is counted and everything is admitted. Must not know accounts."""

import logging
import math
import time
from dataclasses import dataclass

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from cdr.api.errors import too_many

log = logging.getLogger(__name__)

REDIS_SECONDS = 0.25
"""So long a request waits for Redis before it goes on uncounted."""
PAUSE_SECONDS = 1.0
"""So long Redis is left alone after it did not answer."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` in each window of `window_seconds`. `words` are the error of the 429."""

    name: str
    most: int
    window_seconds: int
    words: str


REQUESTS = Limit("requests", 300, 5, "Too many requests: an account may make 300 in 5 seconds.")
FAILED_LOGINS = Limit("failed-logins", 20, 60, "Too many failed logins from this address. Try again later, with the right auth token.")


class Counters:
    """The counters in one Redis; a process keeps one connection pool to it."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
        self._quiet_until = 0.0

    def close(self) -> None:
        self._redis.close()

    def admit(self, limit: Limit, who: str) -> None:
        """Counts one more for `who`. Raises a 429 when that is more than the limit."""
        self._refuse_beyond(limit, self.count(limit, who))

    def refuse_exhausted(self, limit: Limit, who: str) -> None:
        """Counts nothing. Raises a 429 when `who` has used up the limit."""
        self._refuse_beyond(limit, self._add(limit, who, 0) + 1)

    def count(self, limit: Limit, who: str) -> int:
        """Counts one more for `who`, and says how many there were in this window. 0 while Redis is away."""
        return self._add(limit, who, 1)

    def _refuse_beyond(self, limit: Limit, used: int) -> None:
        if used > limit.most:
            raise too_many(limit.words, seconds_left(limit, time.time()))

    def _add(self, limit: Limit, who: str, amount: int) -> int:
        if time.monotonic() < self._quiet_until:
            return 0
        key = f"streamdesk:throttle:{limit.name}:{int(time.time() // limit.window_seconds)}:{who}"
        try:
            both = self._redis.pipeline(transaction=False)
            both.incrby(key, amount)
            both.expire(key, 2 * limit.window_seconds)
            return int(both.execute()[0])
        except (RedisError, OSError) as error:
            self._quiet_until = time.monotonic() + PAUSE_SECONDS
            log.warning("Redis did not answer (%s); API requests are not counted for %g s.", error, PAUSE_SECONDS)
            return 0


def seconds_left(limit: Limit, now: float) -> int:
    """Until the window that `now` (seconds since the epoch) is in ends; at least 1."""
    return max(math.ceil(limit.window_seconds - now % limit.window_seconds), 1)


counters = Counters(settings.REDIS_URL)
