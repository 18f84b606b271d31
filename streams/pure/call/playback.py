"""What a call's customers play to it: one queue in order of arrival, sent a little ahead of being heard, with checkpoints in it.

Owns order, pace, the bound on what waits, and when a checkpoint was reached. Must not know dialects, sockets or rows."""

import math
from collections import deque
from dataclasses import dataclass, field
from uuid import UUID

from streams.pure.audio.convert import FRAME_MS
from streams.pure.call.voice import SAME_MS, Given, Queued, Reached, Sound, Voice
from streams.pure.messages import AudioFormat, Clear, GatewayCommand, Mark, Play

LEAD_MS = 400.0
"""How much audio the gateway has before it is heard: enough to ride out a busy moment, little enough to take back."""
QUEUE_MS = 60_000.0
"""How much audio may wait at most, of all customers of a call together (Plivo, audio streaming guide: about 60 s)."""
STEP_MS = 200.0
"""How much audio is converted at once: a minute in one message would hold up every other call of the process."""
ENDED_AFTER_SECONDS = 0.1
"""A customer that sent nothing for this long has said what it had to say."""
LAST_CALL_SECONDS = 0.15
"""When no more than this is left to be heard, the end of what was said goes out: in time for the call's next tick, and without a hole."""
CHECKPOINTS = 1000
CONFIRMED_WITHIN_SECONDS = 5.0
"""How long after its time a gateway that has marks may take to confirm one."""


class PlaybackFull(Exception):
    """More audio waits than may; the message says how much."""


@dataclass(slots=True)
class PlaybackStep:
    """What `advance` wants: commands for the gateway, in order; checkpoints that were reached; audio that is being played now; whose audio
    is heard from when on; checkpoints that the gateway should have confirmed by now."""

    commands: list[GatewayCommand] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)
    played: list[bytes] = field(default_factory=list)
    sounds: list[tuple[UUID, bytes, float]] = field(default_factory=list)
    overdue: list[Reached] = field(default_factory=list)


