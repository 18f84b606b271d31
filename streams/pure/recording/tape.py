"""What is kept of one stream for its recording: references to the frames that went to its service, and to those that the caller heard.

Owns how many are held, and that what was taken back was not heard. Must not look at audio: it stands on the hot path."""

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from streams.pure.messages import AudioFormat


class TapedFrame(NamedTuple):
    """Audio that begins at `at_ms`."""

    at_ms: float
    payload: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """Pieces of both sides, in order. Nothing that begins before `until_ms` follows."""

    caller: list[TapedFrame]
    bot: list[TapedFrame]
    until_ms: float

    @property
    def held_bytes(self) -> int:
        return sum(len(piece.payload) for side in (self.caller, self.bot) for piece in side)


class Tape:
    """The caller's frames have the format `caller`, the bot's `bot`. `last_ms`: older ones go; infinite where all are taken in time."""

    def __init__(self, caller: AudioFormat, bot: AudioFormat, began_ms: float, last_ms: float = math.inf) -> None:
        self.caller_format, self.bot_format = caller, bot
        self.began_ms, self.last_ms = began_ms, last_ms
        self.over = False
        self._caller: deque[TapedFrame] = deque()
        self._bot: deque[TapedFrame] = deque()

    @property
    def whole(self) -> bool:
        """Whether all is taken in time, and not the end alone."""
        return math.isinf(self.last_ms)

    def sent(self, payload: bytes, at_ms: float) -> None:
        """A frame of the caller's that goes to the service. The hot path."""
        if not self.over:
            self._keep(self._caller, TapedFrame(at_ms, payload))

    def heard(self, payload: bytes, from_ms: float) -> None:
        """A frame that the caller hears, or will hear, from then on."""
        if not self.over:
            self._keep(self._bot, TapedFrame(from_ms, payload))

    def cut(self, at_ms: float) -> None:
        """What was to be heard from then on is not."""
        while self._bot and self._bot[-1].at_ms >= at_ms:
            self._bot.pop()

    def take(self, until_ms: float) -> Taken:
        """What begins before then, once."""
        return Taken(_before(self._caller, until_ms), _before(self._bot, until_ms), until_ms)

    def drop(self) -> None:
        """Nothing is kept any more."""
        self.over = True
        self._caller.clear()
        self._bot.clear()

    def _keep(self, side: deque[TapedFrame], piece: TapedFrame) -> None:
        side.append(piece)
        oldest_ms = piece.at_ms - self.last_ms
        while side[0].at_ms < oldest_ms:
            side.popleft()


def _before(side: deque[TapedFrame], until_ms: float) -> list[TapedFrame]:
    taken = []
    while side and side[0].at_ms < until_ms:
        taken.append(side.popleft())
    return taken
