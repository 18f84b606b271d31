"""How far a bulk export is, on disk beside it: what was asked for, the last row that is kept, and where the file was then.

Owns that file, which one process has at a time. Must not know rows."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".unfinished"


class AnotherIsAtIt(Exception):
    """Another process writes the same export."""


class BulkMark(NamedTuple):
    """`asked`: in words; `end`: of the period, to which one that goes on is bound; `place`: of the last row, as keyset writes it;
    `file_mark`: as the file's form has it."""

    asked: str
    end: str
    form: str
    place: str = ""
    file_mark: int = 0
    rows: int = 0


def mark_file(output: Path) -> Path:
    return output.with_name(output.name + SUFFIX)


@contextmanager
def held(output: Path) -> Iterator[None]:
    """While it is written nobody else writes it. Raises AnotherIsAtIt."""
    lock = output.with_name(f"{output.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AnotherIsAtIt from error
        yield
        lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def read_mark(output: Path) -> BulkMark | None:
    """None where none was cut. Raises ValueError for what is no mark."""
    file = mark_file(output)
    if not file.exists():
        return None
    try:
        return BulkMark(**json.loads(file.read_text()))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: remove it, and begin anew.") from error


def keep_mark(output: Path, mark: BulkMark) -> None:
    """The old one or the new one is there, whatever happens meanwhile."""
    file = mark_file(output)
    draft = file.with_name(f"{file.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(json.dumps(mark._asdict()))
        opened.flush()
        os.fsync(opened.fileno())
    draft.rename(file)


def remove_mark(output: Path) -> None:
    mark_file(output).unlink(missing_ok=True)
