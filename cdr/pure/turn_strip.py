"""A conversation as a drawing: two lanes, who spoke when, in rows of equal time, with what happened above them.

Owns the geometry and its words. Must not know rows of a database, HTML or colours: the template draws with classes and attributes only."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cdr.pure.figures import duration

WIDTH, HEIGHT = 1000, 40
"""Of each row's own plane; it is stretched to the room there is."""
ROWS = 6
SHORTEST_ROW_MS = 60_000
LONG_SILENCE_MS = 3000
BOTH_MS = 200
THINNEST = 0.8

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class StripMark:
    """Something that happened: `kind` is a class of the drawing, `words` say what."""

    x: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class StripRow:
    """`silent`: neither spoke for more than 3 s; `both`: both spoke."""

    begins: str
    ends: str
    caller: list[Block] = field(default_factory=list)
    bot: list[Block] = field(default_factory=list)
    both: list[Block] = field(default_factory=list)
    silent: list[Block] = field(default_factory=list)
    marks: list[StripMark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Strip:
    """`cut`: not all that was said is drawn. `kinds`: of its marks, each with its word."""

    rows: list[StripRow]
    cut: str
    kinds: list[tuple[str, str]]


def turn_strip(length_ms: int, caller: Sequence[Span], bot: Sequence[Span], happened: Iterable[tuple[int, str, str]], most: int) -> Strip:
    """`happened`: when, of which kind, in words. `most`: as many spans of a side are kept."""
    length_ms = max(length_ms, 1)
    rows = min(max(math.ceil(length_ms / SHORTEST_ROW_MS), 1), ROWS)
    row_ms = math.ceil(length_ms / rows)
    known_ms = min((spans[-1][1] for spans in (caller, bot) if len(spans) >= most), default=length_ms)
    told = [each for each in happened if 0 <= each[0] <= length_ms]
    silences = _silences(sorted([*caller, *bot]), known_ms)
    both = [(begin, end) for begin, end in _overlaps(caller, bot) if end - begin >= BOTH_MS]
    return Strip(
        rows=[
            StripRow(
                begins=duration(first_ms / 1000),
                ends=duration(min(first_ms + row_ms, length_ms) / 1000),
                caller=_blocks(caller, first_ms, row_ms),
                bot=_blocks(bot, first_ms, row_ms),
                both=_blocks(both, first_ms, row_ms),
                silent=_blocks(silences, first_ms, row_ms),
                marks=[
                    StripMark(_x(at_ms - first_ms, row_ms), kind, words)
                    for at_ms, kind, words in told
                    if first_ms <= at_ms < first_ms + row_ms
                ],
            )
            for first_ms in range(0, rows * row_ms, row_ms)
        ],
        cut=f"Only the first {most:,} spans of a side are kept, up to {duration(known_ms / 1000)}." if known_ms < length_ms else "",
        kinds=sorted({(kind, kind) for _, kind, _ in told}),
    )


def _x(at_ms: float, row_ms: int) -> float:
    return round(WIDTH * at_ms / row_ms, 1)


def _blocks(spans: Iterable[Span], first_ms: int, row_ms: int) -> list[Block]:
    """The parts of them that are in the row."""
    inside = [
        (max(begin - first_ms, 0), min(end - first_ms, row_ms)) for begin, end in spans if begin < first_ms + row_ms and end > first_ms
    ]
    return [Block(_x(begin, row_ms), max(_x(end - begin, row_ms), THINNEST)) for begin, end in inside]


def _overlaps(caller: Sequence[Span], bot: Sequence[Span]) -> list[Span]:
    found, own, other = [], 0, 0
    while own < len(caller) and other < len(bot):
        begin, end = max(caller[own][0], bot[other][0]), min(caller[own][1], bot[other][1])
        if begin < end:
            found.append((begin, end))
        if caller[own][1] <= bot[other][1]:
            own += 1
        else:
            other += 1
    return found


def _silences(spans: Sequence[Span], until_ms: int) -> list[Span]:
    """`spans` in order of their beginnings."""
    ends, latest = [0], 0
    for _, end in spans:
        latest = max(latest, end)
        ends.append(latest)
    begins = [*(begin for begin, _ in spans), until_ms]
    return [(end, begin) for end, begin in zip(ends, begins, strict=True) if begin - end > LONG_SILENCE_MS]
