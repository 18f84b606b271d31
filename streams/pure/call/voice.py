"""One stream's speech on its way into the queue of what is played: as it was given, and the frames that are made of it.

Owns the frames, and where a checkpoint stands among them. Must not know what other streams say, pace, or the gateway."""

from collections import deque
from dataclasses import dataclass
from uuid import UUID

from streams.pure.audio.convert import FRAME_MS, SILENCE, Converter, FrameCutter
from streams.pure.messages import AudioFormat

SAME_MS = 0.01
"""Less than a sample: sums of durations closer than this are the same."""


@dataclass(frozen=True, slots=True)
class Sound:
    stream_id: UUID
    payload: bytes
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Reached:
    """A checkpoint of a stream: `mark` is its name towards the gateway, `name` the customer's."""

    stream_id: UUID
    name: str
    mark: str


@dataclass(slots=True)
class Given:
    """Audio as a customer sent it; what is before `taken` has become frames."""

    stream_id: UUID
    payload: bytes
    source: AudioFormat
    taken: int = 0

    @property
    def duration_ms(self) -> float:
        """Of what is left of it."""
        return self.source.duration_ms(len(self.payload) - self.taken)

    def take(self, most_ms: float) -> bytes:
        """The next of it."""
        start, self.taken = self.taken, self.taken + max(int(most_ms * self.source.bytes_per_ms), 1)
        return self.payload[start : self.taken]


Queued = Sound | Reached


class Voice:
    """One stream's speech on its way into the queue: converted to the gateway's format, cut into frames without a hole, its checkpoints
    each behind the frame that holds the last byte before it.

    `given_ms` of audio came in, `made_ms` of it are frames; `given_at` is when the last of it came."""

    def __init__(self, stream_id: UUID, target: AudioFormat) -> None:
        self.given_ms = self.made_ms = 0.0
        self.given_at = 0.0
        self.checkpoints: deque[tuple[float, Reached]] = deque()
        self._stream_id, self._target = stream_id, target
        self._cutter = FrameCutter(target)
        self._source = target
        self._converter = Converter(target, target)

    @property
    def owes(self) -> bool:
        """Whether audio is held that is no frame yet."""
        return self.made_ms < self.given_ms - SAME_MS

    def add(self, payload: bytes, source: AudioFormat) -> list[Queued]:
        """What `payload` completes. Another format than before goes on in the middle of a frame."""
        before: list[bytes] = []
        if source != self._source:
            before = self._converter.flush()
            self._source, self._converter = source, Converter(source, self._target)
        self.given_ms += source.duration_ms(len(payload))
        return self._cut(b"".join([*before, *self._converter.convert(payload)]))

    def mark(self, checkpoint: Reached) -> list[Queued]:
        """The checkpoint itself where nothing is held before it; otherwise it comes with what is held."""
        if not self.owes:
            return [checkpoint]
        self.checkpoints.append((self.given_ms, checkpoint))
        return []

    def end(self) -> list[Queued]:
        """What is held, filled up with silence: the end of a sentence must be heard as well."""
        last = b"".join(self._converter.flush())
        missing = -len(self._cutter.rest + last) % self._cutter.frame_bytes
        return [*self._cut(last + SILENCE[self._target.encoding] * missing), *(checkpoint for _, checkpoint in self.checkpoints)]

    def _cut(self, audio: bytes) -> list[Queued]:
        made: list[Queued] = []
        for frame in self._cutter.cut(audio):
            made.append(Sound(self._stream_id, frame, FRAME_MS))
            self.made_ms += FRAME_MS
            while self.checkpoints and self.checkpoints[0][0] <= self.made_ms + SAME_MS:
                made.append(self.checkpoints.popleft()[1])
        return made
