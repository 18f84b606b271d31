"""Keeps the notes of this process's calls until the journal has written them; audio never waits for it.

Owns the writers, the order within a call, and what happens while the database refuses: when it takes no call at all, everything waits;
when it only refuses this note, that is set aside and tried again later. Notes wait bounded, and facts of the lifecycle are never
dropped; what waits is in the spool as well. Must not know sessions or sockets."""

import asyncio
import logging
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from django.conf import settings

from streams import journal
from streams.calls.note_page import NotePage
from streams.calls.note_writing import NoteWriting, Refused
from streams.calls.spool import Spool
from streams.keeper import keep
from streams.pure.call.notes import CallFacts, CallKey, Note, note_in_words
from streams.pure.lifecycle import Level

log = logging.getLogger(__name__)

WRITERS = 4
NOTES_AT_ONCE = 500
NOTES_AT_MOST = 50_000
"""Past this many waiting notes of the process, debug notes are dropped and counted; nothing else ever is."""
SPOOL_SECONDS = 5.0
"""At most this long for a disk when the process ends."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
TRIES_ALONE = 2
"""A deadlock, or a database that was away for a moment, is no fault of the note."""
BAD_AT_ONCE = 5
"""After so many bad notes of a call, the rest of it waits as well: most likely none of them can be written."""

_queues: "weakref.WeakSet[NoteQueue]" = weakref.WeakSet()


def refused_for_now() -> bool:
    """Whether this process's notes wait because no call can be written. May be asked from any thread."""
    return any(queue.refused for queue in list(_queues))


def notes_aside() -> int:
    """How many notes wait in this process because the database refuses them, though it takes others. May be asked from any thread."""
    return sum(page.waiting for queue in list(_queues) for page in list(queue.pages.values()) if page.in_trouble)


