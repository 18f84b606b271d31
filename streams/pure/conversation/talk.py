"""One side of a conversation: frames that are speech or not become when it began to speak and when it ended.

Owns how long a pause belongs to what is said, how little is no word at all, and how much of a word's end noise hides. Must not know how
speech was told from noise."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from streams.pure.conversation.detector import FRAME_MS

PAUSE_MS = 300.0
"""A pause that is shorter is one between words."""
LATEST_MS = 100.0
"""By no more than this an end is moved."""
# By how much the last frame that is speech ends after what was said, by how many dB the speech stood above the noise: the detector's
# window reaches over the end where it is quiet, and noise hides the end of a word. Measured on the shipped speech.
_ABOVE_NOISE_DB = (5.0, 8.5, 12.5, 17.0, 21.0, 30.0)
_ENDS_LATE_MS = (-55.0, -40.0, -15.0, 10.0, 27.0, 48.0)


class Edge(NamedTuple):
    """Somebody begins to speak, or ends."""

    at_ms: float
    speaking: bool


class Talk:
    """`begins_after`: so many frames of speech in a row are the beginning of it. `noisy`: its ends are corrected for noise."""

    def __init__(self, began_ms: float, *, begins_after: int, noisy: bool) -> None:
        self.known_ms = began_ms
        self.speaking = False
        self._begins_after, self._noisy = begins_after, noisy
        self._row = 0
        self._began_ms = self._ended_ms = self._last_ms = began_ms
        self._times_noise, self._frames = 0.0, 0
        self._edges: list[Edge] = []

    def frames(self, began_ms: float, speech: Sequence[bool], times_noise: Sequence[float] = ()) -> None:
        """The next frames, of which the first began at `began_ms`; between those before and it nothing was to be heard."""
        self.silent_until(began_ms)
        at_ms = self.known_ms
        for number, is_speech in enumerate(speech):
            if is_speech:
                self._spoke(at_ms, times_noise[number] if times_noise else 1.0)
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
            return max(self._last_ms - LATEST_MS, self._began_ms)
        return self.known_ms - self._row * FRAME_MS

    def take(self) -> list[Edge]:
        """The edges since the last call of this method."""
        edges, self._edges = self._edges, []
        return edges

    def _spoke(self, at_ms: float, times_noise: float) -> None:
        self._row += 1
        if not self.speaking and self._row >= self._begins_after:
            self.speaking = True
            self._began_ms = max(at_ms - (self._begins_after - 1) * FRAME_MS, self._ended_ms)
            self._times_noise, self._frames = 0.0, 0
            self._edges.append(Edge(self._began_ms, True))
        if self.speaking:
            self._last_ms = at_ms + FRAME_MS
            self._times_noise += times_noise
            self._frames += 1

    def _end(self) -> None:
        self.speaking = False
        self._ended_ms = max(self._last_ms - self._late_ms(), self._began_ms + FRAME_MS)
        self._edges.append(Edge(self._ended_ms, False))

    def _late_ms(self) -> float:
        if not self._noisy:
            return 0.0
        above_db = 10 * math.log10(max(self._times_noise / self._frames, 1e-3))
        return float(np.interp(above_db, _ABOVE_NOISE_DB, _ENDS_LATE_MS))
