"""The recordings of one live call: its tapes are emptied every two seconds, beside the audio, and finished when their streams are over.

Owns when, and what the call's log says of it. Must not know Django: who writes is handed in."""

import logging
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from streams.pure.call.session import CallSession
from streams.pure.call.stream import StreamSession
from streams.pure.lifecycle import EventKind, Level
from streams.pure.recording.tape import Taken, Tape

log = logging.getLogger(__name__)

PART_SECONDS = 2.0
SENT_WITHIN_SECONDS = 6.0
"""What waits at a stream's end has gone to its service by then, or never does."""
TOLD_WITHIN_SECONDS = 10.0
"""A call whose recordings are not kept by then does not wait for them; their rows say what becomes of them."""


class Recording(Protocol):
    problem: str
    kept: bool

    def add(self, taken: Taken) -> None: ...

    def finish(self, taken: Taken) -> None: ...


Begin = Callable[[UUID, Tape], Recording | str]
"""A recording of a stream, or why there is none."""


def no_recording(stream_id: UUID, tape: Tape) -> str:
    """Where there is nothing to write to."""
    return "nothing is recorded here."


class _Live:
    """A recording under way. `over_at`: when its stream was seen to be over; `finished_at`: when the last of it was handed over."""

    def __init__(self, stream: StreamSession, tape: Tape, recording: Recording, now: float) -> None:
        self.stream, self.tape, self.recording = stream, tape, recording
        self.looked_at = now
        self.over_at: float | None = None
        self.finished_at: float | None = None


class CallRecordings:
    def __init__(self, session: CallSession, begin: Begin) -> None:
        self._session, self._begin = session, begin
        self._live: dict[UUID, _Live] = {}

    def __bool__(self) -> bool:
        """Whether anything is to be waited for."""
        return bool(self._live) or bool(self._session.recordings.tapes)

    def look(self, now: float) -> None:
        """Some times a second. What fails here costs a recording, and nothing else of the call."""
        for stream_id in {**self._session.recordings.tapes, **self._live}:
            try:
                if stream_id not in self._live:
                    self._start(stream_id, self._session.recordings.tapes[stream_id], now)
                else:
                    self._look_at(self._live[stream_id], now)
            except Exception:
                log.exception("The recording of stream %s failed", stream_id)
                self._live.pop(stream_id, None)
                self._not_kept(stream_id, "the platform failed at it, and its log has the details.", now)

    def _start(self, stream_id: UUID, tape: Tape, now: float) -> None:
        begun = self._begin(stream_id, tape)
        if isinstance(begun, str):
            self._not_kept(stream_id, begun, now)
            return
        self._live[stream_id] = _Live(self._session.streams[stream_id], tape, begun, now)
        part = {} if tape.whole else {"last_seconds": round(tape.last_ms / 1000)}
        self._session.note(EventKind.RECORDING_STARTED, Level.INFO, stream_id, now, **part)

    def _look_at(self, live: _Live, now: float) -> None:
        stream_id, recording = live.stream.id, live.recording
        if recording.problem:
            del self._live[stream_id]
            self._not_kept(stream_id, recording.problem, now)
        elif recording.kept:
            del self._live[stream_id]
            self._session.note(EventKind.RECORDING_KEPT, Level.INFO, stream_id, now)
        elif live.finished_at is not None:
            if now - live.finished_at > TOLD_WITHIN_SECONDS:
                del self._live[stream_id]
        elif self._is_over(live, now):
            live.finished_at = now
            recording.finish(self._session.recordings.take_last(live.stream, now))
        elif live.tape.whole and now - live.looked_at >= PART_SECONDS:
            live.looked_at = now
            recording.add(live.tape.take(self._session.recordings.settled_ms(live.stream, now)))

    def _is_over(self, live: _Live, now: float) -> bool:
        if live.stream.live:
            return False
        live.over_at = live.over_at or now
        return not live.stream.waiting or now - live.over_at > SENT_WITHIN_SECONDS

    def _not_kept(self, stream_id: UUID, problem: str, now: float) -> None:
        self._session.recordings.forget(stream_id)
        self._session.note(EventKind.RECORDING_NOT_KEPT, Level.WARNING, stream_id, now, problem=problem)
