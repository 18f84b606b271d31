"""What a gateway says before the one message without which nothing of it can be understood.

Owns the bound on it. Must not know dialects, or what the message is but its name."""

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from streams.pure.messages import Unreadable

EARLY_BYTES = 96_000
"""One second of L16 at 48 kHz, the largest format of those that need it."""
EARLY_WORDS = 1000

Word = TypeVar("Word")


class EarlyWords(Generic[Word]):
    """Kept in order. Beyond the bound the oldest goes, which is said once; after `drop` nothing is kept any more."""

    def __init__(self, awaited: str) -> None:
        self._awaited = awaited
        self._kept: deque[tuple[Word, int]] = deque()
        self._bytes = 0
        self._said = self._dropped = False

    def keep(self, word: Word, size: int) -> Sequence[Unreadable]:
        if self._dropped:
            return ()
        self._kept.append((word, size))
        self._bytes += size
        before = len(self._kept)
        while self._bytes > EARLY_BYTES or len(self._kept) > EARLY_WORDS:
            self._bytes -= self._kept.popleft()[1]
        if self._said or len(self._kept) == before:
            return ()
        self._said = True
        return (Unreadable(f"More than a second of audio came before {self._awaited}; the oldest of it is dropped."),)

    def release(self) -> list[Word]:
        kept = [word for word, _ in self._kept]
        self.drop()
        return kept

    def drop(self) -> None:
        self._kept.clear()
        self._dropped = True
