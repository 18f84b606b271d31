"""The tapes of a call: what is kept of each stream that is recorded, as it goes by.

Owns that all of them hear what is played to the call, and until when a tape is complete. Must not know who takes what is on them."""

import math
from uuid import UUID

from streams.pure.audio.convert import FRAME_MS
from streams.pure.call.stream import StreamSession
from streams.pure.messages import Started
from streams.pure.recording.tape import Taken, Tape

SETTLED_MS = 1000.0
"""Audio that came is sent by then, or waits in the stream's buffer."""


class Recordings:
    """`seconds`: how much of the end of each stream is kept, 0 where nothing is; `offset` leads from the call's clock to UTC."""

    def __init__(self, seconds: float, offset: float) -> None:
        self.tapes: dict[UUID, Tape] = {}
        self._seconds, self._offset = seconds, offset

    def begin(self, stream: StreamSession, media: Started | None, now: float) -> None:
        if self._seconds and media is not None:
            stream.tape = self.tapes[stream.id] = Tape(stream.protocol.format, media.played, self._ms(now), self._seconds * 1000)

    def heard(self, payload: bytes, at: float) -> None:
        """Each frame that is played to the call."""
        for tape in self.tapes.values():
            tape.heard(payload, self._ms(at))

    def cut(self, now: float) -> None:
        for tape in self.tapes.values():
            tape.cut(self._ms(now))

    def settled_ms(self, stream: StreamSession, now: float) -> float:
        """Until when nothing more is put on the stream's tape."""
        first_ms = next((item.timestamp_ms - FRAME_MS for item in stream.backlog.waiting if item.kind == "media"), math.inf)
        return min(self._ms(now) - SETTLED_MS, first_ms)

    def take_last(self, stream: StreamSession, now: float) -> Taken:
        """What is left on the tape of a stream that is over, until its end; nothing follows."""
        tape = self.tapes.pop(stream.id)
        taken = tape.take(self._ms(now if stream.ended_at is None else stream.ended_at))
        tape.drop()
        return taken

    def forget(self, stream_id: UUID) -> None:
        """Nothing of it is kept."""
        tape = self.tapes.pop(stream_id, None)
        if tape is not None:
            tape.drop()

    def _ms(self, now: float) -> float:
        return (now + self._offset) * 1000
