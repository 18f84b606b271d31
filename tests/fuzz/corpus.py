"""The inputs that fuzzing keeps: of each parser a file in corpus/, an input a line, in base64. What once went wrong stays among them.

Owns that form. Must not know what an input means."""

import base64
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"


def inputs(name: str) -> list[bytes]:
    file = FOLDER / f"{name}.b64"
    return [base64.b64decode(line) for line in file.read_text().splitlines()] if file.exists() else []


def keep(name: str, found: Iterable[bytes]) -> int:
    """Adds what is not there yet, the short ones first; returns how many."""
    known = inputs(name)
    new = sorted(set(found) - set(known), key=lambda data: (len(data), data))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.b64").write_text("".join(f"{base64.b64encode(data).decode()}\n" for data in [*known, *new]))
    return len(new)
