"""Two streams side by side: which line of the one is which of the other, and where they part.

Owns the alignment. Both logs keep their order and lose no line. Must not know rows, pages, or which of the two is the good one."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from heapq import merge
from typing import NamedTuple

from cdr.pure.log.lines import Line
from streams.pure.lifecycle import EventKind, Level

FIGURES = re.compile(r"[\d.,:•]+")
ENDS = (EventKind.STREAM_ENDED, EventKind.CALL_ENDED)


class Difference(StrEnum):
    """What a step of the one has that the other has not; the words are shown. SAME in all but figures."""

    SAME = ""
    WORDS = "other words"
    LEVEL = "other level"
    ONLY_A = "only A"
    ONLY_B = "only B"


class ComparisonStep(NamedTuple):
    """One line of either, or of both when they tell the same kind of thing. `parts`: here the streams part."""

    a: Line | None
    b: Line | None
    difference: Difference
    parts: bool = False


def aligned(a: Sequence[Line], b: Sequence[Line]) -> list[ComparisonStep]:
    """The steps of both in order; what only one has stands between its neighbours, by its offset."""
    matcher = SequenceMatcher(None, [_sort_of(line) for line in a], [_sort_of(line) for line in b], autojunk=False)
    steps: list[ComparisonStep] = []
    for word, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if word == "equal":
            steps += map(_both, a[a_from:a_to], b[b_from:b_to])
        else:
            only_a = (ComparisonStep(line, None, Difference.ONLY_A) for line in a[a_from:a_to])
            only_b = (ComparisonStep(None, line, Difference.ONLY_B) for line in b[b_from:b_to])
            steps += merge(only_a, only_b, key=_offset_ms)
    parting = next((index for index, step in enumerate(steps) if _parts(step)), None)
    if parting is not None:
        steps[parting] = steps[parting]._replace(parts=True)
    return steps


def _both(a: Line, b: Line) -> ComparisonStep:
    if a.level.word != b.level.word:
        return ComparisonStep(a, b, Difference.LEVEL)
    return ComparisonStep(a, b, Difference.SAME if _gist(a) == _gist(b) else Difference.WORDS)


def _parts(step: ComparisonStep) -> bool:
    """A step more or less is a parting, and so is one that went worse, or another end. What the caller or the audio did is none while
    nothing is wrong with it, nor is a quiet line, nor another caller's number."""
    if step.difference == Difference.WORDS:
        return step.a is not None and step.a.kind in ENDS
    told = [line for line in (step.a, step.b) if line is not None and line.level.word != Level.DEBUG]
    return step.difference != Difference.SAME and any(line.problem or line.group != "audio" for line in told)


def _sort_of(line: Line) -> str:
    """What makes two lines the same step: their kind; of callbacks and tries also which callback it is."""
    if line.kind == "callback":
        return f"{line.kind} {' '.join(line.words.split()[:3])}"
    return f"{line.kind} {line.words.partition(':')[0].split(' failed')[0]}" if line.kind == "callback_attempt" else line.kind


def _gist(line: Line) -> str:
    """The words without their figures: two calls never have the same milliseconds."""
    return FIGURES.sub("#", line.words)


def _offset_ms(step: ComparisonStep) -> int:
    line = step.a or step.b
    return line.offset_ms if line else 0
