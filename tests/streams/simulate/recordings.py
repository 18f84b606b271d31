"""The recordings of a real Asterisk and of a real FreeSWITCH, as lines. Owns where they lie."""

import json
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

FOLDER = Path(__file__).parents[2] / "data"
NAMES, FREESWITCH = ([path.stem for path in sorted((FOLDER / gateway).glob("*.jsonl"))] for gateway in ("asterisk", "freeswitch"))
US = "us"


class Line(NamedTuple):
    """`what` is upgrade, accepted, refused, text, binary, close, or tcp, the end of it; `value` is a dict, a text, or bytes."""

    ms: float
    sender: str
    what: str
    value: Any


@cache
def read(name: str) -> tuple[Line, ...]:
    gateway = "asterisk" if name in NAMES else "freeswitch"
    return tuple(line(json.loads(text), gateway) for text in (FOLDER / gateway / f"{name}.jsonl").read_text().splitlines())


def line(fields: dict[str, Any], gateway: str = "asterisk") -> Line:
    ms, sender = fields.pop("t_ms"), fields.pop("from", gateway)
    ((what, value),) = fields.items()
    return Line(ms, sender, what, b64decode(value) if what == "binary" else value)


def texts(name: str, sender: str = "asterisk") -> list[str]:
    return [line.value for line in read(name) if line.what == "text" and line.sender == sender]


def audio(name: str) -> bytes:
    """What the gateway sent of it, in one piece."""
    return b"".join(line.value for line in read(name) if line.what == "binary" and line.sender != US)


def query(name: str) -> dict[str, str]:
    """That of the upgrade's URL."""
    return dict(parse_qsl(read(name)[0].value["path"].partition("?")[2], keep_blank_values=True))
