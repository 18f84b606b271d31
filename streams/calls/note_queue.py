"""Keeps the notes of this process's calls until the journal has written them; audio never waits for it.

Owns the threads that write, the order within a call, and what happens while the database is away: notes wait, bounded, and
facts of the lifecycle are never dropped. Must not know sessions or sockets."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from streams import journal
from streams.database_threads import DatabaseThreads
from streams.keeper import keep
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import Level

log = logging.getLogger(__name__)

WRITERS = 4
NOTES_AT_ONCE = 500
NOTES_AT_MOST = 50_000
"""Past this many waiting notes of the process, debug notes are dropped and counted; nothing else ever is."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0


@dataclass(slots=True)
class NotePage:
    """The notes of one call that are not written yet. `writing`: some writer has the page."""

    facts: CallFacts
    notes: deque[Note] = field(default_factory=deque)
    lost: int = 0
    writing: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    on_lost: Callable[[str, bool], None] = lambda words, begun: None


class NoteQueue:
    """One per process and event loop. `owner` names the process in the leases of its calls."""

    def __init__(self, owner: str, lease_seconds: float) -> None:
        self.owner = owner
        self.lease_seconds = lease_seconds
        self.pages: dict[UUID, NotePage] = {}
        self.waiting = 0
        self._ready: asyncio.Queue[UUID] = asyncio.Queue()
        self._idle = asyncio.Event()
        self._idle.set()
        self._threads = DatabaseThreads(WRITERS, "journal")
        self._held: dict[int, NotePage] = {}
        self._writers = [keep(f"note writer {number}", partial(self._write, number)) for number in range(1, WRITERS + 1)]

    def open(self, facts: CallFacts, on_lost: Callable[[str, bool], None]) -> None:
        """Begins a call's page. `on_lost` is told when the journal says that the call is not ours (any more): why, and whether it was."""
        self.pages[facts.call_id] = NotePage(facts, on_lost=on_lost)

    def add(self, facts: CallFacts, note: Note) -> None:
        """Keeps a note until it is written. Called on the event loop; never blocks."""
        page = self.pages.get(facts.call_id)
        if page is None:
            return
        if self.waiting >= NOTES_AT_MOST and note.level is Level.DEBUG:
            page.lost += 1
            return
        page.notes.append(note)
        self.waiting += 1
        self._idle.clear()
        if not page.writing:
            page.writing = True
            self._ready.put_nowait(facts.call_id)

    def close(self, call_id: UUID) -> None:
        """No more notes come for this call; what waits is still written."""
        page = self.pages.get(call_id)
        if page is not None:
            page.closed = True
            self._forget(page)

    def _forget(self, page: NotePage) -> None:
        if page.closed and not page.notes and not page.writing:
            self.pages.pop(page.facts.call_id, None)

    def begun(self, call_id: UUID) -> bool:
        """Whether the call has a row, so that a missing lease means that it was taken."""
        page = self.pages.get(call_id)
        return page is not None and page.begun.is_set()

    async def until_begun(self, call_id: UUID, within_seconds: float) -> None:
        """Waits for the call's first notes to be written, or to be refused by the journal, but not longer than that."""
        page = self.pages.get(call_id)
        if page is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(page.begun.wait(), within_seconds)

    async def written(self, within_seconds: float) -> bool:
        """Waits until nothing is waiting; False when the time was not enough."""
        try:
            await asyncio.wait_for(self._idle.wait(), within_seconds)
        except TimeoutError:
            return False
        return True

    async def stop(self, within_seconds: float) -> None:
        if not await self.written(within_seconds):
            log.error("%d notes could not be written before the process ended.", self.waiting)
        await asyncio.gather(*(writer.stop() for writer in self._writers))
        await self._threads.stop()

    # Writing -----------------------------------------------------------------------------------------------------------------
    async def _write(self, number: int) -> None:
        """When a page makes it fail, the page waits with this one writer, while the others write; then it goes to the end of the line."""
        if number in self._held:
            self._turn(self._held.pop(number))
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            page = self.pages.get(await self._ready.get())
            if page is None:
                continue
            self._held[number] = page
            if await self._write_page(page):
                pause_seconds = FIRST_PAUSE_SECONDS
            else:
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            self._turn(self._held.pop(number))

    def _turn(self, page: NotePage) -> None:
        """After a write: to the end of the line when more waits."""
        if page.notes:
            self._ready.put_nowait(page.facts.call_id)
            return
        page.writing = False
        self._forget(page)
        if self.waiting == 0:
            self._idle.set()

    async def _write_page(self, page: NotePage) -> bool:
        """Writes some of the page's notes; False when the database is away and they have to wait."""
        batch = [page.notes[index] for index in range(min(len(page.notes), NOTES_AT_ONCE))]
        try:
            await self._in_thread(page, batch)
        except journal.LeaseLost as error:
            self._drop_page(page, str(error))
            return True
        except (OperationalError, InterfaceError) as error:
            log.warning("The database is away (%s); %d notes wait.", str(error).strip(), self.waiting)
            return False
        except Exception:
            log.exception("Call %s: %d notes could not be written together; each is tried by itself.", page.facts.call_id, len(batch))
            return await self._write_one_by_one(page, batch)
        self._drop_written(page, len(batch))
        return True

    async def _write_one_by_one(self, page: NotePage, batch: list[Note]) -> bool:
        """One bad note must not take the others with it."""
        for note in batch:
            try:
                await self._in_thread(page, [note])
            except journal.LeaseLost as error:
                self._drop_page(page, str(error))
                return True
            except (OperationalError, InterfaceError):
                return False
            except (DatabaseError, ValueError, TypeError, KeyError):
                page.lost += 1
                log.exception("Call %s: the note %s could not be written and is lost.", page.facts.call_id, note.kind)
            self._drop_written(page, 1)
        return True

    async def _in_thread(self, page: NotePage, batch: list[Note]) -> None:
        lost = page.lost
        await self._threads.run(journal.record, self.owner, self.lease_seconds, page.facts, batch, lost)
        page.lost -= lost

    def _drop_written(self, page: NotePage, count: int) -> None:
        page.begun.set()
        for _ in range(count):
            page.notes.popleft()
        self.waiting -= count

    def _drop_page(self, page: NotePage, words: str) -> None:
        self.waiting -= len(page.notes)
        page.notes.clear()
        self.pages.pop(page.facts.call_id, None)
        begun = page.begun.is_set()
        page.begun.set()
        page.on_lost(words, begun)