class NoteQueue:
    """One per process and event loop. `owner` names the process in the leases of its calls."""

    def __init__(self, owner: str, lease_seconds: float) -> None:
        self.owner = owner
        self.lease_seconds = lease_seconds
        self.pages: dict[CallKey, NotePage] = {}
        self.waiting = 0
        self._ready: asyncio.Queue[CallKey] = asyncio.Queue()
        self._idle = asyncio.Event()
        self._idle.set()
        self._awaited = 0
        self._writing = NoteWriting(owner, lease_seconds, WRITERS)
        self.spool = Spool(settings.DATA_DIR / "spool", owner)
        self._held: dict[int, NotePage] = {}
        self._writers = [keep(f"note writer {number}", partial(self._write, number)) for number in range(1, WRITERS + 1)]
        _queues.add(self)

    @property
    def refused(self) -> bool:
        """Whether no call can be written just now."""
        return self._writing.outage.away

    def open(self, facts: CallFacts, on_lost: Callable[[str, bool], None]) -> None:
        """Begins a call's page. `on_lost` is told when the journal says that the call is not ours (any more): why, and whether it was.
        There is none yet (`still_writes`): what one of the same call_uuid has still to write would be lost with its page."""
        assert facts.key not in self.pages
        self.pages[facts.key] = NotePage(facts, on_lost=on_lost)

    def still_writes(self, key: CallKey) -> bool:
        """Whether the rows of a call are not known yet to have all that it noted; also of one that is over."""
        return key in self.pages

    def add(self, facts: CallFacts, note: Note) -> None:
        """Keeps a note until it is written. Called on the event loop; never blocks."""
        page = self.pages.get(facts.key)
        if page is None:
            return
        if self.waiting >= NOTES_AT_MOST and note.level is Level.DEBUG:
            page.lost += 1
            return
        page.notes.append(note)
        self.spool.note(page.facts, note)
        self.waiting += 1
        self._idle.clear()
        self._gather(page, note)

    def _gather(self, page: NotePage, note: Note) -> None:
        if self._awaited or len(page.notes) >= NOTES_AT_ONCE:
            self._line_up(page)
        elif not page.writing and not page.resting:
            page.gather(note, self._line_up)

    def _gather_again(self, page: NotePage) -> None:
        """What came while others of it were written."""
        for note in page.next_batch(NOTES_AT_ONCE):
            self._gather(page, note)

    def _line_up(self, page: NotePage) -> None:
        page.stop_gathering()
        if not page.writing and not page.resting:
            page.writing = True
            self._ready.put_nowait(page.facts.key)

    def close(self, key: CallKey) -> None:
        """No more notes come for this call; what waits is still written."""
        page = self.pages.get(key)
        if page is not None:
            page.closed = True
            self._hurry(page)
            self._forget(page)

    def _hurry(self, page: NotePage) -> None:
        """What waits for more to come waits no longer."""
        if page.gathering is not None:
            self._line_up(page)

    def _forget(self, page: NotePage) -> None:
        if page.closed and not page.waiting and not page.writing:
            page.stop_resting()
            self.pages.pop(page.facts.key, None)
            self.spool.forget(page.facts.key)

    def begun(self, key: CallKey) -> bool:
        """Whether the call has a row, so that a missing lease means that it was taken."""
        page = self.pages.get(key)
        return page is not None and page.begun.is_set()

    def knows_of_ends(self, key: CallKey) -> bool:
        """Whether the rows tell of each end that the call has noted so far."""
        page = self.pages.get(key)
        return page is not None and page.begun.is_set() and page.knows_of_ends

    async def until_begun(self, key: CallKey, within_seconds: float) -> None:
        """Waits for the call's first notes to be written, or to be refused by the journal, but not longer than that."""
        page = self.pages.get(key)
        if page is not None:
            self._hurry(page)
            with suppress(TimeoutError):
                async with asyncio.timeout(within_seconds):
                    await page.begun.wait()

    async def written(self, within_seconds: float) -> bool:
        """Waits until nothing is waiting; False when the time was not enough."""
        self._awaited += 1
        for page in self.pages.values():
            self._hurry(page)
        try:
            async with asyncio.timeout(within_seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        finally:
            self._awaited -= 1
        return True

    async def stop(self, within_seconds: float) -> None:
        """Once more everything is tried; what cannot be written stays in the spool."""
        for page in self.pages.values():
            self._try_again(page)
        await self.written(within_seconds)
        await asyncio.gather(*(writer.stop() for writer in self._writers))
        for page in self.pages.values():
            page.stop_resting()
            page.stop_gathering()
        self._say_what_is_left(kept=await self.spool.stop(SPOOL_SECONDS))
        await self._writing.stop()
        _queues.discard(self)

    def _say_what_is_left(self, kept: bool) -> None:
        left = [(page.facts, note) for page in self.pages.values() for note in page.unwritten()]
        if left and kept:
            words = "%d notes could not be written before the process ended; they are in %s, for the next one on this machine."
            log.error(words, len(left), self.spool.file.path)
        elif left:
            log.error("%d notes could not be written before the process ended, nor kept in %s. They are:", len(left), self.spool.file.path)
            for facts, note in left:
                log.error("Not written: call %s of account %d: %s", facts.call_id, facts.account_id, note_in_words(note))

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
        page.writing = False
        if (page.aside or page.resting) and page.alarm is None and not page.rested:
            self._rest(page)
        if page.rested or (page.closed and page.notes):
            self._line_up(page)
        elif page.notes and not page.resting:
            self._gather_again(page)
        self._forget(page)
        if self.waiting == 0:
            self._idle.set()

    async def _write_page(self, page: NotePage) -> bool:
        """Writes some of the page's notes; False when the database takes none and they have to wait."""
        if page.rested:
            page.take_back()
        try:
            await self._write_batch(page, page.next_batch(NOTES_AT_ONCE))
        except journal.LeaseLost as error:
            self._drop_page(page, str(error))
        except Refused:
            return self._rests_alone(page)
        page.is_well()
        return True

    async def _write_batch(self, page: NotePage, batch: list[Note]) -> None:
        if page.aside:  # some of it may depend on what waits there
            await self._write_one_by_one(page, batch)
        elif batch and (error := await self._writing.failure(page, batch)) is None:
            self._drop_written(page, len(batch))
        elif batch:
            log.warning("Call %s: %d notes could not be written together (%s); each is tried alone.", page.facts.call_id, len(batch), error)
            await self._write_one_by_one(page, batch)

    async def _write_one_by_one(self, page: NotePage, batch: list[Note]) -> None:
        """One bad note must not take the others with it."""
        bad = 0
        for note in batch:
            if page.depends_on_aside(note):
                page.set_aside(note)
            elif (error := await self._failure_alone(page, note)) is None:
                self._drop_written(page, 1)
            else:
                self._bad(page, note, error)
                bad += 1
            if bad == BAD_AT_ONCE:
                page.resting = True
                break

    async def _failure_alone(self, page: NotePage, note: Note) -> Exception | None:
        for _ in range(TRIES_ALONE - 1):
            if await self._writing.failure(page, [note]) is None:
                return None
        return await self._writing.failure(page, [note])

    def _rests_alone(self, page: NotePage) -> bool:
        """Whether a page that was refused rests by itself, because others were written meanwhile; else its writer rests with it."""
        page.resting = self._writing.written > page.written_by_others
        page.written_by_others = self._writing.written
        return page.resting

    # What cannot be written though others can ------------------------------------------------------------------------------------
    def _bad(self, page: NotePage, note: Note, error: Exception) -> None:
        if note.level is Level.DEBUG:
            page.lost += 1
            self._drop(page, 1)
            log.error("Call %s: the note %s could not be written and is lost.", page.facts.call_id, note.kind, exc_info=error)
            return
        page.set_aside(note)
        words = "Call %s: a note could not be written, though others can; it is set aside and tried again. %s"
        log.error(words, page.facts.call_id, note_in_words(note), exc_info=None if page.in_trouble else error)

    def _rest(self, page: NotePage) -> None:
        """Later everything of it is tried again."""
        seconds = page.rest(self._try_again)
        if page.aside:
            log.warning("Call %s: %d notes are set aside and tried again in %g s.", page.facts.call_id, len(page.aside), seconds)

    def _try_again(self, page: NotePage) -> None:
        if page.alarm is not None:
            page.stop_resting()
            page.rested = True
            self._line_up(page)

    # What is written, or not to be -----------------------------------------------------------------------------------------------
    def _drop_written(self, page: NotePage, count: int) -> None:
        page.begun.set()
        self._drop(page, count)

    def _drop(self, page: NotePage, count: int) -> None:
        """Nothing of these is to be written any more."""
        self.spool.written(page.facts.key, [page.notes.popleft().number for _ in range(count)])
        self.waiting -= count

    def _drop_page(self, page: NotePage, words: str) -> None:
        self.waiting -= page.waiting
        page.notes.clear()
        page.aside.clear()
        page.stop_resting()
        page.rested = False
        self.pages.pop(page.facts.key, None)
        self.spool.forget(page.facts.key)
        begun = page.begun.is_set()
        page.begun.set()
        page.on_lost(words, begun)
