"""The time line of a page: the lines of a log with what is quiet folded away, and a word where lines are left out.

Owns what is folded. The lines are cdr.pure.debuglog's, with its words and anchors. Must not know rows or pages."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from cdr.pure.debuglog import Line
from cdr.pure.figures import counted
from streams.pure.lifecycle import Level


class Entry(NamedTuple):
    """Some lines of a time line. `folded`: under these words, to be opened. `left_out`: said after the lines, "" mostly."""

    lines: tuple[Line, ...]
    folded: str = ""
    left_out: str = ""


def timeline(lines: Iterable[Line]) -> list[Entry]:
    """The lines as they are shown: those of level debug that follow each other are one fold."""
    return [_entry(quiet, tuple(together)) for quiet, together in groupby(lines, key=_quiet)]


def shortened(lines: Sequence[Line], first: int, last: int) -> list[Entry]:
    """The time line of a log whose middle is not here: between the first and the last lines only what tells most was kept."""
    return list(_shortened(lines, first, last))


def _shortened(lines: Sequence[Line], first: int, last: int) -> Iterator[Entry]:
    head, middle, tail = lines[:first], lines[first : len(lines) - last], lines[len(lines) - last :]
    *before, at_the_cut = timeline(head)
    yield from before
    until = f" until {tail[0].clock}" if tail else ""
    yield at_the_cut._replace(left_out=f"Left out from here{until}: everything but warnings, errors and how streams began and ended.")
    yield from timeline(middle)
    yield from timeline(tail)


def _quiet(line: Line) -> bool:
    return line.level.word == Level.DEBUG


def _entry(quiet: bool, lines: tuple[Line, ...]) -> Entry:
    return Entry(lines, counted(len(lines), "quiet line") if quiet else "")
