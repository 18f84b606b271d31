"""A call's timing in numbers: how evenly the gateway's frames came, how long audio took to a customer, how full its buffer was.

Owns the buckets and what they mean. Fixed buckets and a bounded series, so that a day costs what a minute costs, and nothing is
allocated per frame. No clock. Must not know rows or pages."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

EDGES_US: tuple[int, ...] = (
    *(0, 100, 200, 300, 500, 700),
    *range(1_000, 60_000, 1_000),
    *range(60_000, 100_000, 5_000),
    *range(100_000, 200_000, 20_000),
    *range(200_000, 500_000, 50_000),
    *range(500_000, 1_000_000, 100_000),
    *(1_000_000, 1_500_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 7_000_000, 10_000_000, 15_000_000, 20_000_000, 30_000_000),
)
"""Where each bucket begins: a millisecond wide where a frame's gap is told from a late frame's, coarser where nobody asks."""
LATE_AFTER_FRAMES = 2
"""A frame is late when it comes more than so many frame times after the one before it: whoever plays the audio live has run dry."""
POINTS_AT_MOST = 240
FIRST_WIDTH_SECONDS = 0.5

_UPPER_SECONDS = tuple(edge / 1_000_000 for edge in EDGES_US[1:])


class Measured(NamedTuple):
    """What is known of a live call's timing: of the gateway's frames, and of each stream."""

    arrivals: dict[str, Any]
    streams: dict[UUID, dict[str, Any]]


class Histogram:
    """How often each duration was seen; `longest` in seconds."""

    __slots__ = ("counts", "longest")

    def __init__(self) -> None:
        self.counts = [0] * len(EDGES_US)
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """For each frame of each stream."""
        self.counts[bisect_right(_UPPER_SECONDS, seconds)] += 1
        if seconds > self.longest:  # noqa: PLR1730 - a call of max() costs three times as much
            self.longest = seconds

    def to_json(self) -> dict[str, Any]:
        """Only the buckets that were hit, each by where it begins, so that a row says what it means whatever the buckets become."""
        hit = {str(edge): count for edge, count in zip(EDGES_US, self.counts, strict=True) if count}
        return {"counts_us": hit, "max_us": round(self.longest * 1_000_000)}


class Arrivals:
    """The frames of a call's gateway. Of two tracks that come side by side only the first one's gaps are measured."""

    __slots__ = ("_late_after", "frame_ms", "gaps", "last_at", "late", "track")

    def __init__(self) -> None:
        self.gaps = Histogram()
        self.late = 0
        self.track = ""
        self.last_at = 0.0
        self.expect(20)

    def expect(self, frame_ms: float) -> None:
        """How much audio a frame holds."""
        self.frame_ms = frame_ms
        self._late_after = LATE_AFTER_FRAMES * frame_ms / 1000

    def came(self, track: str, now: float) -> None:
        """For each frame of the gateway."""
        if track != self.track:
            if self.track:
                return
            self.track, self.last_at = track, now
            return
        gap, self.last_at = now - self.last_at, now
        self.gaps.add(gap)
        if gap > self._late_after:
            self.late += 1

    def to_json(self) -> dict[str, Any]:
        return {"frame_ms": self.frame_ms, "late": self.late, **self.gaps.to_json()}


class Levels:
    """How many milliseconds of audio waited for a customer: the peak of each stretch of time since `began`. When the series is full,
    pairs of points become one and the stretches twice as long."""

    __slots__ = ("_last_ms", "began", "capacity_ms", "peaks_ms", "width")

    def __init__(self, began: float, capacity_ms: int) -> None:
        self.began = began
        self.capacity_ms = capacity_ms
        self.width = FIRST_WIDTH_SECONDS
        self.peaks_ms: list[int] = []
        self._last_ms = 0

    def read(self, buffered_ms: float, now: float) -> None:
        """Some times a second, and once at the end; a stretch without a reading is taken to be as the reading before it."""
        level_ms, place = round(buffered_ms), self._place(now)
        while place >= POINTS_AT_MOST:
            self._halve()
            place = self._place(now)
        while len(self.peaks_ms) <= place:
            self.peaks_ms.append(self._last_ms if len(self.peaks_ms) < place else level_ms)
        self.peaks_ms[place] = max(self.peaks_ms[place], level_ms)
        self._last_ms = level_ms

    def _place(self, now: float) -> int:
        return max(int((now - self.began) / self.width), 0)

    def _halve(self) -> None:
        self.peaks_ms = [max(self.peaks_ms[place : place + 2]) for place in range(0, len(self.peaks_ms), 2)]
        self.width *= 2

    def to_json(self) -> dict[str, Any]:
        return {"width_ms": round(self.width * 1000), "capacity_ms": self.capacity_ms, "peaks_ms": list(self.peaks_ms)}


# Reading what was kept -----------------------------------------------------------------------------------------------------
def percentile_ms(counts_us: Mapping[str, int], max_us: int, percent: float) -> float | None:
    """The duration that `percent` of all were not longer than, as finely as its bucket tells; None when nothing was counted."""
    buckets = sorted((int(edge), count) for edge, count in counts_us.items() if count > 0)
    wanted = sum(count for _, count in buckets) * percent / 100
    for edge, count in buckets:
        if wanted <= count:
            return (edge + (_end_us(edge, max_us) - edge) * wanted / count) / 1000
        wanted -= count
    return max_us / 1000 if buckets else None


def _end_us(edge: int, max_us: int) -> int:
    """Where the bucket that begins at `edge` ends; nothing is longer than the longest."""
    following = bisect_right(EDGES_US, edge)
    end = EDGES_US[following] if following < len(EDGES_US) else max_us
    return max(min(end, max_us), edge)
