"""The recordings of a real Asterisk, as lines. Owns where they lie."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[2] / "data" / "asterisk"
NAMES = [path.stem for path in sorted(FOLDER.glob("*.jsonl"))]


class Line(NamedTuple):
    """`what` is upgrade, accepted, text, binary or close; `value` is a dict, a text, or bytes."""

    ms: float
    sender: str
    what: str
    value: Any


def read(name: str) -> list[Line]:
    return [line(json.loads(text)) for text in (FOLDER / f"{name}.jsonl").read_text().splitlines()]


def line(fields: dict[str, Any]) -> Line:
    ms, sender = fields.pop("t_ms"), fields.pop("from", "asterisk")
    ((what, value),) = fields.items()
    return Line(ms, sender, what, b64decode(value) if what == "binary" else value)


def texts(name: str, sender: str = "asterisk") -> list[str]:
    return [line.value for line in read(name) if line.what == "text" and line.sender == sender]
