"""How much comes from one gateway: an integer that grows with each frame, and the rate between two looks at it.

Has no clock."""

from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """`frames`: of 20 ms as a rule, of each track; grown by whoever takes them, 50 times a second and call."""

    frames: int = 0
    _seen: int = 0
    _silent: bool = True

    def per_second(self, seconds: float) -> float | None:
        """The rate over the `seconds` since the last look; None when there was nothing then and is nothing now."""
        came, self._seen = self.frames - self._seen, self.frames
        was_silent, self._silent = self._silent, came == 0
        return None if was_silent and self._silent else came / seconds
