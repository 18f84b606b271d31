"""The forms of a bulk export: CSV, JSON lines, and Parquet in parts. Each can be cut at what was said to be kept, and goes on there.

Owns how cells become bytes. Must not know rows, or where they come from. pyarrow is needed for Parquet alone, and imported there."""

import csv
import io
import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from cdr.spreadsheet import Cell, csv_cells

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""They hold numbers."""
PART_ROWS = 100_000
AMOUNT_DIGITS, AMOUNT_PLACES = 24, 5


class NoParquet(Exception):
    """pyarrow is not installed."""


class BulkFile(Protocol):
    """`keep` has all that was written on disk, and returns the mark at which it may be opened again."""

    def write(self, rows: Sequence[Sequence[Cell]]) -> None: ...

    def keep(self, *, last: bool) -> int: ...

    def close(self) -> None: ...


def field_name(head: str) -> str:
    """`Start time (UTC)` is `start_time_utc` to a program."""
    return re.sub(r"[^a-z0-9]+", "_", head.lower()).strip("_")


class LinesFile:
    """Of bytes that are added at the end; a mark is how many there are."""

    def __init__(self, path: Path, heads: Sequence[str], mark: int) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
        if os.fstat(descriptor).st_size < mark:
            os.close(descriptor)
            raise ValueError(f"{path} is shorter than it was: it cannot go on.")
        self._file = os.fdopen(descriptor, "r+b")
        self._file.truncate(mark)
        self._file.seek(mark)
        if not mark:
            self._file.write(self.beginning(heads))

    def beginning(self, heads: Sequence[str]) -> bytes:
        raise NotImplementedError

    def line(self, row: Sequence[Cell]) -> str:
        raise NotImplementedError

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._file.write("".join(map(self.line, rows)).encode())

    def keep(self, *, last: bool) -> int:
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        self._file.close()


class CsvLines(LinesFile):
    """As the console's exports have it: a spreadsheet calculates nothing of it."""

    def beginning(self, heads: Sequence[str]) -> bytes:
        return "\N{BYTE ORDER MARK}".encode() + self.line(heads).encode()

    def line(self, row: Sequence[Cell]) -> str:
        text = io.StringIO()
        csv.writer(text).writerow(csv_cells(row))
        return text.getvalue()


class JsonObjects(LinesFile):
    """An object a line; times as ISO 8601 in UTC, amounts as strings, so that no digit is lost."""

    def __init__(self, path: Path, heads: Sequence[str], mark: int) -> None:
        self._names = [field_name(head) for head in heads]
        super().__init__(path, heads, mark)

    def beginning(self, heads: Sequence[str]) -> bytes:
        return b""

    def line(self, row: Sequence[Cell]) -> str:
        return json.dumps(dict(zip(self._names, map(_json_value, row), strict=True)), ensure_ascii=False) + "\n"


def _json_value(cell: Cell) -> str | int | float | None:
    match cell:
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Decimal():
            return str(cell)
        case _:
            return cell


class ParquetParts:
    """A folder of files with so many rows each, as query engines read them: a file of this form is not whole before its end, so what is cut
    off is the part that was being written. A mark is how many parts there are."""

    def __init__(self, path: Path, heads: Sequence[str], mark: int) -> None:
        try:
            import pyarrow  # noqa: PLC0415 - an extra
            import pyarrow.parquet  # noqa: PLC0415 - as above
        except ImportError as error:
            raise NoParquet("Parquet needs pyarrow: pip install -r requirements-parquet.txt.") from error
        self._arrow = pyarrow
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        self._folder, self._parts, self._rows = path, mark, 0
        self._schema = pyarrow.schema([(field_name(head), _arrow_type(pyarrow, head)) for head in heads])
        self._writer: Any = None
        for file in path.glob("part-*.parquet*"):
            if file.name not in {self._name(number) for number in range(mark)}:
                file.unlink()

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        if self._writer is None:
            draft = self._folder / f"{self._name(self._parts)}.draft"
            draft.touch(PRIVATE_FILE)
            self._writer = self._arrow.parquet.ParquetWriter(draft, self._schema, compression="zstd")
        columns = zip(*rows, strict=True)
        arrays = [self._array(cells, field.type) for cells, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows += len(rows)

    def keep(self, *, last: bool) -> int:
        """Until a part is full nothing more is kept than the parts before it."""
        if self._writer is not None and (last or self._rows >= PART_ROWS):
            self._end_part()
        return self._parts

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _array(self, cells: Sequence[Cell], kind: Any) -> Any:
        """A duration may be an exact number, which is more than a float is."""
        is_float = kind == self._arrow.float64()
        return self._arrow.array([None if cell is None else float(str(cell)) for cell in cells] if is_float else cells, kind)

    def _end_part(self) -> None:
        self._writer.close()
        self._writer, self._rows = None, 0
        whole = self._folder / self._name(self._parts)
        draft = whole.with_name(f"{whole.name}.draft")
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.rename(whole)
        self._parts += 1

    @staticmethod
    def _name(number: int) -> str:
        return f"part-{number + 1:05d}.parquet"


WHOLE_NUMBERS = (
    *("Hangup cause code", "Streams", "WebSocket close code", "Connection attempts", "Highest buffer level (%)"),
    *("Rounded bill duration (s)", "Turns", "Long silences", "Interruptions by the caller", "Interruptions by the bot"),
)


def _arrow_type(arrow: Any, head: str) -> Any:
    """By the head: a part in which a column is empty has the same type as all others."""
    if head.endswith("(UTC)"):
        return arrow.timestamp("us", tz="UTC")
    if head in WHOLE_NUMBERS:
        return arrow.int64()
    if head == "Billed amount":
        return arrow.decimal128(AMOUNT_DIGITS, AMOUNT_PLACES)
    return arrow.float64() if head.endswith("(s)") else arrow.string()


FORMS: dict[str, Any] = {"csv": CsvLines, "jsonl": JsonObjects, "parquet": ParquetParts}
