"""May this process take calls, and may it show pages: the database takes what it writes, its loops run, it is not being stopped.

Owns that judgement. Nothing counts here without which a call loses nothing (Redis, worker, beat): a load balancer would take all processes
away for it. Must not tell what a stranger may not know: no addresses, no error texts."""

import logging
import time

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from config.background_checks import LIMIT_SECONDS, BackgroundCheck
from config.serving_role import CONSOLE
from streams import journal, keeper
from streams.calls import lease_keeping, note_queue, switchboard
from streams.outages import Outage

log = logging.getLogger(__name__)

PROBE_EVERY_SECONDS = 2.0
OK, UNANSWERED, UNWRITABLE = "ok", "does not answer queries", "answers, but this process cannot write calls to it"
UNMIGRATED = "has not the tables that this version needs: manage.py migrate makes them"
NO_TABLE = ("no such table", "no such column", "has no column", "does not exist")
LATE = f"no answer within {LIMIT_SECONDS:g} s"


class LastProbe:
    """When writing was tried last with success: whoever asks often must not keep the database busy."""

    def __init__(self) -> None:
        self.at = float("-inf")

    def is_fresh(self) -> bool:
        return time.monotonic() - self.at < PROBE_EVERY_SECONDS

    def made(self) -> None:
        self.at = time.monotonic()


_last_probe = LastProbe()
_writing = Outage(log, "Writing to the database")
_ready = Outage(log, "Being ready for calls")


def database_problem() -> str:
    """A database that answers may refuse all the same to write: then calls would be taken, and what they note would wait here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return UNANSWERED
    return OK if _last_probe.is_fresh() and not note_queue.refused_for_now() else writing_problem()


def writing_problem() -> str:
    try:
        journal.probe()
    except Exception as error:  # noqa: BLE001 - whatever it raises, nothing can be written
        _writing.failed(error, "calls are taken, and what they note waits")
        return UNMIGRATED if any(words in str(error) for words in NO_TABLE) else UNWRITABLE
    _writing.worked()
    _last_probe.made()
    return OK


database = BackgroundCheck(database_problem, late=lambda: LATE, broken=lambda: UNANSWERED)


def loops_problem() -> str:
    """Of the loops that calls need: leases, notes, gateways ... One that fails is started again (streams.keeper)."""
    down = keeper.loops_down(calls_need=True)
    return f"{', '.join(down)} failed and {'is' if len(down) == 1 else 'are'} being started again; the log says why" if down else OK


def leases_problem() -> str:
    """A call that came now would lose its lease as well: a worker would end it in its rows, and then it would be cut."""
    words = f"this process could not renew them within {settings.LEASE_SECONDS:g} s; a worker may end its calls in their rows"
    return words if lease_keeping.leases_run_out() else OK


def stopping_problem() -> str:
    return "is being stopped" if switchboard.stopping else OK


def findings(role: str, of_database: str) -> dict[str, str]:
    """What readiness depends on in a process of this role, each `ok` or in words. A console shows pages from a database that is read-only;
    and what is wrong with it."""
    found = {"database": of_database, "loops": loops_problem(), "leases": leases_problem(), "process": stopping_problem()}
    return {**found, "database": OK} if role == CONSOLE and of_database == UNWRITABLE else found


def note(found: dict[str, str]) -> bool:
    """Whether the process is ready; in the log once, and not for each probe. That it is being stopped is said elsewhere."""
    wrong = [f"{name}: {words}" for name, words in found.items() if words != OK]
    if not wrong:
        _ready.worked()
    elif not switchboard.stopping:
        _ready.failed("; ".join(wrong), "load balancers send this process no new ones")
    return not wrong
