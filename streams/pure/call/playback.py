"""What a call's customers play to it: one queue in order of arrival, sent a little ahead of being heard, with checkpoints in it.

Owns order, pace, the bound on what waits, and when a checkpoint was reached. Must not know dialects, sockets or rows."""

from collections import deque
from dataclasses import dataclass, field
from uuid import UUID

from streams.pure.audio.convert import Converter
from streams.pure.messages import AudioFormat, Clear, Encoding, GatewayCommand, Mark, Play

LEAD_MS = 400.0
"""How much audio the gateway has before it is heard: enough to ride out a busy moment, little enough to take back."""
QUEUE_MS = 60_000.0
"""How much audio may wait at most, of all customers of a call together (Plivo, audio streaming guide: about 60 s)."""
FRAME_MS = 20
CHECKPOINTS = 1000
_SILENCE = {Encoding.MULAW: b"\xff", Encoding.ALAW: b"\xd5", Encoding.L16: b"\0"}


class PlaybackFull(Exception):
    """More audio waits than may; the message says how much."""


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
class Step:
    """What `advance` wants: commands for the gateway, in order; checkpoints that were reached; audio that is being played now."""

    commands: list[GatewayCommand] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)
    played: list[bytes] = field(default_factory=list)


class Voice:
    """One stream's audio on its way into the queue: converted to the gateway's format and cut into frames."""

    def __init__(self, source: AudioFormat, target: AudioFormat) -> None:
        self.source, self.target = source, target
        self._converter = Converter(source, target)
        self._frame_bytes = round(target.bytes_per_ms * FRAME_MS)
        self._rest = b""

    def frames(self, payload: bytes) -> list[bytes]:
        return self._cut(b"".join(self._converter.convert(payload)))

    def tail(self) -> list[bytes]:
        """What is left over, filled up with silence: the end of a sentence must be heard as well."""
        frames = self._cut(b"".join(self._converter.flush()))
        if not self._rest:
            return frames
        missing = self._frame_bytes - len(self._rest)
        frames.append(self._rest + (_SILENCE[self.target.encoding] * missing))
        self._rest = b""
        return frames

    def _cut(self, audio: bytes) -> list[bytes]:
        audio = self._rest + audio
        whole = len(audio) - len(audio) % self._frame_bytes
        self._rest = audio[whole:]
        return [audio[start : start + self._frame_bytes] for start in range(0, whole, self._frame_bytes)]


class Playback:
    """`marks`: whether the gateway says when a mark was played; otherwise the clock says when it must have been."""

    def __init__(self, target: AudioFormat, marks: bool) -> None:
        self.target = target
        self.marks = marks
        self.waiting_ms = 0.0
        self._queue: deque[Sound | Reached] = deque()
        self._voices: dict[UUID, Voice] = {}
        self._sent: deque[tuple[float, Reached]] = deque()
        self._heard_until = 0.0
        self._paused = False
        self._marks_made = 0

    # What customers ask for ------------------------------------------------------------------------------------------------
    def play(self, stream_id: UUID, payload: bytes, source: AudioFormat) -> None:
        """Queues audio. Raises PlaybackFull, and queues none of it, when more would wait than may."""
        duration_ms = source.duration_ms(len(payload))
        if self.waiting_ms + duration_ms > QUEUE_MS:
            raise PlaybackFull(
                f"{self.waiting_ms / 1000:.1f} s of audio wait to be played already, and {duration_ms / 1000:.1f} s more "
                f"would be over the limit of {QUEUE_MS / 1000:g} s; send no faster than it is heard."
            )
        voice = self._voices.get(stream_id)
        if voice is None or voice.source != source:
            voice = self._voices[stream_id] = Voice(source, self.target)
        self._enqueue(stream_id, voice.frames(payload))

    def checkpoint(self, stream_id: UUID, name: str) -> None:
        """Marks the place behind everything queued so far. Raises PlaybackFull when there are too many marks."""
        if len(self._queue) + len(self._sent) > CHECKPOINTS + QUEUE_MS / FRAME_MS:
            raise PlaybackFull(f"More than {CHECKPOINTS} checkpoints wait to be reached.")
        self._finish_voice(stream_id)
        self._marks_made += 1
        self._queue.append(Reached(stream_id, name, f"m{self._marks_made}"))

    def clear(self, stream_id: UUID, now: float) -> list[GatewayCommand]:
        """Silence at once: drops what the stream queued, and its checkpoints, which are never reached."""
        self._voices.pop(stream_id, None)
        self._queue = deque(item for item in self._queue if item.stream_id != stream_id)
        self._sent = deque((at, mark) for at, mark in self._sent if mark.stream_id != stream_id)
        self.waiting_ms = sum(item.duration_ms for item in self._queue if isinstance(item, Sound))
        if self._heard_until <= now:
            return []
        self._heard_until = now
        # The gateway forgets the marks of other streams as well: from here on the clock speaks for them.
        self._sent = deque((now, mark) for _, mark in self._sent)
        return [Clear()]

    def _enqueue(self, stream_id: UUID, frames: list[bytes]) -> None:
        for frame in frames:
            self._queue.append(Sound(stream_id, frame, FRAME_MS))
        self.waiting_ms += FRAME_MS * len(frames)

    def _finish_voice(self, stream_id: UUID) -> None:
        voice = self._voices.pop(stream_id, None)
        if voice is not None:
            self._enqueue(stream_id, voice.tail())

    # What the gateway says ---------------------------------------------------------------------------------------------------
    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def mark_played(self, mark: str) -> list[Reached]:
        """The checkpoints that this mark confirms: its own, and any before it whose word was lost."""
        if not any(reached.mark == mark for _, reached in self._sent):
            return []
        confirmed = []
        while self._sent:
            _, reached = self._sent.popleft()
            confirmed.append(reached)
            if reached.mark == mark:
                break
        return confirmed

    # Time --------------------------------------------------------------------------------------------------------------------
    def advance(self, now: float) -> Step:
        """Sends what is due and says which checkpoints were reached. To be called often while anything waits."""
        step = Step()
        if not self._queue and self._heard_until <= now:
            for stream_id in list(self._voices):
                self._finish_voice(stream_id)
        self._send_due(now, step)
        while not self.marks and self._sent and self._sent[0][0] <= now:
            step.reached.append(self._sent.popleft()[1])
        return step

    def _send_due(self, now: float, step: Step) -> None:
        frames: list[bytes] = []
        while self._queue:
            item = self._queue[0]
            if isinstance(item, Sound):
                if self._paused or (self._heard_until - now) * 1000 >= LEAD_MS:
                    break
                self._heard_until = max(self._heard_until, now) + item.duration_ms / 1000
                self.waiting_ms -= item.duration_ms
                frames.append(item.payload)
            else:
                self._flush(frames, step)
                frames = []
                self._send_mark(item, now, step)
            self._queue.popleft()
        self._flush(frames, step)

    def _send_mark(self, item: Reached, now: float, step: Step) -> None:
        self._sent.append((max(self._heard_until, now), item))
        if self.marks:
            step.commands.append(Mark(item.mark))

    def _flush(self, frames: list[bytes], step: Step) -> None:
        if frames:
            step.commands.append(Play(b"".join(frames)))
            step.played += frames
