"""Pieces of two sides become samples of two channels: left the caller, right the bot, each where it belongs in time.

Owns that both are as long, that where nothing was is silence, and where nothing of the caller went to the service. Must not know files."""

from dataclasses import dataclass, field

import numpy as np

from streams.pure.audio.convert import Converter, to_linear
from streams.pure.audio.g711 import Samples
from streams.pure.messages import AudioFormat, Encoding
from streams.pure.recording.tape import Taken, TapedFrame

GAPS = 500
"""So many are listed; more are counted."""
GAP_MS = 20.0
"""A frame that is missing is a gap; less is how clocks are read."""
LAST_GAP_MS = 200.0
"""A call is over a little after the last that was said in it."""
NEAR_MS = 1.0
"""Pieces that are nearer to each other than this follow each other."""
CONVERTED_MS = 100.0
"""A sample rate that is converted comes later by less than this."""


@dataclass(slots=True)
class Gaps:
    """Where nothing of the caller went to the service, as [from, to] in milliseconds of the recording; `more` are not listed."""

    spans: list[list[int]] = field(default_factory=list)
    total_ms: float = 0.0
    more: int = 0

    def add(self, from_ms: float, to_ms: float) -> None:
        self.total_ms += to_ms - from_ms
        if len(self.spans) < GAPS:
            self.spans.append([round(from_ms), round(to_ms)])
        else:
            self.more += 1


class Track:
    """One side, whose first sample is at `began_ms`."""

    def __init__(self, source: AudioFormat, rate: int, began_ms: float, gaps: Gaps | None = None) -> None:
        self._source, self._per_ms, self._began_ms, self._gaps = source, rate / 1000, began_ms, gaps
        self._linear = AudioFormat(Encoding.L16, rate)
        self._converter = None if source.rate == rate else Converter(source, self._linear)
        self._due_ms = began_ms
        self._next = 0
        self._made: list[tuple[int, Samples]] = []
        self._taken = 0

    def place(self, pieces: list[TapedFrame], until_ms: float) -> None:
        """Nothing that begins before `until_ms` follows."""
        for piece in pieces:
            if abs(piece.at_ms - self._due_ms) > NEAR_MS:
                if piece.at_ms < self._due_ms:
                    continue  # it came faster than anybody speaks: there is no time in which it was heard
                self._begin_run(piece.at_ms)
            self._due_ms += self._source.duration_ms(len(piece.payload))
            if self._converter is None:
                self._append(to_linear(piece.payload, self._source))
            else:
                self._append_bytes(self._converter.convert(piece.payload))
        if until_ms - self._due_ms > NEAR_MS:
            self._end_run()

    def take(self, until_ms: float) -> Samples:
        """All samples before then that were not taken yet; there is silence where there is nothing."""
        until = max(round((until_ms - self._began_ms) * self._per_ms), self._taken)
        samples = np.zeros(until - self._taken, np.int16)
        left: list[tuple[int, Samples]] = []
        for start, made in self._made:
            first, last = max(start, self._taken), min(start + len(made), until)
            if first < last:
                samples[first - self._taken : last - self._taken] = made[first - start : last - start]
            if start + len(made) > until:
                left.append((start, made))
        self._made, self._taken = left, until
        return samples

    def finish(self, until_ms: float) -> None:
        """Nothing follows."""
        if until_ms - self._due_ms >= LAST_GAP_MS:
            self._begin_run(until_ms)
        self._end_run()

    def _begin_run(self, at_ms: float) -> None:
        self._end_run()
        if self._gaps is not None and at_ms - self._due_ms >= GAP_MS:
            self._gaps.add(self._due_ms - self._began_ms, at_ms - self._began_ms)
        self._due_ms = at_ms
        self._next = round((at_ms - self._began_ms) * self._per_ms)

    def _end_run(self) -> None:
        """What the converter holds is the end of what was said."""
        if self._converter is not None:
            self._append_bytes(self._converter.flush())

    def _append_bytes(self, frames: list[bytes]) -> None:
        if frames:
            self._append(to_linear(b"".join(frames), self._linear))

    def _append(self, samples: Samples) -> None:
        self._made.append((self._next, samples))
        self._next += len(samples)


class TwoTracks:
    """`rate`: of both channels, the higher one of the two formats."""

    def __init__(self, caller: AudioFormat, bot: AudioFormat, began_ms: float) -> None:
        self.rate = max(caller.rate, bot.rate)
        self.gaps = Gaps()
        self.began_ms = began_ms
        self.made_ms = 0.0
        self._sides = Track(caller, self.rate, began_ms, self.gaps), Track(bot, self.rate, began_ms)
        self._late_ms = 0.0 if caller.rate == bot.rate else CONVERTED_MS

    def add(self, taken: Taken) -> Samples:
        """The samples that are settled with it: an array of two columns."""
        self._place(taken)
        return self._made_until(taken.until_ms - self._late_ms)

    def finish(self, taken: Taken) -> Samples:
        """As `add`, with all that is left. Nothing follows."""
        self._place(taken)
        for side in self._sides:
            side.finish(taken.until_ms)
        return self._made_until(taken.until_ms)

    def _place(self, taken: Taken) -> None:
        for side, pieces in zip(self._sides, (taken.caller, taken.bot), strict=True):
            side.place(pieces, taken.until_ms)

    def _made_until(self, until_ms: float) -> Samples:
        self.made_ms = max(until_ms - self.began_ms, self.made_ms)
        return np.stack([side.take(until_ms) for side in self._sides], axis=1)
