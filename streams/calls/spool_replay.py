"""Writes what one killed process had noted, in its name: what its own writers would have done.

Owns the reading of a spool's records, the order of its notes, and what is done with one that cannot be written. Blocks. Must not know
which files there are, nor what a note changes in the rows."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from django.conf import settings

from streams import journal
from streams.calls.note_page import NotePage
from streams.outages import in_a_line
from streams.pure.call.note_lines import StoredCall, StoredNotes
from streams.pure.call.notes import CallFacts, CallKey, Note, note_in_words
from streams.pure.lifecycle import Level
from streams.pure.seal import CannotOpen
from streams.pure.spool_records import Damage, pieces
from streams.sealed import seal

log = logging.getLogger(__name__)

NOTES_AT_ONCE = 500
GoOn = Callable[[], bool]
P = ParamSpec("P")
T = TypeVar("T")


class Unwritable(Exception):
    """These notes cannot be written, though others can."""


class NotNow(Exception):
    """The database takes no call, or this process is being stopped: the file stays, for the next round or the next process."""


def require_database() -> None:
    """Raises NotNow while the database takes no call."""
    try:
        journal.probe()
    except Exception as error:
        raise NotNow(in_a_line(error)) from error


def read_spool(data: bytes, begin: int) -> tuple[StoredNotes, list[Damage]]:
    """What the records from `begin` on say, and what of them cannot be read."""
    stored, damages = StoredNotes(), list[Damage]()
    for piece in pieces(data, begin):
        if isinstance(piece, Damage):
            damages.append(piece)
            continue
        try:
            text = seal().open(piece.decode("ascii")).encode()
        except (CannotOpen, UnicodeDecodeError):
            damages.append(Damage(begin, len(piece), torn=False))
        else:
            stored.read(text, signs_count=not damages)
    return stored, damages


class SpoolReplay:
    """`bad`: notes that cannot be written though others can, with the reason; `unread`: lines that make no sense."""

    def __init__(self, owner: str, stored: StoredNotes, go_on: GoOn) -> None:
        self.owner, self.stored = owner, stored
        self.bad: list[tuple[CallFacts, Note, Exception]] = []
        self.unread = stored.unread
        self._go_on = go_on
        self._renewed_at = float("-inf")
        self._signs: dict[int, list[CallKey]] = {}
        for key, seconds in stored.heard.items():
            self._signs.setdefault(seconds, []).append(key)

    def run(self) -> None:
        """Raises NotNow. Killed in the middle, it is begun again by the next; what was written already changes nothing then."""
        for call in self.stored.calls.values():
            self._write_call(call)
        self._inherit(0.0)  # whoever has no end by now is ended for it, at its last sign of life

    def _write_call(self, call: StoredCall) -> None:
        notes, unread = call.notes()
        self.unread += unread
        heard_at = self.stored.heard.get(call.facts.key)
        self._renew()
        try:
            if self._is_written_in_order(call.facts, notes, heard_at):
                return
            self._tried(journal.record_late, call.facts, notes, heard_at)
        except journal.LeaseLost as lost:
            log.error("Call %s: %d notes of process %s are not written: %s", call.facts.call_id, len(notes), self.owner, lost)
        except Unwritable as error:
            self.bad += [(call.facts, note, error) for note in notes]

    def _is_written_in_order(self, facts: CallFacts, notes: Sequence[Note], heard_at: int | None) -> bool:
        """False for a call that is over, or not this process's any more."""
        if not self._tried(journal.may_go_on, self.owner, facts):
            return False
        page = NotePage(facts, notes=deque(notes))
        try:
            while batch := page.next_batch(NOTES_AT_ONCE):
                self._write_batch(page, batch)
        except journal.LeaseLost:
            return False
        self._tried(journal.end_left_open, facts, heard_at)
        return True

    def _write_batch(self, page: NotePage, batch: list[Note]) -> None:
        self._renew()
        if not page.aside and self._failure(page.facts, batch) is None:
            for _ in batch:
                page.notes.popleft()
            return
        for note in batch:
            self._write_one(page, note)

    def _write_one(self, page: NotePage, note: Note) -> None:
        """One bad note must not take the others with it, but those that depend on it."""
        error: Exception | None = Unwritable("it depends on one that cannot be written")
        if not page.depends_on_aside(note):
            error = self._failure(page.facts, [note]) and self._failure(page.facts, [note])  # the first may be a deadlock
        if error is None:
            page.notes.popleft()
        elif note.level is Level.DEBUG:
            page.notes.popleft()
            log.error("Call %s: a note could not be written and is lost (%s). %s", page.facts.call_id, error, note_in_words(note))
        else:
            page.set_aside(note)
            self.bad.append((page.facts, note, error))

    # The database --------------------------------------------------------------------------------------------------------------
    def _failure(self, facts: CallFacts, notes: Sequence[Note]) -> Exception | None:
        try:
            self._tried(journal.record, self.owner, settings.LEASE_SECONDS, facts, notes)
        except Unwritable as error:
            return error
        return None

    def _renew(self) -> None:
        """While its calls are written, nobody ends them."""
        if time.monotonic() - self._renewed_at > settings.LEASE_SECONDS / 4:
            self._inherit(settings.LEASE_SECONDS)
            self._renewed_at = time.monotonic()

    def _inherit(self, lease_seconds: float) -> None:
        self._tried(journal.inherit_leases, self.owner, lease_seconds, self._signs)

    def _tried(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Raises Unwritable where the database takes other calls, NotNow where it takes none, and LeaseLost."""
        if not self._go_on():
            raise NotNow("this process is being stopped")
        try:
            return function(*arguments, **options)
        except journal.LeaseLost:
            raise
        except Exception as error:
            require_database()
            raise Unwritable(in_a_line(error)) from error
