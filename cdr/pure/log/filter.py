"""What of a debug log is asked for: groups, a level, a text, and the page of a long one, as the words of an address.

Owns those words and which lines match. A text is looked for in what the reader sees, so that nobody can feel for a number that is
masked. Must not know rows or requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cdr.pure.log.lines import Line
from cdr.pure.log.rows import GROUPS
from streams.pure.lifecycle import Level

ORDER = (Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)
LEVELS: dict[str, tuple[str, Level]] = {
    "info": ("Without debug lines", Level.INFO),
    "problems": ("Warnings and errors", Level.WARNING),
    "errors": ("Errors only", Level.ERROR),
}
"""Word in an address -> its words on the page, and the mildest level that is shown."""
LONGEST_TEXT = 200
LONGEST_ANCHOR, LONGEST_UNKNOWN, MOST_UNKNOWN = 60, 30, 5
PARAMETERS = ("kind", "level", "q", "from", "before", "page")
"""What an address of a log may say."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """`groups`: () is all of them. `level`: a key of LEVELS, or "". The page: `first` is the anchor it begins with, `before` the
    anchor it ends before, `last` the log's last page; with none of them it is the first. `problem`: what the
    address says and nobody understands, as a sentence; no line matches then."""

    groups: tuple[str, ...] = ()
    level: str = ""
    text: str = ""
    first: str = ""
    before: str = ""
    last: bool = False
    problem: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.groups or self.level or self.text or self.problem)

    def matches(self, line: Line) -> bool:
        if self.problem:
            return False
        if self.groups and line.group not in self.groups:
            return False
        if self.level and not _as_bad(line.level.word, LEVELS[self.level][1]):
            return False
        return not self.text or _says(line, self.text.casefold())

    def query(self) -> str:
        """As it stands behind the ? of an address: what is set, always in the same order."""
        pairs = [("kind", group) for group in self.groups]
        pairs += [("level", self.level), ("q", self.text), ("from", self.first), ("before", self.before)]
        pairs += [("page", "last" if self.last else "")]
        return urlencode([(name, value) for name, value in pairs if value])

    def words(self) -> str:
        """`Buffer, End; warnings and errors; “bot”`."""
        parts = (", ".join(GROUPS[group][0] for group in self.groups), LEVELS[self.level][0].lower() if self.level else "")
        return "; ".join(filter(None, (*parts, self.text and f"“{self.text}”")))

    def at(self, *, first: str = "", before: str = "", last: bool = False) -> "LogFilter":
        """The same filter on another page of the log."""
        return replace(self, first=first, before=before, last=last)

    def whole(self) -> "LogFilter":
        """The same page without the filter."""
        return LogFilter(first=self.first, before=self.before, last=self.last)


def asked_by(parameters: Mapping[str, Sequence[str]]) -> LogFilter:
    """What an address asks for. A place that is none is passed over: an old link leads to the log's beginning."""
    chosen = set(parameters.get("kind", ())) - {""}
    level = _one(parameters, "level")
    return LogFilter(
        groups=tuple(name for name in GROUPS if name in chosen),
        level=level if level in LEVELS else "",
        text=" ".join(_one(parameters, "q").split())[:LONGEST_TEXT],
        first=_one(parameters, "from")[:LONGEST_ANCHOR],
        before=_one(parameters, "before")[:LONGEST_ANCHOR],
        last=_one(parameters, "page") == "last",
        problem=_problem(parameters, [*sorted(chosen - GROUPS.keys()), *([level] if level and level not in LEVELS else [])]),
    )


def _problem(parameters: Mapping[str, Sequence[str]], words: Sequence[str]) -> str:
    """`words`: kinds and levels that there are not."""
    unknown = [*(name for name in parameters if name not in PARAMETERS), *words]
    if not unknown:
        return ""
    said = ", ".join(f"“{word[:LONGEST_UNKNOWN]}”" for word in unknown[:MOST_UNKNOWN])
    known = f"Known kinds are: {', '.join(GROUPS)}; levels: {', '.join(LEVELS)}."
    return f"{said} in the address {'is' if len(unknown) == 1 else 'are'} not understood, so no line is shown. {known}"


def counted_by_group(lines: Iterable[Line]) -> dict[str, int]:
    counts = dict.fromkeys(GROUPS, 0)
    for line in lines:
        counts[line.group] += 1
    return counts


def _one(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name, ())
    return values[-1] if values else ""


def _as_bad(level: str, mildest: Level) -> bool:
    """A level nobody told us about counts as the mildest that is no debug line."""
    known = Level(level) if level in ORDER else Level.INFO
    return ORDER.index(known) >= ORDER.index(mildest)


def _says(line: Line, text: str) -> bool:
    return any(text in part.casefold() for part in (line.words, line.source, *(word for pair in line.pairs for word in pair)))
