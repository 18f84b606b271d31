"""Frames that a gateway numbers: put in order within a bound, and counted where they are lost, doubled, or too late.

Owns what a number means: it may wrap, restart, be missing, or count something else than frames. Has no clock: who feeds it says when it
was held long enough. Must not know dialects."""

from collections import OrderedDict
from typing import Generic, NamedTuple, TypeVar

from streams.pure.messages import FrameFaults

HELD_MS = 100.0
"""How much audio may wait for a frame that is missing. One frame always may, however long it is."""
FIRST = 1
NEAR = 1000
"""A number this close to the next one is a frame of the same count; a lost frame is known as lost for so many frames."""
FAR = 3000
"""A minute of frames: who jumps further has begun to count anew."""
WRAPS = (2**16, 2**32)
USELESS_AFTER = 10
"""So many gaps in vain, and more gaps than frames: these numbers do not count frames one by one."""

Item = TypeVar("Item")


class NumberedFrame(NamedTuple, Generic[Item]):
    """`fingerprint`: what a doubled frame has in common with the first. `item` is None for what is no audio, and only has a number."""

    item: Item | None
    ms: float
    fingerprint: int


class FrameOrder(Generic[Item]):
    """One count. `gaps_are_losses`: False for timestamps, which go on while a gateway sends nothing."""

    def __init__(self, gaps_are_losses: bool = True) -> None:
        self.faults = FrameFaults()
        self._gaps_are_losses = gaps_are_losses
        self._next: int | None = None
        self._offset = 0
        self._latest = 0
        self._sure = False
        self._held: dict[int, NumberedFrame[Item]] = {}
        self._given: OrderedDict[int, int] = OrderedDict()
        self._missed: OrderedDict[int, None] = OrderedDict()
        self._gaps = self._frames = 0
        self._useless = False

    @property
    def holds(self) -> bool:
        """Whether audio waits."""
        return any(frame.item is not None for frame in self._held.values())

    def put(self, number: int | None, frame: NumberedFrame[Item]) -> list[Item]:
        """What is in turn once `frame` is there. A frame without a number stands where it came."""
        if self._useless or (number is None and self._next is None) or frame.item is None:
            return self._pass_by(number) if frame.item is None else [frame.item]
        place = self._place(self._latest + 1 if number is None else number)
        self._frames += 1
        if place < self._first_missing:
            return self._behind(number, place, frame)
        if place in self._held and self._held[place].item is not None:
            return self._doubled(number, place, frame)
        self.faults = self.faults.more(reordered=1 if place == self._next and self.holds else 0)
        self._held[place] = frame
        due = self._in_turn()
        while sum(held.ms for held in self._held.values()) > HELD_MS and len(self._held) > 1:
            due += self._give_up()
        return due

    def _doubled(self, number: int | None, place: int, frame: NumberedFrame[Item]) -> list[Item]:
        if self._held[place].fingerprint != frame.fingerprint:
            return self._begin_anew(number, frame)
        self.faults = self.faults.more(doubled=1)
        return []

    def flush(self) -> list[Item]:
        """What is held was held long enough."""
        due: list[Item] = []
        while self._held:
            due += self._give_up()
        return due

    def _pass_by(self, number: int | None) -> list[Item]:
        """Something else than audio has this number."""
        if number is None or self._useless:
            return []
        place = self._place(number)
        if place < self._first_missing:
            if place in self._missed:
                del self._missed[place]
                self.faults = self.faults.more(lost=-1)
            return []
        if place - self._first_missing < NEAR:
            self._held.setdefault(place, NumberedFrame(None, 0.0, 0))
        return self._in_turn()

    @property
    def _first_missing(self) -> int:
        return self._next if self._next is not None else 0

    def _place(self, number: int) -> int:
        """`number` on a scale that neither wraps nor restarts within the count."""
        self._latest = number
        if self._next is None:
            self._next = min(number, FIRST) if number <= FIRST + HELD_MS / 20 else number
        distance = number + self._offset - self._next
        if -NEAR <= distance <= FAR:
            return self._next + distance
        for size in WRAPS:
            wrapped = (distance + size // 2) % size - size // 2
            if abs(wrapped) <= NEAR and (number <= NEAR or size - NEAR <= number < size):
                if wrapped >= 0:
                    self._offset = self._next + wrapped - number
                return self._next + wrapped
        return self._next - NEAR - 1  # neither near nor far, but elsewhere

    def _behind(self, number: int | None, place: int, frame: NumberedFrame[Item]) -> list[Item]:
        """A frame whose place is over: it was given up, it came already, or the gateway counts anew."""
        if place in self._missed:
            del self._missed[place]
            self.faults = self.faults.more(lost=-1 if self._gaps_are_losses else 0, late=1)
            return []
        if self._given.get(place) == frame.fingerprint:
            self.faults = self.faults.more(doubled=1)
            return []
        return self._begin_anew(number, frame)

    def _begin_anew(self, number: int | None, frame: NumberedFrame[Item]) -> list[Item]:
        due = self.flush()
        self._given.clear()
        self._missed.clear()
        self._offset, self._next = 0, number if number is not None else self._latest + 1
        self._held[self._first_missing] = frame
        return due + self._in_turn()

    def _in_turn(self) -> list[Item]:
        due: list[Item] = []
        while (frame := self._held.pop(self._first_missing, None)) is not None:
            if frame.item is not None:
                due.append(frame.item)
                self._given[self._first_missing] = frame.fingerprint
                self._sure = True
            self._next = self._first_missing + 1
        while len(self._given) > NEAR:
            self._given.popitem(last=False)
        return due

    def _give_up(self) -> list[Item]:
        """What is missing before the first that is held will not come. Before the first frame of all nothing is known to be missing."""
        missed = range(self._first_missing, min(self._held))
        self._next = min(self._held)
        if self._sure and missed:
            self._gaps += 1
            self._missed |= dict.fromkeys(missed[-NEAR:])
            while len(self._missed) > NEAR:
                self._missed.popitem(last=False)
            self.faults = self.faults.more(lost=len(missed) if self._gaps_are_losses else 0)
        if self._gaps >= USELESS_AFTER and self._gaps * 2 > self._frames:
            self._useless, self.faults = True, FrameFaults()
            due = [frame.item for _, frame in sorted(self._held.items()) if frame.item is not None]
            self._held.clear()
            return due
        return self._in_turn()
