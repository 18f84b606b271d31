"""What a process could not write before it ended, written to a file of its own below DATA_DIR; in full to the log where that fails too.

Owns that file's shape: a line of JSON for each note, with the facts of its call. Must not know why it was not written."""

import json
import logging
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from streams.pure.call.notes import CallFacts, Note

log = logging.getLogger(__name__)

Unwritten = tuple[CallFacts, Note]


def keep_unwritten(folder: Path, owner: str, notes: Iterable[Unwritten]) -> None:
    """Blocks. Nothing raises: it is the last that a process does."""
    lines = [line_of(facts, note) for facts, note in notes]
    path = folder / f"{owner}.jsonl"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.error("%d notes could not be written before the process ended, nor kept in %s (%s). They are:", len(lines), path, error)
        for line in lines:
            log.error("Not written: %s", line)
    else:
        log.error("%d notes could not be written before the process ended; they are kept in %s.", len(lines), path)


def line_of(facts: CallFacts, note: Note) -> str:
    return json.dumps({"call": asdict(facts), "note": asdict(note)}, default=str)
