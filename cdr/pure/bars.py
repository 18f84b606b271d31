"""A row of bars as the rectangles of a drawing: geometry for a template that only prints it.

Owns the shape. Must not know what is counted."""

from collections.abc import Sequence
from typing import NamedTuple

STEP, GAP, HEIGHT, LEAST = 10, 2, 48, 1


class Bar(NamedTuple):
    """A rectangle in a drawing of STEP x count by HEIGHT units; `label` is its tooltip."""

    x: int
    y: int
    width: int
    height: int
    label: str


def bars(counts: Sequence[int], labels: Sequence[str] = ()) -> list[Bar]:
    """The highest count is as high as the drawing; of what is not nothing at least a line is seen."""
    most = max(counts, default=0) or 1
    heights = [max(round(HEIGHT * count / most), LEAST) if count else 0 for count in counts]
    return [
        Bar(number * STEP, HEIGHT - height, STEP - GAP, height, label)
        for number, (height, label) in enumerate(zip(heights, labels or [""] * len(counts), strict=True))
    ]


def outline(drawn: Sequence[Bar]) -> str:
    """The same as one path, for a small drawing without tooltips."""
    return "".join(f"M{bar.x} {bar.y}h{bar.width}V{HEIGHT}h-{bar.width}z" for bar in drawn if bar.height)
