"""The blocks of code on the manual's pages.

Owns how they are found. Must not know what is done with them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """`page`: from the root of the tree on."""

    page: str
    language: str
    text: str


def blocks_of(page: str) -> list[Block]:
    return [Block(page, found["language"], found["text"]) for found in BLOCK.finditer((ROOT / page).read_text())]


def block(page: str, beginning: str) -> str:
    """The text of the one that begins so."""
    [text] = [each.text for each in blocks_of(page) if each.text.startswith(beginning)]
    return text
