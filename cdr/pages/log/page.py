"""The debug log of a stream, or of a call with all its streams: the lines of one page of it, narrowed as asked.

Owns what stands on that page, and where a long log goes on. Must not know which rows belong to it, nor their wording."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cdr.pages.log.subject import DebugLog, LogSubject
from cdr.pages.masked_page import hiding
from cdr.pure.figures import counted
from cdr.pure.log.filter import LEVELS, LogFilter, counted_by_group
from cdr.pure.log.lines import Line, with_days
from cdr.pure.log.rows import GROUPS, OTHER, place_of
from streams.pure.lifecycle import Level

PAGE_LINES = 500
"""A page shows so many lines of a log, each with some 450 bytes."""
LAST_LINES = 200
"""The last page shows fewer: it has to have room for what is still to come."""
CHUNK_LINES, MOST_CHUNKS = 1000, 20
"""So many lines of a narrowed log are looked through at once, and how often, until there are ENOUGH_LINES."""
ENOUGH_LINES = 500


class GroupChoice(NamedTuple):
    """`lines`: how many of the group were looked through."""

    name: str
    label: str
    lines: int
    chosen: bool


class LevelChoice(NamedTuple):
    name: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class DebugLogPage:
    """`seen`: the anchors of the first and the last line that were looked through, whether they match or not. `older`, `newer`:
    queries of the pages beside, "" where there is none; `whole`: there is neither. `first_error`: the address of that line."""

    subject: LogSubject
    asked: LogFilter
    lines: list[Line]
    all_count: int
    looked_through: int
    problem_count: int
    groups: list[GroupChoice]
    levels: list[LevelChoice]
    first_error: str
    first_seen: str
    older: str
    newer: str
    numbers: tuple[str, ...]
    live: bool

    @property
    def whole(self) -> bool:
        return not self.older and not self.newer

    @property
    def count_words(self) -> str:
        """`85 lines`, `12 of 85 lines`; of one page of a long log `500 lines on this page, 23456 in the log`."""
        count = f"{len(self.lines)} of {self.looked_through} lines" if self.asked.narrows else counted(self.looked_through, "line")
        return count if self.whole else f"{count} on this page, {self.all_count} in the log"

    @property
    def filter_query(self) -> str:
        """The filter alone, for what is about the whole log: its download."""
        return self.asked.at().query()

    @property
    def end_query(self) -> str:
        return self.asked.at(last=True).query()

    @property
    def live_query(self) -> str:
        """What an open page goes on with: the same filter, from the same line on, whatever else is written."""
        return self.asked.at(first=self.first_seen if self.older else "").query()


def log_page(log: DebugLog, asked: LogFilter, *, whole_numbers: bool) -> DebugLogPage:
    """One page, in three queries; of a log that does not fit on it, in at most 3 * MOST_CHUNKS + 8."""
    hide = hiding(log.numbers, whole_numbers)
    part = _part(log, asked, hide)
    counts = counted_by_group(part.lines)
    return DebugLogPage(
        subject=hide(log.subject),
        asked=asked,
        lines=with_days(line for line in part.lines if asked.matches(line)),
        all_count=log.rows.count() if part.older or part.newer else len(part.lines),
        looked_through=len(part.lines),
        problem_count=sum(line.problem for line in part.lines),
        groups=[
            GroupChoice(name, label, counts[name], name in asked.groups)
            for name, (label, _) in GROUPS.items()
            if name != OTHER or counts[name] or name in asked.groups
        ],
        levels=[LevelChoice(name, words, name == asked.level) for name, (words, _) in LEVELS.items()],
        first_error=_first_error(log, asked, part),
        first_seen=part.lines[0].anchor if part.lines else "",
        older=asked.at(before=part.older).query() if part.older else "",
        newer=asked.at(first=part.newer).query() if part.newer else "",
        numbers=log.numbers,
        live=log.live,
    )


class _Part(NamedTuple):
    """The lines of a log that were looked through for a page. `older`: the anchor before which there are more, `newer`: the anchor
    from which on there are; "" when there are none."""

    lines: list[Line]
    older: str
    newer: str


def _part(log: DebugLog, asked: LogFilter, hide: Callable[[Any], Any]) -> _Part:
    if asked.last or asked.before:
        return _backward(log, asked, hide)
    place, older = log.place(asked.first) if asked.first else None, ""
    if place is not None:
        older = asked.first if log.rows.before(place, 1) else ""
        place = place._replace(key=place.key - 1)
    found, size = list[Line](), _at_once(asked)
    for _ in range(MOST_CHUNKS):
        rows = log.rows.after(place, size + 1)
        found += log.lines(rows[:size], hide)
        if len(rows) <= size:
            return _Part(found, older, "")
        place = place_of(rows[size - 1])
        if _enough(found, asked):
            break
    return _Part(found, older, rows[size].anchor)


def _backward(log: DebugLog, asked: LogFilter, hide: Callable[[Any], Any]) -> _Part:
    place, size = (None, LAST_LINES) if asked.last else (log.place(asked.before), _at_once(asked))
    newer = asked.before if place is not None else ""
    found: list[Line] = []
    for _ in range(MOST_CHUNKS):
        rows = log.rows.before(place, size + 1)
        found = log.lines(rows[-size:], hide) + found
        if len(rows) <= size:
            return _Part(found, "", newer)
        place = place_of(rows[1])
        if _enough(found, asked):
            break
    return _Part(found, found[0].anchor, newer)


def _at_once(asked: LogFilter) -> int:
    return CHUNK_LINES if asked.narrows else PAGE_LINES


def _enough(found: list[Line], asked: LogFilter) -> bool:
    return not asked.narrows or sum(map(asked.matches, found)) >= ENOUGH_LINES


def _first_error(log: DebugLog, asked: LogFilter, part: _Part) -> str:
    """Where the log's first error is: on this page, behind its filter, or on another page."""
    if not part.older and (line := next((line for line in part.lines if line.level.word == Level.ERROR), None)):
        return f"#{line.anchor}" if asked.matches(line) else f"?{asked.whole().query()}#{line.anchor}"
    anchor = log.rows.first_error() if part.older or part.newer else ""
    return f"?{LogFilter(first=anchor).query()}#{anchor}" if anchor else ""
