"""The level of one stream's buffer over time as a chart: coordinates for the template that draws it, and the same in words.

Owns the geometry and the words. Must not know rows, HTML or colours: the template draws with classes and attributes only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cdr.pure.figures import clock, spoken_ms
from streams.pure.call.buffer import LEVELS

WIDTH, HEIGHT = 600, 100
"""Of the drawing's own plane; it is stretched to the room there is. The full buffer is as high as the plane."""


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A level that is drawn across: how high, and how it is called."""

    percent: int
    y: int


@dataclass(frozen=True, slots=True)
class LevelChart:
    """`line` and `area` are SVG points; `tone`: good, warn from the first level on, bad from the last. `words` say the same as the
    drawing; `begins` and `ends` stand under it."""

    line: str
    area: str
    tone: str
    words: str
    begins: str
    ends: str
    marks: tuple[ChartMark, ...] = tuple(ChartMark(percent, HEIGHT - percent) for percent in LEVELS)


def level_chart(levels: Mapping[str, Any], began: datetime, ended: datetime | None) -> LevelChart | None:
    """The chart of what streams.pure.call.measure.Levels kept since `began`; None when nothing was measured."""
    peaks_ms, width_ms, capacity_ms = levels.get("peaks_ms") or [], levels.get("width_ms") or 0, levels.get("capacity_ms") or 0
    if not peaks_ms or width_ms <= 0 or capacity_ms <= 0:
        return None
    measured_ms = len(peaks_ms) * width_ms
    # The last stretch is drawn to where the stream ended in it.
    lasted_ms = min(max((ended - began) / timedelta(milliseconds=1), 1), measured_ms) if ended else measured_ms
    line = _points(peaks_ms, width_ms, capacity_ms, lasted_ms)
    percent = 100 * max(peaks_ms) / capacity_ms
    return LevelChart(
        line=" ".join(line),
        area=" ".join([f"0,{HEIGHT}", *line, f"{WIDTH},{HEIGHT}"]),
        tone="good" if percent < LEVELS[0] else "bad" if percent >= LEVELS[-1] else "warn",
        words=_words(peaks_ms, width_ms, capacity_ms, began),
        begins=clock(began),
        ends=clock(began + timedelta(milliseconds=lasted_ms)),
    )


def _points(peaks_ms: list[int], width_ms: int, capacity_ms: int, lasted_ms: float) -> list[str]:
    """Each stretch at its middle, the first and the last drawn on to the edges: one point is a line across."""
    places = [(place + 0.5) * width_ms for place in range(len(peaks_ms))]
    across = [(0.0, peaks_ms[0]), *zip(places, peaks_ms, strict=True), (lasted_ms, peaks_ms[-1])]
    return [f"{min(at_ms / lasted_ms, 1) * WIDTH:.1f},{HEIGHT - min(peak / capacity_ms, 1) * HEIGHT:.1f}" for at_ms, peak in across]


def _words(peaks_ms: list[int], width_ms: int, capacity_ms: int, began: datetime) -> str:
    peak = max(peaks_ms)
    highest = _at(began, peaks_ms.index(peak) * width_ms)
    half = sorted(peaks_ms)[len(peaks_ms) // 2]
    words = f"Highest {_share(peak, capacity_ms)} at {highest}, half of the time {spoken_ms(half)} or less."
    first = {percent: _passes(peaks_ms, percent, capacity_ms) for percent in LEVELS}
    passed = [f"{percent} % at {_at(began, place * width_ms)}" for percent, place in first.items() if place >= 0]
    return f"{words} It passed {_listed(passed)}." if passed else f"{words} It never passed {LEVELS[0]} %."


def _share(peak_ms: int, capacity_ms: int) -> str:
    percent = 100 * peak_ms / capacity_ms
    share = "under 1 %" if percent < 1 else f"{percent:.0f} %"
    return f"{spoken_ms(peak_ms)} of the {capacity_ms / 1000:g} s it holds ({share})"


def _passes(peaks_ms: list[int], percent: int, capacity_ms: int) -> int:
    """In which stretch the level was first reached; -1 when it never was."""
    return next((place for place, peak in enumerate(peaks_ms) if 100 * peak >= percent * capacity_ms), -1)


def _at(began: datetime, after_ms: int) -> str:
    return clock(began + timedelta(milliseconds=after_ms))


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
