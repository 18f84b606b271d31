"""Every setting: its kind and bounds as the code reads it, its default and meaning as docs/operation.md tells them.

Owns nothing of either; a setting that one of the two does not know stops the making of the site."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from docs.site.markdown import code, page, plain, section, table

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs/operation.md"
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (.*?) \| (.*) \|$")
KINDS = {
    "text": "text",
    "flag": "1 or 0",
    "number": "a number",
    "numbers": "numbers",
    "integer": "a whole number",
    "one_of": "a word",
    "words": "words",
    "pairs": "pairs",
    "networks": "networks",
    "address": "host:port",
    "origin": "an origin",
    "folder": "a folder",
}
"""What config.environment reads, in words."""


class Read(NamedTuple):
    name: str
    kind: str
    bounds: str


@cache
def read_by_the_code() -> dict[str, Read]:
    found = [read for file in sorted((ROOT / "config").glob("*.py")) for read in reads(ast.parse(file.read_text()))]
    return {read.name: read for read in found}


def reads(tree: ast.AST) -> Iterator[Read]:
    """`env.integer("PORT", 8000, 1, 65535)`: PORT is a whole number from 1 to 65535."""
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env"), attr=kind), args=[ast.Constant(value=str(name)), *given]):
                yield Read(name, KINDS[kind], bounds(kind, given))


def bounds(kind: str, given: list[ast.expr]) -> str:
    if kind in ("number", "integer", "numbers") and len(given) == 3:
        low, high = (ast.literal_eval(limit) for limit in given[1:])
        return f"{low:,} to {high:,}"
    if kind == "one_of" and isinstance(given[-1], ast.Tuple):
        return " or ".join(ast.literal_eval(given[-1]))
    return ""


def told_by_the_manual() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """The groups of the manual in their order: title, and name, default and meaning of each setting."""
    for part in MANUAL.read_text().split("\n### ")[1:]:
        rows = [(row[1], row[2], row[3]) for line in part.splitlines() if (row := ROW.match(line))]
        if rows:
            yield part.partition("\n")[0], rows


def render() -> str:
    known = read_by_the_code()
    parts, told = [], set()
    for title, rows in told_by_the_manual():
        told |= {name for name, _, _ in rows}
        cells = [(code(name), plain(of(known, name)), default, in_the_manual(meaning)) for name, default, meaning in rows]
        parts.append(section(title, table(("name", "what it takes", "default", "meaning"), cells)))
    if known.keys() != told:
        raise SystemExit(f"docs/operation.md and config do not agree on {', '.join(sorted(known.keys() ^ told))}.")
    words = (
        "Each is read from the environment when a process starts; a value that cannot be taken stops the start with a sentence that says\n"
        "what would be right. [Run it for real](../operation.md#settings) has them in their context."
    )
    return page("Settings", words, *parts)


def of(known: dict[str, Read], name: str) -> str:
    read = known.get(name)
    return ", ".join(filter(None, (read.kind, read.bounds))) if read else ""


def in_the_manual(meaning: str) -> str:
    """Links to places of the manual's page, and to pages beside it, from a folder below."""
    meaning = re.sub(r"\]\(#", "](../operation.md#", meaning)
    return re.sub(r"\]\((\w[\w-]*\.md)", r"](../\1", meaning)
