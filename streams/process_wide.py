"""What a process has one of, made by the first who needs it: with threads, connections or memory that cost too much to have unasked.

Owns that it is one, whoever asks at once: `functools.lru_cache` lets two threads that come together make two, and forgets one of them, with
its threads. Must not know what is made."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class ProcessWide(Generic[T]):
    """Called, it is the one. What `make` raises is raised, and who asks next tries again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make
        self._lock = Lock()
        self.made: T | None = None

    def __call__(self) -> T:
        made = self.made
        if made is None:
            with self._lock:
                if (made := self.made) is None:
                    made = self.made = self.make()
        return made

    def forget(self) -> T | None:
        """Who asks next has a new one made. Gives the one there was, which is still to be closed."""
        with self._lock:
            made, self.made = self.made, None
        return made
