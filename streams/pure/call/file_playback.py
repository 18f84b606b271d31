"""What customers play to a call whose gateway plays files: gathered into few of them, because each costs the gateway time of its own.

Owns how long a file is, how many wait at the gateway, and when what is in them can have been heard. Must not know dialects or sockets.
Measured beside a FreeSWITCH: a file costs about 100 ms before it sounds; jambonz keeps ten of them and throws away what is more."""

from collections import deque
from uuid import UUID

from streams.pure.audio.convert import FRAME_MS
from streams.pure.call.playback import LEAD_MS, Playback, PlaybackStep
from streams.pure.call.voice import Reached
from streams.pure.messages import AudioFormat, Clear, GatewayCommand, Play

SHORT_MS, LONG_MS, LONGEST_MS = 1000.0, 2000.0, 10_000.0
"""A file holds a second at least, unless its speaker pauses; two, while others are still to be heard; and ten at most."""
FILE_BYTES = 480_000
"""In base64 that is as much as mod_audio_fork takes in one text."""
FILE_COST_SECONDS = 0.1
FILES_AT_ONCE = 10
PAUSE_SECONDS = 0.5
"""Who sends nothing for so long has come to the end of a sentence: longer than the pauses of a service that sends as it speaks."""


class FilePlayback(Playback):
    """As Playback, for a gateway without marks."""

    def __init__(self, target: AudioFormat) -> None:
        super().__init__(target, marks=False)
        self._longest = min(round(LONGEST_MS / FRAME_MS), FILE_BYTES // round(target.bytes_per_ms * FRAME_MS))
        self._ends: deque[float] = deque()
        self._on_air: deque[tuple[float, bytes]] = deque()

    @property
    def is_idle(self) -> bool:
        return super().is_idle and not self._on_air

    def clear(self, stream_id: UUID, now: float) -> list[GatewayCommand]:
        commands = super().clear(stream_id, now)
        if Clear() in commands:
            self._ends.clear()
            self._on_air.clear()
        return commands

    def _end_voices(self, now: float) -> None:
        if self._quiet(now) and not self._given:
            voices, self._voices = self._voices, {}
            for voice in voices.values():
                self._enqueue(voice.end())

    def _quiet(self, now: float) -> bool:
        return all(now - voice.given_at >= PAUSE_SECONDS for voice in self._voices.values())

    def _send_due(self, now: float, step: PlaybackStep) -> None:
        while self._ends and self._ends[0] <= now:
            self._ends.popleft()
        self._take_checkpoints(max(self._heard_until, now))
        while self._is_due(now):
            self._send_file(now, step)
        while self._on_air and self._on_air[0][0] <= now:
            step.played.append(self._on_air.popleft()[1])

    def _is_due(self, now: float) -> bool:
        if self._paused or not self.waiting_ms or len(self._ends) >= FILES_AT_ONCE:
            return False
        if (self._heard_until - now) * 1000 > LEAD_MS:
            return self.waiting_ms >= LONG_MS
        return self.waiting_ms >= SHORT_MS or self._quiet(now)

    def _send_file(self, now: float, step: PlaybackStep) -> None:
        while self._given and len(self._queue) < self._longest:
            self._convert()
        self._end_voices(now)
        at = max(self._heard_until, now) + FILE_COST_SECONDS
        frames: list[bytes] = []
        while self._queue and len(frames) < self._longest:
            sound = self._queue.popleft()
            assert not isinstance(sound, Reached)
            frames.append(sound.payload)
            self._on_air.append((at, sound.payload))
            step.sounds.append((sound.stream_id, sound.payload, at))
            self.waiting_ms -= sound.duration_ms
            at += sound.duration_ms / 1000
            self._own_until[sound.stream_id] = at
            self._take_checkpoints(at)
        self._heard_until = at
        self._ends.append(at)
        step.commands.append(Play(b"".join(frames)))

    def _take_checkpoints(self, at: float) -> None:
        """Those in front of the queue are reached when all before them was heard, which is `at`."""
        while self._queue and isinstance(item := self._queue[0], Reached):
            self._sent.append((at, item))
            self._queue.popleft()
