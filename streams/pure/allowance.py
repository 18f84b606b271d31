"""How much of something there may be: so much at once, and from then on so much a second. Owns the reckoning. Must not know of what."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """`at_once`, and from then on `a_second`."""

    a_second: float
    at_once: float


class Budget:
    """What is left of an allowance; full in the beginning. `now`: seconds of a clock that only goes forward."""

    __slots__ = ("_allowance", "_at", "_left")

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._left = allowance.at_once
        self._at = -math.inf

    def left(self, now: float) -> float:
        """Below 0 while more was spent than there was."""
        self._left = min(self._left + (now - self._at) * self._allowance.a_second, self._allowance.at_once)
        self._at = now
        return self._left

    def spend(self, amount: float) -> None:
        self._left -= amount
