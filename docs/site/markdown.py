"""Markdown written by a program: text that means nothing but itself, and tables.

Must not know what is written."""

import re
from collections.abc import Iterable, Sequence

SIGNS = re.compile(r"([\\`*_\[\]|#])")


def plain(text: str) -> str:
    """`text` as it stands there, in a cell or a sentence: no sign of it is markup."""
    written = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return SIGNS.sub(r"\\\1", " ".join(written.split()))


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """With an empty line before and behind it. What stands in cells is markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + "\n"


def page(title: str, words: str, *parts: str) -> str:
    return f"# {title}\n\n{words}\n" + "".join(parts)


def section(title: str, *parts: str, level: int = 2) -> str:
    return f"\n{'#' * level} {title}\n\n" + "".join(parts)
