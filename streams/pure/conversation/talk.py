"""One side of a conversation: frames that are speech or not become when it began to speak and when it ended.

Owns how long a pause belongs to what is said, and how little is no word at all. Must not know how speech was told from noise."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from streams.pure.conversation.detector import FRAME_MS

PAUSE_MS = 300.0
"""A pause that is shorter is one between words."""
EARLIER_MS = 450.0
"""By no more than this an end is earlier than the last frame that is speech."""


class Edge(NamedTuple):
    """Somebody begins to speak, or ends."""

    at_ms: float
    speaking: bool


class Talk:
    """`begins_after`: so many frames of speech in a row are the beginning of it. `word_end`: when what was said ended, whose last frame
    that is speech ends at a moment."""

    def __init__(self, began_ms: float, *, begins_after: int, word_end: Callable[[float], float] = lambda last_ms: last_ms) -> None:
        self.known_ms = began_ms
        self.speaking = False
        self._begins_after, self._word_end = begins_after, word_end
        self._row = 0
        self._began_ms = self._ended_ms = self._last_ms = began_ms
        self._edges: list[Edge] = []

    def frames(self, began_ms: float, speech: Sequence[bool]) -> None:
        """The next frames, of which the first began at `began_ms`; between those before and it nothing was to be heard."""
        self.silent_until(began_ms)
        at_ms = self.known_ms
        for is_speech in speech:
            if is_speech:
                self._spoke(at_ms)
            else:
                self._row = 0
                if self.speaking and at_ms + FRAME_MS - self._last_ms >= PAUSE_MS:
                    self._end()
            at_ms += FRAME_MS
        self.known_ms = at_ms

    def silent_until(self, at_ms: float) -> None:
        """Nothing was to be heard until then."""
        if at_ms <= self.known_ms:
            return
        self._row = 0
        if self.speaking and at_ms - self._last_ms >= PAUSE_MS:
            self._end()
        self.known_ms = at_ms

    def finish(self) -> None:
        """Nothing follows."""
        if self.speaking:
            self._end()

    @property
    def settled_ms(self) -> float:
        """Until when everything is known: no edge before it is to come."""
        if self.speaking:
            return max(self._last_ms - EARLIER_MS, self._began_ms)
        return self.known_ms - self._row * FRAME_MS

    def take(self) -> list[Edge]:
        """The edges since the last call of this method."""
        edges, self._edges = self._edges, []
        return edges

    def _spoke(self, at_ms: float) -> None:
        self._row += 1
        if not self.speaking and self._row >= self._begins_after:
            self.speaking = True
            self._began_ms = max(at_ms - (self._begins_after - 1) * FRAME_MS, self._ended_ms)
            self._edges.append(Edge(self._began_ms, True))
        if self.speaking:
            self._last_ms = at_ms + FRAME_MS

    def _end(self) -> None:
        self.speaking = False
        ended_ms = max(self._word_end(self._last_ms), self._last_ms - EARLIER_MS)
        self._ended_ms = max(ended_ms, self._began_ms + FRAME_MS)
        self._edges.append(Edge(self._ended_ms, False))
