"""What is said in the log while something that others depend on is away: a line when it goes, one a minute, one when it is back.

Owns those lines and their count. Must not know what is away, nor what is done about it."""

import logging
import threading
import time
import weakref

LINE_EVERY_SECONDS = 60.0

_outages: "weakref.WeakSet[Outage]" = weakref.WeakSet()


def every() -> "list[Outage]":
    """Of this process, as long as who watches it is there."""
    return list(_outages)


def what_is_away() -> dict[str, bool]:
    """Of each thing that this process watches so, whether it is away. May be asked from any thread."""
    there: dict[str, bool] = {}
    for outage in every():
        there[outage.what] = outage.away or there.get(outage.what, False)
    return there


class Outage:
    """One such thing, as this process sees it: `what` begins a sentence, such as "Writing notes". May be told from any thread."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self.failures = 0
        """In a row; 0 while it is there."""
        self._log, self.what = log, what
        self._began = self._said_at = 0.0
        self._lock = threading.Lock()
        _outages.add(self)

    @property
    def away(self) -> bool:
        return self.failures > 0

    def failed(self, error: object, meanwhile: str) -> None:
        """Once more it did not do what it should. `meanwhile`: what that means, as the rest of a sentence."""
        with self._lock:
            now = time.monotonic()
            self.failures += 1
            if self.failures == 1:
                self._began = self._said_at = now
                self._log.warning("%s failed (%s); %s.", self.what, in_a_line(error), meanwhile)
            elif now - self._said_at >= LINE_EVERY_SECONDS:
                self._said_at = now
                words = "%s has been failing for %.0f s (%d failures, the last: %s); %s."
                self._log.warning(words, self.what, now - self._began, self.failures, in_a_line(error), meanwhile)

    def worked(self) -> None:
        """It did what it should. Costs nothing while it is there."""
        if not self.failures:
            return
        with self._lock:
            if self.failures:
                self._log.warning("%s works again after %.0f s and %d failures.", self.what, time.monotonic() - self._began, self.failures)
            self.failures = 0


def in_a_line(error: object) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
