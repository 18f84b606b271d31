"""The thread of a worker process that runs the rounds: woken by hints and sweeps, and by what its own tries bring back.

Owns the thread, its connection to the database, and what it does while that is away. Must not know what a round does."""

import logging
import time
from threading import Event, Thread

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from streams.delivery.claims import CLAIM_MARGIN_SECONDS
from streams.delivery.rounds import Rounds
from streams.outages import Outage
from streams.process_wide import ProcessWide

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.03
"""A round begins at most this often: what comes in between shares the next one. An idle process begins one at once."""
BUSY_ROUND_SECONDS = 0.06
"""Rounds are to take a third of the time at most, so that sending has the rest of a process that has one core: the longer one takes, the
later the next one begins, up to this, but for one that finds nothing being sent any more."""
REST_SECONDS = 1.0
"""After one that failed."""


class Courier:
    """Of one process."""

    def __init__(self) -> None:
        self._something = Event()
        self.rounds = Rounds(told=self._something.set)
        self._outage = Outage(log, "Delivering callbacks")
        self._closing = Event()
        self._thread = Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def stop_beginning(self) -> None:
        """What is under way is ended. Waits for nothing, and so may be called where a signal came in."""
        self.rounds.no_more = True

    def close(self) -> None:
        """Waits for what is under way, and writes what came of it."""
        self.stop_beginning()
        self._closing.set()
        self._something.set()
        self._thread.join(settings.CALLBACK_TIMEOUT_SECONDS + CLAIM_MARGIN_SECONDS)
        self.rounds.close()

    def _run(self) -> None:
        while not (self._closing.is_set() and self.rounds.idle):
            self._something.wait()
            self._something.clear()
            began = time.monotonic()
            worked = self._round()
            took = time.monotonic() - began
            time.sleep(max((ROUND_SECONDS if worked else REST_SECONDS) - took, 0))
            self.rounds.all_back.wait(longer_for_the_busy(took))
        connection.close()

    def _round(self) -> bool:
        close_old_connections()
        try:
            self.rounds.round()
        except DatabaseError as error:
            self._outage.failed(error, "they wait in the database")
            return self._failed()
        except Exception:
            log.exception("A round of delivering callbacks failed.")
            return self._failed()
        self._outage.worked()
        return True

    def _failed(self) -> bool:
        connection.close()
        self._something.set()
        return False


def longer_for_the_busy(took_seconds: float) -> float:
    """How many seconds later than otherwise the next round may begin, after one that took so long."""
    return max(min(3 * took_seconds, BUSY_ROUND_SECONDS) - max(took_seconds, ROUND_SECONDS), 0.0)


courier = ProcessWide(Courier)


def look_for(stream_id: int) -> None:
    """The stream owes something that may be tried."""
    courier().rounds.hint(stream_id)


def sweep() -> None:
    """Whatever waits is to be looked at."""
    courier().rounds.sweep()


def stop_beginning() -> None:
    """This process is about to end."""
    if courier.made:
        courier.made.stop_beginning()


def close() -> None:
    if made := courier.forget():
        made.close()
