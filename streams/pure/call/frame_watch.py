"""What the numbers of a gateway's frames tell of its network: in the debug log the first time, then ever more rarely, and at the end.

Owns how often that is said. Must not know dialects, or how frames are put in order."""

from typing import Any

from streams.pure.call.notes import Noted
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import FrameFaults


class FrameWatch:
    """Of one call."""

    def __init__(self, note: Noted) -> None:
        self.total = FrameFaults()
        self._note = note
        self._say_at = 1

    def came(self, total: FrameFaults, now: float) -> None:
        """Said at the first frame, then at ten, a hundred, a thousand."""
        self.total = total
        count = total.lost + total.doubled + total.late + total.reordered
        if count < self._say_at:
            return
        while self._say_at <= count:
            self._say_at *= 10
        self._note(EventKind.CALL_FRAMES_FAULTY, Level.WARNING, None, now, **self.to_json())

    def words(self) -> str | None:
        """In a few words; None where there was nothing."""
        return ", ".join(f"{count} {name.removeprefix('frames_').replace('_', ' ')}" for name, count in self.to_json().items()) or None

    def to_json(self) -> dict[str, Any]:
        total = self.total
        told = {
            "frames_lost": total.lost,
            "frames_doubled": total.doubled,
            "frames_too_late": total.late,
            "frames_put_in_order": total.reordered,
        }
        return {name: count for name, count in told.items() if count}
