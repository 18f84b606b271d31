"""Connections that have asked for nothing yet, or for nothing more: so many and no more. Whoever comes beyond that takes a place of the
address that has most of them, the one that has waited longest, so that nobody is locked out by those that only sit there.

Owns the counting and the order. Must not know what a connection is, nor the time."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

H = TypeVar("H", bound=Hashable)


class WaitingRoom(Generic[H]):
    def __init__(self, most: int) -> None:
        self.most = most
        self._whose: dict[H, str] = {}
        self._of: OrderedDict[str, OrderedDict[H, None]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._whose)

    def come(self, visitor: H, whose: str) -> H | None:
        """Who has to go for it."""
        self.leave(visitor)
        sent_away = self.longest() if len(self._whose) >= self.most else None
        if sent_away is not None:
            self.leave(sent_away)
        self._whose[visitor] = whose
        self._of.setdefault(whose, OrderedDict())[visitor] = None
        return sent_away

    def longest(self) -> H | None:
        """Whoever has waited longest, of the address that has most; of several such addresses the one that has been here longest."""
        most = max(self._of.values(), key=len, default=None)
        return None if most is None else next(iter(most))

    def leave(self, visitor: H) -> None:
        whose = self._whose.pop(visitor, None)
        if whose is not None:
            mine = self._of[whose]
            del mine[visitor]
            if not mine:
                del self._of[whose]
