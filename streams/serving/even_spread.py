"""Several processes accept from one port: whoever has more connections than another lets that one go first.

Owns the numbers, in memory that they share. All are woken together, and mostly the same one is first, while calls stay for minutes: of 30
connections to three idle processes one took 19, another 3."""

import mmap
import os
from typing import BinaryIO

BYTES = 4
STEP_BACK_SECONDS = 0.01
"""So long another has for accepting; then it is accepted here, where the other may have been stopped."""
NO_MORE = 2**32 - 1
"""The number of one that accepts no more, so that nobody waits for it."""


class EvenSpread:
    """The number of connections of process `place`, counted from 0, beside those of the others."""

    def __init__(self, numbers: int, place: int) -> None:
        """`numbers`: the descriptor of a file with a number for each, which stays the caller's."""
        size = os.fstat(numbers).st_size
        self._memory = mmap.mmap(numbers, size)
        self._numbers = memoryview(self._memory).cast("I")
        self._place = place
        self._numbers[place] = 0  # whoever had this place is gone

    def came(self) -> None:
        self._numbers[self._place] += 1

    def went(self) -> None:
        if self._numbers[self._place] not in (0, NO_MORE):
            self._numbers[self._place] -= 1

    def goes_first(self) -> bool:
        """Whether this one should accept what waits; another should, with fewer connections."""
        return self._numbers[self._place] <= min(self._numbers)

    def leave(self) -> None:
        self._numbers[self._place] = NO_MORE


def numbers_for(file: BinaryIO, count: int) -> None:
    """Makes room in an empty file for the numbers of so many processes."""
    file.truncate(count * BYTES)