class Playback:
    """`marks`: whether the gateway says when a mark was played; otherwise the clock says when it must have been."""

    def __init__(self, target: AudioFormat, marks: bool) -> None:
        self.target = target
        self.marks = marks
        self.waiting_ms = 0.0
        self._given: deque[Given | Reached] = deque()
        self._queue: deque[Queued] = deque()
        self._voices: dict[UUID, Voice] = {}
        self._sent: deque[tuple[float, Reached]] = deque()
        self._overdue: deque[Reached] = deque(maxlen=CHECKPOINTS)
        self._heard_until = 0.0
        self._own_until: dict[UUID, float] = {}
        self._paused = False
        self._marks_made = 0

    @property
    def is_idle(self) -> bool:
        """Whether time alone brings nothing more."""
        return not (self._voices or self._queue or self._given or self._sent)

    # What customers ask for ------------------------------------------------------------------------------------------------
    def play(self, stream_id: UUID, payload: bytes, source: AudioFormat, now: float) -> None:
        """Queues audio. Raises PlaybackFull, and queues none of it, when more would wait than may."""
        duration_ms = source.duration_ms(len(payload))
        if self.waiting_ms + duration_ms > QUEUE_MS:
            raise PlaybackFull(
                f"{self.waiting_ms / 1000:.1f} s of audio wait to be played already, and {duration_ms / 1000:.1f} s more "
                f"would be over the limit of {QUEUE_MS / 1000:g} s; send no faster than it is heard."
            )
        voice = self._voices.get(stream_id)
        if voice is None:
            voice = self._voices[stream_id] = Voice(stream_id, self.target)
        voice.given_at = now
        self._given.append(Given(stream_id, payload, source))
        self.waiting_ms += duration_ms
        # So that small messages are frames at once: their number is not bounded, that of frames is.
        self._convert()

    def said_all(self, stream_id: UUID) -> None:
        """Nothing follows what was given just now, so that nothing need be waited for."""
        if voice := self._voices.get(stream_id):
            voice.given_at = -math.inf

    def checkpoint(self, stream_id: UUID, name: str) -> None:
        """Marks the place behind everything given so far. Raises PlaybackFull when there are too many marks."""
        voice = self._voices.get(stream_id)
        held = len(voice.checkpoints) if voice else 0
        if len(self._given) + len(self._queue) + len(self._sent) + held > CHECKPOINTS + QUEUE_MS / FRAME_MS:
            raise PlaybackFull(f"More than {CHECKPOINTS} checkpoints wait to be reached.")
        self._add_mark(stream_id, name)

    def mark_end(self, stream_id: UUID) -> str:
        """Marks the place behind the last that a stream gave, whatever waits; returns the mark."""
        return self._add_mark(stream_id, "")

    def _add_mark(self, stream_id: UUID, name: str) -> str:
        self._marks_made += 1
        checkpoint = Reached(stream_id, name, f"m{self._marks_made}")
        self._given.append(checkpoint)
        self._convert()
        return checkpoint.mark

    def clear(self, stream_id: UUID, now: float) -> list[GatewayCommand]:
        """Silence at once: drops what the stream queued, and its checkpoints, which are never reached."""
        self._voices.pop(stream_id, None)
        self._given = deque(item for item in self._given if item.stream_id != stream_id)
        self._queue = deque(item for item in self._queue if item.stream_id != stream_id)
        self._sent = deque((at, mark) for at, mark in self._sent if mark.stream_id != stream_id)
        self._overdue = deque((mark for mark in self._overdue if mark.stream_id != stream_id), CHECKPOINTS)
        self.waiting_ms = sum(item.duration_ms for item in (*self._given, *self._queue) if not isinstance(item, Reached))
        if self._own_until.pop(stream_id, 0.0) <= now:
            return []
        self._heard_until = now
        self._own_until.clear()
        # The gateway forgets the audio of other streams as well, and most forget its marks: nothing is left to wait for.
        self._sent = deque((now, mark) for _, mark in self._sent)
        return [Clear()]

    def _convert(self) -> None:
        """Makes frames of the next of what was given, and takes the checkpoints that stand behind it."""
        left_ms = STEP_MS
        while self._given and (left_ms > SAME_MS or isinstance(self._given[0], Reached)):
            item = self._given[0]
            if isinstance(item, Reached):
                voice = self._voices.get(item.stream_id)
                self._enqueue(voice.mark(item) if voice else [item])
            else:
                left_ms -= self._convert_next(item, left_ms)
                if item.duration_ms > 0:
                    continue
            self._given.popleft()

    def _convert_next(self, item: Given, most_ms: float) -> float:
        """Returns how many milliseconds of `item` were converted."""
        payload = item.take(most_ms)
        converted_ms = item.source.duration_ms(len(payload))
        self.waiting_ms -= converted_ms
        self._enqueue(self._voices[item.stream_id].add(payload, item.source))
        return converted_ms

    def _enqueue(self, items: list[Queued]) -> None:
        self._queue.extend(items)
        self.waiting_ms += sum(item.duration_ms for item in items if isinstance(item, Sound))

    def _end_voices(self, now: float) -> None:
        """Whoever says nothing more, while what was said is about to be over, has come to the end of a sentence. Where somebody else's
        audio waits, that is as soon as one's own is with the gateway."""
        if not self._queue and not self._given and self._heard_until - now > LAST_CALL_SECONDS:
            return
        for stream_id, voice in list(self._voices.items()):
            if now - voice.given_at >= ENDED_AFTER_SECONDS and not self._waits(stream_id):
                del self._voices[stream_id]
                self._enqueue(voice.end())

    def _waits(self, stream_id: UUID) -> bool:
        return any(item.stream_id == stream_id for item in (*self._queue, *self._given))

    # What was not heard yet --------------------------------------------------------------------------------------------------
    def is_unheard(self, stream_id: UUID, now: float) -> bool:
        """Whether the stream gave audio that is not known to have been heard."""
        unconfirmed = any(checkpoint.stream_id == stream_id for _, checkpoint in self._sent)
        voice = self._voices.get(stream_id)
        return unconfirmed or self._waits(stream_id) or (voice is not None and voice.owes) or self._own_until.get(stream_id, 0.0) > now

    def unheard_ms(self, stream_id: UUID, now: float) -> float:
        """What waits of the stream, and what the gateway has until its last word was heard."""
        own = (item for item in (*self._queue, *self._given) if item.stream_id == stream_id)
        with_gateway_ms = max(self._own_until.get(stream_id, 0.0) - now, 0.0) * 1000
        return with_gateway_ms + sum(item.duration_ms for item in own if not isinstance(item, Reached))

    # What the gateway says ---------------------------------------------------------------------------------------------------
    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def mark_played(self, mark: str) -> list[Reached]:
        """The checkpoints that this mark confirms: its own, and any before it whose word was lost."""
        if not any(reached.mark == mark for reached in (*self._overdue, *(reached for _, reached in self._sent))):
            return []
        confirmed: list[Reached] = []
        while not confirmed or confirmed[-1].mark != mark:
            confirmed.append(self._overdue.popleft() if self._overdue else self._sent.popleft()[1])
        return confirmed

    # Time --------------------------------------------------------------------------------------------------------------------
    def advance(self, now: float) -> PlaybackStep:
        """Sends what is due and says which checkpoints were reached. To be called often while anything waits."""
        step = PlaybackStep()
        self._end_voices(now)
        self._send_due(now, step)
        self._look_at_marks(now, step)
        return step

    def _look_at_marks(self, now: float, step: PlaybackStep) -> None:
        """Where the gateway has marks, the clock never says that something was played: only that nobody has said so."""
        patience_seconds, told = (CONFIRMED_WITHIN_SECONDS, step.overdue) if self.marks else (0.0, step.reached)
        while self._sent and self._sent[0][0] + patience_seconds <= now:
            told.append(self._sent.popleft()[1])
        self._overdue.extend(step.overdue)

    def _send_due(self, now: float, step: PlaybackStep) -> None:
        frames: list[bytes] = []
        while self._queue or self._given:
            if not self._queue:
                # No checkpoint stands here: each was taken with the audio before it.
                if self._has_enough(now):
                    break
                self._convert()
                continue
            item = self._queue[0]
            if isinstance(item, Sound):
                if self._has_enough(now):
                    break
                heard_from = max(self._heard_until, now)
                self._heard_until = self._own_until[item.stream_id] = heard_from + item.duration_ms / 1000
                step.sounds.append((item.stream_id, item.payload, heard_from))
                self.waiting_ms -= item.duration_ms
                frames.append(item.payload)
            else:
                self._flush(frames, step)
                frames = []
                self._send_mark(item, now, step)
            self._queue.popleft()
        self._flush(frames, step)

    def _has_enough(self, now: float) -> bool:
        """Whether the gateway is not to get more audio now."""
        return self._paused or (self._heard_until - now) * 1000 >= LEAD_MS

    def _send_mark(self, item: Reached, now: float, step: PlaybackStep) -> None:
        self._sent.append((max(self._heard_until, now), item))
        if self.marks:
            step.commands.append(Mark(item.mark))

    def _flush(self, frames: list[bytes], step: PlaybackStep) -> None:
        if frames:
            step.commands.append(Play(b"".join(frames)))
            step.played += frames
