"""Keeps on this machine's disk what calls note until the database has it, so that a process may be killed while the database is away.

Owns the one thread that writes, flushes and forgets: the event loop only puts things into a list. A disk that fails or is full costs no
call anything: notes are then in memory only, which is said. Must not know the database, nor who reads what a process left behind."""

import asyncio
import errno
import itertools
import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from streams.calls.spool_file import SpoolFile
from streams.outages import Outage
from streams.pure.call.note_lines import Signs
from streams.pure.call.notes import CallFacts, CallKey, Note
from streams.pure.call.unwritten_notes import UnwrittenNotes
from streams.pure.lifecycle import Level
from streams.pure.spool_records import heading
from streams.sealed import seal

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
"""What is no fact of the lifecycle may be in memory only for so long."""
SPOOL_BYTES = 64 * 1_048_576
"""Past this size of its file a process keeps notes in memory only."""
WORTH_SHRINKING_BYTES = 1_048_576
LINES_TOGETHER = 500
TEXT_BYTES = 1_048_576
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
MEANWHILE = "calls go on, and notes are kept in memory: killed while the database is away, this process would lose them"

_spools: "weakref.WeakSet[Spool]" = weakref.WeakSet()


def notes_in_memory_only() -> bool:
    """Whether this process cannot keep its notes on disk. May be asked from any thread."""
    return any(spool.outage.away for spool in list(_spools))


class Spool:
    """One per process. Everything but `stop` and `until_kept` is told from the event loop and returns at once."""

    def __init__(self, folder: Path, owner: str) -> None:
        self.outage = Outage(log, "Keeping notes on disk")
        self.notes = UnwrittenNotes()
        self.file = SpoolFile(folder, owner)
        self._told: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._emptied_at = self._try_at = 0.0
        self._least_size = 0
        self._pause_seconds = FIRST_PAUSE_SECONDS
        _spools.add(self)

    # The event loop's side ---------------------------------------------------------------------------------------------------
    def note(self, facts: CallFacts, note: Note) -> None:
        """A note came that the database does not have. A fact of the lifecycle is flushed at once, the debug log within a second."""
        self._told.append(partial(self.notes.note, facts, note))
        if self._thread is None:
            self._begin()
        if note.level is not Level.DEBUG and not self._wake.is_set():
            self._wake.set()

    def written(self, key: CallKey, numbers: Sequence[int]) -> None:
        self._told.append(partial(self.notes.written, key, numbers))

    def forget(self, key: CallKey) -> None:
        """No more comes of a call, and nothing of it is to be written."""
        self._told.append(partial(self.notes.forget, key))

    def heard(self, signs: Signs) -> None:
        """When live calls were heard of last: what they are billed to should this process be killed now."""
        if self._thread is not None:
            self._told.append(partial(self.notes.heard, signs))

    async def until_kept(self, within_seconds: float) -> None:
        """Until all that was told so far is on disk, or cannot be; not longer than that."""
        if self._thread is None:
            return
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._told.append(partial(self._waiters.append, (loop, kept)))
        self._wake.set()
        await asyncio.wait([kept], timeout=within_seconds)

    async def stop(self, within_seconds: float) -> bool:
        """The last word of the process. True when nothing is left, or what is left is on disk for the next one."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, within_seconds)
        _spools.discard(self)
        hangs = self._thread is not None and self._thread.is_alive()
        return not (hangs or self.outage.away)

    # The thread ----------------------------------------------------------------------------------------------------------------
    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            stopping = self._stopping
            try:
                self._round(stopping)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next round tries to write all of it
                self._failed(error)
            self._release()
        self._end()

    def _round(self, at_once: bool) -> None:
        while self._told:
            self._told.popleft()()
        self._keep(at_once)

    def _end(self) -> None:
        with suppress(OSError):
            if self.notes.waiting:
                self.file.close()
            else:
                self.outage.worked()
                self.file.remove()

    def _keep(self, at_once: bool) -> None:
        now = time.monotonic()
        if not self.file.usable or not self.file.is_there():
            if (self.notes.something_to_keep or self.outage.away) and (at_once or now >= self._try_at):
                self._begin_anew()
        elif not self.notes.waiting and self.file.size > self._least_size and now >= self._emptied_at + FLUSH_SECONDS:
            self.file.empty()
            self.file.append(sealed(self.notes.everything()))
            self._begun(now)
        elif self.file.size > max(WORTH_SHRINKING_BYTES, 4 * self.notes.size):
            self._begin_anew()
        else:
            self._append()

    def _append(self) -> None:
        payloads = list(sealed(self.notes.fresh()))
        if self.file.size + sum(map(len, payloads)) > SPOOL_BYTES:
            self._begin_anew()
        elif payloads:
            self.file.append(payloads)
            self.notes.kept(anew=False)

    def _begin_anew(self) -> None:
        """With what the database does not have, and nothing else."""
        if self.notes.size > SPOOL_BYTES / 2:  # sealed, a third more; and then something has to fit in
            raise OSError(errno.EFBIG, f"there is more to keep than may be, {SPOOL_BYTES // 1_048_576} MiB")
        self.file.begin_anew(heading(seal().fingerprints[0]), sealed(self.notes.everything()))
        self._begun(time.monotonic())
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self.outage.worked()

    def _begun(self, now: float) -> None:
        self.notes.kept(anew=True)
        self._emptied_at, self._least_size = now, self.file.size

    def _failed(self, error: Exception) -> None:
        self.file.usable = False
        self._try_at = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        self.outage.failed(error, MEANWHILE)

    def _release(self) -> None:
        for loop, kept in self._waiters:
            with suppress(RuntimeError):  # a loop that is closed by now
                loop.call_soon_threadsafe(_resolve, kept)
        self._waiters.clear()


def sealed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Payloads of many lines each."""
    lines = iter(lines)
    while together := list(itertools.islice(lines, LINES_TOGETHER)):
        for text in _cut(together):
            yield seal().close(text.decode()).encode()


def _cut(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Mostly one; a record must not be too long to be read again."""
    text = b"".join(lines)
    if len(text) <= TEXT_BYTES or len(lines) == 1:
        yield text
        return
    half = len(lines) // 2
    yield from _cut(lines[:half])
    yield from _cut(lines[half:])


def _resolve(kept: "asyncio.Future[None]") -> None:
    if not kept.done():
        kept.set_result(None)
