"""Questions whose answer may never come, asked beside the requests: each in a thread of its own, once at a time.

Owns how old an answer may be, and what is answered while there is none. Must not know what is asked."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

from django.db import connection

from streams.database_threads import keep_own_connection

log = logging.getLogger(__name__)

LIMIT_SECONDS = 2.0
"""Whoever asks waits at most so long; what takes longer counts as not answered."""
MOST_CHECKS = 4

T = TypeVar("T")

# However many ask, and whatever hangs: a thread for each check, and none that pages or calls use.
threads = ThreadPoolExecutor(MOST_CHECKS, thread_name_prefix="health", initializer=keep_own_connection)


class BackgroundCheck(Generic[T]):
    """`ask` is the question; `late` what its answer counts as while it takes too long, `broken` what when it raises."""

    def __init__(self, ask: Callable[[], T], late: Callable[[], T], broken: Callable[[], T]) -> None:
        self._ask, self._late, self._broken = ask, late, broken
        self._lock = Lock()
        self._asked: Future[T] | None = None
        self._last: T | None = None
        self._began = self._answered_at = float("-inf")

    def begin(self, fresh_seconds: float = 0.0) -> "Future[T]":
        """Asks, unless the answer to the last question is still awaited, or is not older than that."""
        with self._lock:
            asked = self._asked
            if asked is None or (asked.done() and self.age_seconds >= fresh_seconds):
                self._began = time.monotonic()
                asked = self._asked = threads.submit(self._run)
        return asked

    @property
    def age_seconds(self) -> float:
        """How old the last answer is; endless before the first."""
        return time.monotonic() - self._answered_at

    def answer(self, asked: "Future[T]") -> T:
        """To that question; what "late" counts as when it has not come."""
        return asked.result() if asked.done() else self._late()

    def last(self) -> T | None:
        """The last answer, or that there has been none for too long; None before the first."""
        waits = self._asked is not None and not self._asked.done()
        return self._late() if waits and time.monotonic() - self._began > LIMIT_SECONDS else self._last

    def forget(self) -> None:
        """As if nothing had been asked yet."""
        with self._lock:
            self._asked = self._last = None
            self._answered_at = float("-inf")

    def _run(self) -> T:
        connection.close()  # one that a restart of the database has broken must not be mistaken for the database
        try:
            answer = self._ask()
        except Exception:
            log.exception("A check of the platform's health failed.")
            answer = self._broken()
        finally:
            connection.close()
        self._last, self._answered_at = answer, time.monotonic()
        return answer
