"""Wrong passwords of gateways: when the next try counts. The pauses grow, for an address with one name and for an address with any.

Owns those numbers and the counts, which are bounded. Has no clock. A name by itself locks nobody out: from an address that did not guess at
it the right password always comes in, so that no stranger keeps a gateway away. Must not know passwords."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

FREE_OF_PAIR, FREE_OF_ADDRESS = 5, 20
"""Failures without a pause: with one name from an address, and with any names from it (an office's gateways share one)."""
PRESSED_FAILURES, PRESSED_SECONDS = 50, 900.0
"""So many failures with one name within this time, from wherever: many addresses guess at it, and each gets one try in place of five."""
LONGEST_PAUSE_SECONDS = 300.0
FORGOTTEN_SECONDS = 3600.0
"""Failures count until none came for so long."""
MOST_KEPT = 10_000
"""Entries of each table; those that are quiet for longest go first."""

Key = TypeVar("Key")
Pair = tuple[str, str]


@dataclass(slots=True)
class FailureCount:
    """`last_at`: in seconds of a clock that only goes forward."""

    count: int
    last_at: float

    def pause(self, free: int) -> float:
        return min(2.0 ** min(self.count - free, 60), LONGEST_PAUSE_SECONDS) if self.count >= free else 0.0

    def left(self, free: int, now: float) -> float:
        return max(self.last_at + self.pause(free) - now, 0.0)


class Counts(Generic[Key]):
    """Failures by key."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Key, FailureCount] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def of(self, key: Key, now: float) -> FailureCount:
        found = self._counts.get(key)
        return found if found and now - found.last_at < FORGOTTEN_SECONDS else FailureCount(0, now)

    def add(self, key: Key, now: float) -> None:
        self._counts[key] = FailureCount(self.of(key, now).count + 1, now)
        self._counts.move_to_end(key)
        if len(self._counts) > MOST_KEPT:
            self._counts.popitem(last=False)

    def forget(self, key: Key) -> None:
        self._counts.pop(key, None)


class Guesses:
    """Of one process. `address` is one as it is counted (streams.pure.peer_address); `known`: there is a gateway of that name. Names
    that are nobody's have a table of their own: made-up ones push out no other."""

    def __init__(self) -> None:
        self._of_addresses: Counts[str] = Counts()
        self._of_pairs: dict[bool, Counts[Pair]] = {True: Counts(), False: Counts()}
        self._of_names: dict[str, FailureCount] = {}
        self._came_in: OrderedDict[Pair, None] = OrderedDict()

    def pause(self, address: str, name: str, now: float, *, known: bool) -> float:
        """Seconds until a try counts; 0.0 when it does. A try before is to be refused unseen, and is not counted."""
        pair = (address, name)
        of_pair = self._of_pairs[known].of(pair, now).left(self._free(name, now), now)
        # A gateway that got in from here is not kept out by what others behind the same address guess at other names.
        if pair in self._came_in:
            return of_pair
        return max(of_pair, self._of_addresses.of(address, now).left(FREE_OF_ADDRESS, now))

    def failed(self, address: str, name: str, now: float, *, known: bool) -> float:
        """Counts one; returns the pause that begins."""
        self._of_pairs[known].add((address, name), now)
        self._of_addresses.add(address, now)
        if known:
            self._press(name, now)
        return self.pause(address, name, now, known=known)

    def came_in(self, address: str, name: str) -> None:
        self._of_pairs[True].forget((address, name))
        self._came_in[address, name] = None
        self._came_in.move_to_end((address, name))
        if len(self._came_in) > MOST_KEPT:
            self._came_in.popitem(last=False)

    def _free(self, name: str, now: float) -> int:
        counted = self._of_names.get(name)
        pressed = counted is not None and counted.count >= PRESSED_FAILURES and now - counted.last_at < PRESSED_SECONDS
        return 1 if pressed else FREE_OF_PAIR

    def _press(self, name: str, now: float) -> None:
        """As many as there are gateways: `last_at` is when this count began, or was full for the last time."""
        counted = self._of_names.get(name)
        if counted is None or now - counted.last_at >= PRESSED_SECONDS:
            counted = self._of_names[name] = FailureCount(0, now)
        counted.count += 1
        if counted.count >= PRESSED_FAILURES:
            counted.last_at = now
