"""The time line of a page: the lines of a log with what is quiet folded away, and a word where lines are left out.

Owns what is folded. The lines are cdr.pure.log.lines's, with its words and anchors. Must not know rows or pages."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from cdr.pure.figures import counted
from cdr.pure.log.lines import Line
from streams.pure.lifecycle import Level


class TimelineEntry(NamedTuple):
    """Some lines of a time line. `folded`: under these words, to be opened. `left_out`: said after the lines, "" mostly."""

    lines: tuple[Line, ...]
    folded: str = ""
    left_out: str = ""


def timeline(lines: Iterable[Line]) -> list[TimelineEntry]:
    """The lines as they are shown: those of level debug that follow each other are one fold."""
    return [_entry(quiet, tuple(together)) for quiet, together in groupby(lines, key=_quiet)]


def shortened(lines: Sequence[Line], head_ends: str, tail_begins: str) -> list[TimelineEntry]:
    """The time line of a log whose middle is not here: between these two anchors only what tells most was kept."""
    places = {line.anchor: place for place, line in enumerate(lines)}
    head, tail = places[head_ends] + 1, places[tail_begins]
    *before, at_the_cut = timeline(lines[:head])
    said = f"Left out until {lines[tail].clock}: everything but warnings, errors and how streams began and ended."
    return [*before, at_the_cut._replace(left_out=said), *timeline(lines[head:tail]), *timeline(lines[tail:])]


def _quiet(line: Line) -> bool:
    return line.level.word == Level.DEBUG


def _entry(quiet: bool, lines: tuple[Line, ...]) -> TimelineEntry:
    return TimelineEntry(lines, counted(len(lines), "quiet line") if quiet else "")
