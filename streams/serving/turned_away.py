"""What the log says while more comes to the door than is taken: a line when it begins, and one a minute for as long as it goes on.

Owns those lines and their counts. Must not know why somebody is turned away."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

log = logging.getLogger(__name__)

LINE_EVERY_SECONDS = 60.0
MOST_ADDRESSES = 1000
WHAT_BECOMES_OF_IT = "It is answered 503, or closed where it asks nothing; calls go on. A line a minute says how much it is."

_doors: WeakSet["TurnedAway"] = WeakSet()
_storms: WeakSet["TurnedAway"] = WeakSet()


def requests_refused() -> int:
    """How many requests too many have come to this process since the last minute began; 0 when there is no storm."""
    return sum(each.refused_lately for each in _storms)


def refused_since_start() -> tuple[int, int]:
    """Requests answered 503, and idle connections closed for others, since the process began."""
    there = list(_doors)
    return sum(each.refused for each in there), sum(each.sent_away for each in there)


class TurnedAway:
    """`refused`: answered 503; `sent_away`: connections that had asked for nothing, closed for others. Both since the process began."""

    def __init__(self, call_later: Callable[..., Any]) -> None:
        self.refused = self.sent_away = 0
        self._call_later = call_later
        self._saying = False
        self._lately: Counter[str] = Counter()
        self._refused_before = self._sent_away_before = 0
        _doors.add(self)

    def refuse(self, address: str) -> None:
        self.refused += 1
        self._count(address)

    @property
    def refused_lately(self) -> int:
        return self.refused - self._refused_before

    def send_away(self, address: str) -> None:
        self.sent_away += 1
        self._count(address)

    def _count(self, address: str) -> None:
        if address in self._lately or len(self._lately) < MOST_ADDRESSES:
            self._lately[address] += 1
        if not self._saying:
            self._saying = True
            _storms.add(self)
            log.warning("More comes than this process takes, first from %s. %s", address, WHAT_BECOMES_OF_IT)
            self._call_later(LINE_EVERY_SECONDS, self._sum_up)

    def _sum_up(self) -> None:
        refused, sent_away = self.refused_lately, self.sent_away - self._sent_away_before
        self._refused_before, self._sent_away_before = self.refused, self.sent_away
        self._saying = bool(refused or sent_away)
        if not self._saying:
            _storms.discard(self)
            return
        [(address, count)] = self._lately.most_common(1)
        self._lately.clear()
        words = "In a minute %d requests too many were answered 503, and %d connections that asked nothing were closed; %d of them for %s."
        log.warning(words, refused, sent_away, count, address)
        self._call_later(LINE_EVERY_SECONDS, self._sum_up)
