"""Whose turn it is, where more comes than is done at once: each address has its turn, however many of another one wait.

Owns the counting and the order. Must not know what is done in a turn, nor the time."""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

STRANGERS_EVERY = 4
"""Of so many turns one at least is a stranger's, if he waits for it."""


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """`at_once`: begun and not over; `there`: come and not over, begun or not. `_each`: how many of those may be one address's."""

    at_once: int
    at_once_each: int
    there: int
    there_each: int


class Turns(Generic[T]):
    """Who has been let in before (`known`) is let in before others, and half of those that are there may be his."""

    def __init__(self, limits: TurnLimits) -> None:
        self.limits = limits
        self.begun: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.begun_count = self.waiting_count = 0
        self._known: AddressLine[T] = AddressLine()
        self._strangers: AddressLine[T] = AddressLine()
        self._since_a_stranger = 0

    def come(self, whose: str, visit: T, *, known: bool = False) -> bool:
        """False: too many are there already."""
        limits = self.limits
        each = max(limits.there_each, limits.there // 2) if known else limits.there_each
        if self.begun_count + self.waiting_count >= limits.there or self.begun[whose] + self.waiting[whose] >= each:
            return False
        self.waiting[whose] += 1
        self.waiting_count += 1
        (self._known if known else self._strangers).join(whose, visit, able=self.begun[whose] < limits.at_once_each)
        return True

    def next(self) -> T | None:
        """Begins a turn; whoever has it says when it is over (`over`)."""
        if self.begun_count >= self.limits.at_once:
            return None
        strangers_first = self._since_a_stranger >= STRANGERS_EVERY - 1
        for line in (self._strangers, self._known) if strangers_first else (self._known, self._strangers):
            if (taken := line.take()) is not None:
                self._since_a_stranger = 0 if line is self._strangers else self._since_a_stranger + 1
                self._begin(taken[0])
                return taken[1]
        return None

    def _begin(self, whose: str) -> None:
        _less(self.waiting, whose)
        self.waiting_count -= 1
        self.begun[whose] += 1
        self.begun_count += 1
        if self.begun[whose] >= self.limits.at_once_each:
            self._known.rest(whose)
            self._strangers.rest(whose)

    def over(self, whose: str) -> None:
        _less(self.begun, whose)
        self.begun_count -= 1
        self._known.go_on(whose)
        self._strangers.go_on(whose)


class AddressLine(Generic[T]):
    """Those of each address in the order in which they came; the addresses take turns."""

    def __init__(self) -> None:
        self._visits: dict[str, deque[T]] = {}
        self._able: OrderedDict[str, None] = OrderedDict()

    def join(self, whose: str, visit: T, *, able: bool) -> None:
        self._visits.setdefault(whose, deque()).append(visit)
        if able:
            self._able.setdefault(whose)

    def take(self) -> tuple[str, T] | None:
        if not self._able:
            return None
        whose, _ = self._able.popitem(last=False)
        visits = self._visits[whose]
        visit = visits.popleft()
        if visits:
            self._able[whose] = None
        else:
            del self._visits[whose]
        return whose, visit

    def rest(self, whose: str) -> None:
        """It has all the turns that one may have at once."""
        self._able.pop(whose, None)

    def go_on(self, whose: str) -> None:
        if whose in self._visits:
            self._able.setdefault(whose)


def _less(counted: Counter[str], whose: str) -> None:
    counted[whose] -= 1
    if not counted[whose]:
        del counted[whose]
