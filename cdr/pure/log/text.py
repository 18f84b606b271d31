"""A debug log as files: JSON lines for programs, plain text for people.

Owns both formats; the keys of the first are a promise, written down in docs/console.md. Must not know where lines come from."""

import json
from collections.abc import Iterable

from cdr.pure.log.lines import Line, Pair
from streams.pure.foreign_text import cleaned

INDENT = " " * 8
LONGEST_WORD = 40


def json_line(line: Line) -> str:
    """One object on a line of its own. Keys are only ever added."""
    said = {
        "id": line.anchor,
        "at": line.iso.replace("+00:00", "Z"),
        "offset_ms": line.offset_ms,
        "level": _word(line.level.word),
        "kind": _word(line.kind),
        "group": line.group,
        "source": _word(line.source.partition(" ")[0]),
        "stream_uuid": line.stream or None,
        "message": line.words,
        "details": dict(line.pairs),
    }
    return json.dumps(said, ensure_ascii=False) + "\n"


def text_line(line: Line) -> str:
    """As on the page, in columns; what it carried stands indented below."""
    columns = f"{line.day} {line.clock}  {line.offset:>14}  {_word(line.level.word):<7}  {_word(line.source):<15}  {line.words}\n"
    return columns + "".join(map(_pair, line.pairs))


def text_head(title: str, about: Iterable[str]) -> str:
    return "\n".join([title, "=" * len(title), *(cleaned(line, 3000) for line in about if line), "", ""])


def _pair(pair: Pair) -> str:
    """A value of several lines stands below its name."""
    first, *more = pair.value.split("\n")
    if not more:
        return f"{INDENT}{pair.key}: {first}\n"
    return "\n".join([f"{INDENT}{pair.key}:", *(f"{INDENT}    {line}" for line in (first, *more)), ""])


def _word(text: str) -> str:
    return cleaned(text, LONGEST_WORD)
