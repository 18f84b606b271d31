"""The bot's side: what was played to the call, and when it was heard, becomes when the bot spoke.

Owns that what is played is no speech while it is silent (many bots send silence all the time), and that what was taken back was not
heard. Must not know gateways, or how far ahead of being heard audio is sent."""

from collections import deque

import numpy as np

from streams.pure.audio.convert import to_linear
from streams.pure.conversation.detector import FRAME_MS
from streams.pure.conversation.talk import Edge, Talk
from streams.pure.messages import AudioFormat

SILENT_BELOW = 100.0
"""-50 dBFS: what is quieter on the average of a frame is a pause."""
_NEAR_MS = 1.0
"""Frames that are nearer to each other than this follow each other."""


class BotSide:
    """Whose audio is in frames of 20 ms of the format `played`."""

    def __init__(self, played: AudioFormat, began_ms: float) -> None:
        self._format = played
        self._talk = Talk(began_ms, begins_after=1)
        self._sent: deque[tuple[float, bytes]] = deque()
        self.sounds_until_ms = began_ms

    def sounds(self, payload: bytes, from_ms: float) -> None:
        """Each frame: it is, or will be, heard from then on."""
        self._sent.append((from_ms, payload))
        self.sounds_until_ms = from_ms + FRAME_MS

    def cut(self, at_ms: float) -> None:
        """What was to be heard from then on is not."""
        while self._sent and self._sent[-1][0] >= at_ms:
            self._sent.pop()
        self.sounds_until_ms = min(self.sounds_until_ms, at_ms)

    def look(self, until_ms: float) -> list[Edge]:
        """When the bot spoke, of what was heard by then."""
        row: list[bytes] = []
        began_ms = due_ms = 0.0
        while self._sent and self._sent[0][0] + FRAME_MS <= until_ms:
            from_ms, payload = self._sent.popleft()
            if row and abs(from_ms - due_ms) > _NEAR_MS:
                self._judge(row, began_ms)
                row = []
            if not row:
                began_ms = from_ms
            row.append(payload)
            due_ms = from_ms + FRAME_MS
        self._judge(row, began_ms)
        self._talk.silent_until(min(until_ms, self._sent[0][0]) if self._sent else until_ms)
        return self._talk.take()

    def finish(self, until_ms: float) -> list[Edge]:
        """As `look`; nothing follows."""
        self.cut(until_ms)
        edges = self.look(until_ms + FRAME_MS)
        self._talk.finish()
        return [*edges, *self._talk.take()]

    @property
    def settled_ms(self) -> float:
        """Until when everything is known, as far as `look` was asked."""
        return self._talk.settled_ms

    def _judge(self, row: list[bytes], began_ms: float) -> None:
        if not row:
            return
        samples = to_linear(b"".join(row), self._format).astype(np.float32).reshape(len(row), -1)
        loudness = np.sqrt((samples * samples).mean(axis=1))
        self._talk.frames(began_ms, (loudness >= SILENT_BELOW).tolist())
