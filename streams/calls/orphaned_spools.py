"""Finds what killed processes of this machine have left in their spools, and has it written to the database.

Owns which file is whose to replay, and what becomes of it: removed once all is written, kept where something cannot be, moved aside
where it cannot be read. Nothing in a file may stop a start. Blocks: for threads only. Must not know what a note changes in the rows."""

import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from streams.calls.spool import SPOOL_BYTES
from streams.calls.spool_file import NAME, UNFINISHED, is_same_file, locked, open_folder
from streams.calls.spool_replay import GoOn, NotNow, SpoolReplay, read_spool, require_database
from streams.outages import Outage
from streams.pure.call.notes import note_in_words
from streams.pure.spool_records import VERSION, Damage, Heading, heading_of
from streams.sealed import seal

log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
"""After so long a round begins no other file."""
HEADING_BYTES = 200
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 30.0, 3600.0
DAMAGED = ".damaged"


@dataclass(slots=True)
class Orphan:
    """A file whose process is gone: its lock is ours. `folder` and `descriptor` (of the file) are open."""

    name: str
    owner: str
    folder: int
    descriptor: int
    size: int

    def beginning(self) -> bytes:
        return os.pread(self.descriptor, HEADING_BYTES, 0)

    def read(self) -> bytes:
        with open(self.descriptor, "rb", closefd=False) as file:
            return file.read()

    def remove(self) -> None:
        os.unlink(self.name, dir_fd=self.folder)

    def move_aside(self) -> str:
        aside = self.name.removesuffix(".spool") + DAMAGED
        os.rename(self.name, aside, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        return aside


class OrphanedSpools:
    """Those of one folder. Remembers what need not be tried again at once, or said again; knows no more than the files tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outage = Outage(log, "Writing what killed processes had noted")
        self._rests: dict[str, tuple[float, float]] = {}
        self._said: set[str] = set()
        self._unfinished: dict[str, int] = {}

    def replay(self, go_on: GoOn = lambda: True) -> int:
        """One round; returns how many files were written whole, and removed."""
        names = self._names()
        began, done = time.monotonic(), 0
        for name in names:
            if time.monotonic() - began > ROUND_SECONDS or not go_on():
                break
            try:
                done += self._replay_file(name, go_on)
            except NotNow:
                break
            except OSError as error:
                self._rest(name, f"it cannot be used ({error})")
            except Exception as error:
                log.exception("%s could not be read.", self.folder / name)
                self._rest(name, f"reading it failed ({type(error).__name__})")
        return done

    def _names(self) -> list[str]:
        """Without those that rest. A folder that cannot be read has nothing for us; who writes to it says what is wrong."""
        with suppress(OSError):
            names = sorted(name for name in os.listdir(self.folder) if NAME.fullmatch(name) or UNFINISHED.fullmatch(name))
            self._rests = {name: rest for name, rest in self._rests.items() if name in names}
            self._unfinished = {name: number for name, number in self._unfinished.items() if name in names}
            return [name for name in names if time.monotonic() >= self._rests.get(name, (0.0, 0.0))[0]]
        return []

    def _replay_file(self, name: str, go_on: GoOn) -> bool:
        with self._taken(name) as orphan:
            if orphan is None:
                return False
            heading = heading_of(orphan.beginning())
            if heading is None and orphan.size:
                log.error("%s is no spool; it is called %s from now on.", self.folder / name, orphan.move_aside())
            elif heading is None or heading.size == orphan.size:
                orphan.remove()
            elif self._is_readable(orphan, heading):
                return self._replay(orphan, heading, go_on)
            return False

    # Taking a file -----------------------------------------------------------------------------------------------------------
    @contextmanager
    def _taken(self, name: str) -> Iterator[Orphan | None]:
        """The file with its lock; None when its process lives, or it is none of ours."""
        folder = open_folder(self.folder)
        descriptor = None
        try:
            try:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            except FileNotFoundError:  # another was quicker
                yield None
                return
            yield self._orphan(name, descriptor, folder)
        finally:
            if descriptor is not None:
                os.close(descriptor)
            os.close(folder)

    def _orphan(self, name: str, descriptor: int, folder: int) -> Orphan | None:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > 2 * SPOOL_BYTES:
            raise OSError("it is no file, or larger than any of ours")
        if not locked(descriptor) or not is_same_file(descriptor, name, folder):
            return None
        if UNFINISHED.fullmatch(name):
            self._remove_unfinished(name, state.st_ino, folder)
            return None
        # Only now it is certain that nobody writes to it any more.
        return Orphan(name, name.removesuffix(".spool"), folder, descriptor, os.fstat(descriptor).st_size)

    def _remove_unfinished(self, name: str, file_number: int, folder: int) -> None:
        """What a process was killed over. One that has just made it, and not locked it yet, has by the next round."""
        if self._unfinished.get(name) == file_number:
            os.unlink(name, dir_fd=folder)
            file_number = 0
        self._unfinished[name] = file_number

    def _is_readable(self, orphan: Orphan, heading: Heading) -> bool:
        if heading.version == VERSION and heading.fingerprint in seal().fingerprints:
            return True
        if heading.version != VERSION:
            why = f"it is of another version ({heading.version}; this one reads {VERSION})"
        else:
            why = f"it is sealed with another key: SECRETS_KEY needs the one with the fingerprint {heading.fingerprint}"
        self._rest(orphan.name, why)
        return False

    def _rest(self, name: str, why: str) -> None:
        """Each cause is said once."""
        pause = min(2 * self._rests.get(name, (0.0, FIRST_REST_SECONDS / 2))[1], LONGEST_REST_SECONDS)
        self._rests[name] = time.monotonic() + pause, pause
        if (words := f"{self.folder / name} stays as it is: {why}.") not in self._said:
            self._said.add(words)
            log.error("%s It is tried again from time to time.", words)

    # Replaying it --------------------------------------------------------------------------------------------------------------
    def _replay(self, orphan: Orphan, heading: Heading, go_on: GoOn) -> bool:
        self._require_database()
        stored, damages = read_spool(orphan.read(), heading.size)
        replay = SpoolReplay(orphan.owner, stored, go_on)
        replay.run()
        count = sum(len(call.lines) for call in stored.calls.values())
        if replay.bad:
            facts, note, error = replay.bad[0]
            why = f"{len(replay.bad)} notes cannot be written, though others can: call {facts.call_id}, {note_in_words(note)}: {error}"
            self._rest(orphan.name, why)
            return False
        words = "Process %s is gone; what it had last on disk, %d notes of %d calls, is in the database now."
        if count:
            log.warning(words, orphan.owner, count, len(stored.calls))
        self._put_away(orphan, damages, replay.unread)
        return True

    def _put_away(self, orphan: Orphan, damages: list[Damage], unread: int) -> None:
        path = self.folder / orphan.name
        damaged = sum(damage.size for damage in damages if not damage.torn)
        if damaged or unread:
            words = "%s: %d bytes are damaged and %d notes make no sense; all else is written, and the file is called %s from now on."
            log.error(words, path, damaged, unread, orphan.move_aside())
            return
        if damages:
            log.warning("%s: the last %d bytes were not written to their end; all else is in the database.", path, damages[0].size)
        orphan.remove()

    def _require_database(self) -> None:
        """Before anything is read: a file may be large, and the database away for hours. Raises NotNow."""
        try:
            require_database()
        except NotNow as error:
            self.outage.failed(error, "it waits in the spool")
            raise
        self.outage.worked()
