"""Writes a call's notes in a thread, and says of a failure whose fault it is: the database's, which takes no call now, or the notes'.

What an exception is called does not tell that: a database that is read-only, full, without a privilege or in the middle of a migration
raises whatever it likes. So it is tried whether any call can be written. Must not know in which order notes are written, or when."""

import logging
from collections.abc import Sequence

from streams import journal
from streams.calls.note_page import NotePage
from streams.database_threads import DatabaseThreads
from streams.outages import Outage
from streams.pure.call.notes import Note

log = logging.getLogger(__name__)

MEANWHILE = "they wait, and calls go on"


class Refused(Exception):
    """No call can be written just now."""


class NoteWriting:
    """`owner` names the process in the leases of its calls. `written`: how many batches were, so far."""

    def __init__(self, owner: str, lease_seconds: float, threads: int) -> None:
        self.outage = Outage(log, "Writing notes")
        self.written = 0
        self._owner, self._lease_seconds = owner, lease_seconds
        self._threads = DatabaseThreads(threads, "journal")

    async def failure(self, page: NotePage, notes: Sequence[Note]) -> Exception | None:
        """Why just these notes of the page cannot be written; None when they are. Raises Refused when no call can be, and LeaseLost."""
        lost = page.lost
        try:
            await self._threads.run(journal.record, self._owner, self._lease_seconds, page.facts, notes, lost)
        except journal.LeaseLost:
            raise
        except Exception as error:
            if not await self._takes_any_call():
                self.outage.failed(error, MEANWHILE)
                raise Refused from error
            return error
        page.lost -= lost
        self.written += 1
        if self.outage.away:
            await self._takes_any_call()
        return None

    async def _takes_any_call(self) -> bool:
        try:
            await self._threads.run(journal.probe)
        except Exception:  # noqa: BLE001 - whatever it is, nothing was written
            return False
        self.outage.worked()
        return True

    async def stop(self) -> None:
        await self._threads.stop()
