"""The notes of one call that are not written yet, in order, and those that were set aside because the journal refuses just them.

Owns which notes depend on which, how long one waits for those it is written with, and how long what was set aside rests. Must not know
threads, or how a note is written."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import EventKind

FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 300.0
GATHER_SECONDS = 0.25
"""How long a note waits at most for others of its call to be written with: each batch asks for the call's rows first."""
SOON_SECONDS = 0.03
TOLD = {EventKind.STREAM_STARTED, EventKind.BUFFER_DEGRADED, EventKind.CHECKPOINT_PLAYED, EventKind.AUDIO_CLEARED}
"""Customers hear of these, and may ask for the rows at once: nothing that waits does so any longer."""
SOON = {EventKind.CALL_STARTED, EventKind.STREAM_ENDED, EventKind.CALL_ENDED}
"""Others follow them within a moment: what a call begins with, a socket's close."""
ENDS = {EventKind.STREAM_ENDED, EventKind.CALL_ENDED}


@dataclass(slots=True)
class NotePage:
    """`gathering`: when what waits is lined up for the writers. `writing`: it is in their line, or one has it. `aside` is in order, and
    before `notes` wherever that matters. `resting`: nothing of it is written until its `alarm`. `rested`: the alarm has rung.
    `written_by_others`: how much the queue had written when this page was refused last. `lost`: notes that are not kept, and not yet
    told of in the rows."""

    facts: CallFacts
    notes: deque[Note] = field(default_factory=deque)
    aside: list[Note] = field(default_factory=list)
    lost: int = 0
    writing: bool = False
    resting: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    on_lost: Callable[[str, bool], None] = lambda words, begun: None
    alarm: asyncio.TimerHandle | None = None
    gathering: asyncio.TimerHandle | None = None
    rested: bool = False
    written_by_others: int = 0
    _rests: int = 0

    @property
    def waiting(self) -> int:
        return len(self.notes) + len(self.aside)

    def unwritten(self) -> list[Note]:
        return [*self.aside, *self.notes]

    @property
    def in_trouble(self) -> bool:
        return self._rests > 0

    @property
    def knows_of_ends(self) -> bool:
        """Whether no end of the call or of a stream waits to be written."""
        return not any(note.kind in ENDS for note in self.unwritten())

    def gather(self, note: Note, line_up: Callable[["NotePage"], None]) -> None:
        """Waits for what follows `note`, which waits already, but for no longer than that may; then `line_up` is called."""
        loop = asyncio.get_running_loop()
        seconds = 0.0 if note.kind in TOLD else SOON_SECONDS if note.kind in SOON else GATHER_SECONDS
        until = loop.time() + seconds
        if self.gathering is None or until < self.gathering.when():
            self.stop_gathering()
            self.gathering = loop.call_at(until, line_up, self)

    def stop_gathering(self) -> None:
        if self.gathering is not None:
            self.gathering.cancel()
        self.gathering = None

    def next_batch(self, most: int) -> list[Note]:
        """What is to be written next."""
        return [self.notes[index] for index in range(min(len(self.notes), most))]

    def depends_on_aside(self, note: Note) -> bool:
        """Written before what was set aside, it would change rows that are not there, or end what would then begin. Facts of the call
        change no stream; its end comes after the end of all its streams."""
        if note.stream_id is not None:
            return any(note.stream_id == earlier.stream_id for earlier in self.aside)
        return note.kind is EventKind.CALL_ENDED and any(earlier.stream_id is not None for earlier in self.aside)

    def set_aside(self, note: Note) -> None:
        """The first of `notes`, which is `note`."""
        self.aside.append(self.notes.popleft())

    def rest(self, alarm: Callable[["NotePage"], None]) -> float:
        """For how long, longer each time; then `alarm` is called."""
        seconds = min(FIRST_REST_SECONDS * 2.0 ** min(self._rests, 30), LONGEST_REST_SECONDS)
        self._rests += 1
        self.alarm = asyncio.get_running_loop().call_later(seconds, alarm, self)
        return seconds

    def take_back(self) -> None:
        """What was set aside is tried again, before what came after it."""
        self.notes.extendleft(reversed(self.aside))
        self.aside.clear()
        self.rested = False

    def is_well(self) -> None:
        """Nothing of it was refused; the next trouble is a new one."""
        if not self.aside and not self.resting:
            self._rests = 0
            self.stop_resting()

    def stop_resting(self) -> None:
        if self.alarm is not None:
            self.alarm.cancel()
        self.alarm, self.resting = None, False
