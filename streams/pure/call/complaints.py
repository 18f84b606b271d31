"""What a customer sent in vain: counted, and noted in full the first times, so that a service that errs for hours fills no log.

Owns the counts. Must not know what was wrong, or what the customer is told."""

from typing import Any
from uuid import UUID

from streams.pure.call.notes import Noted
from streams.pure.lifecycle import EventKind, Level

IGNORED_IN_FULL = 5
"""How many of each kind are noted in full."""


class Complaints:
    """Of the stream `stream_id`."""

    def __init__(self, stream_id: UUID, note: Noted) -> None:
        self._stream_id, self._note = stream_id, note
        self._counts = dict.fromkeys((EventKind.CUSTOMER_MESSAGE_IGNORED, EventKind.PLAY_FAILED, EventKind.CHECKPOINT_UNCONFIRMED), 0)

    def add(self, kind: EventKind, now: float, **facts: Any) -> None:
        self._counts[kind] += 1
        if self._counts[kind] <= IGNORED_IN_FULL:
            self._note(kind, Level.WARNING, self._stream_id, now, **facts, count=self._counts[kind])

    def totals(self) -> dict[str, int]:
        """For the stream's last note."""
        unconfirmed = self._counts[EventKind.CHECKPOINT_UNCONFIRMED]
        return {
            "ignored_messages": self._counts[EventKind.CUSTOMER_MESSAGE_IGNORED],
            "play_failures": self._counts[EventKind.PLAY_FAILED],
            **({"unconfirmed_checkpoints": unconfirmed} if unconfirmed else {}),
        }
