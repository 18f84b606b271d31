"""Rows into a CSV or XLSX file, one at a time, in memory that does not grow with them. What a stranger wrote never becomes a formula.

Owns the two formats. Must not know what the rows are about."""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Protocol

Cell = str | int | float | Decimal | datetime | None
ROWS_ON_A_SHEET = 1_048_576
"""Excel's limit; what is more goes to another sheet, with the heads again."""
FORMULA_SIGNS = frozenset("=+-@\N{MINUS SIGN}")
STARTS = ("\t", "\r", "\n")
SEPARATORS = re.compile(r"([;|\t\r\n])")
"""Where a program with other habits begins another cell: in half of Europe it is the semicolon."""
LONGEST_TEXT = 32_767
"""Excel's limit of a cell."""


class Writer(Protocol):
    def write(self, row: Sequence[Cell]) -> None: ...

    def close(self) -> None: ...


class CsvFile:
    """UTF-8 with a mark at its beginning, which Excel needs to know it; times as ISO 8601 in UTC."""

    def __init__(self, path: Path, heads: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow(heads)

    def write(self, row: Sequence[Cell]) -> None:
        self._csv.writerow([_csv_cell(cell) for cell in row])

    def close(self) -> None:
        self._file.close()


def csv_cells(row: Sequence[Cell]) -> list[str]:
    """As they stand in a CSV file."""
    return [_csv_cell(cell) for cell in row]


def csv_text(rows: Sequence[Sequence[Cell]]) -> str:
    """A small file, with the same mark and the same cells."""
    text = io.StringIO()
    csv.writer(text).writerows([_csv_cell(cell) for cell in row] for row in rows)
    return "\N{BYTE ORDER MARK}" + text.getvalue()


class XlsxFile:
    """Texts are written as texts: neither formulas nor links are made of them. Times without a zone, in UTC, as Excel has them."""

    def __init__(self, path: Path, heads: Sequence[str], rows_on_a_sheet: int = ROWS_ON_A_SHEET) -> None:
        import xlsxwriter  # noqa: PLC0415 - slow to import, and most exports are CSV

        options = {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd hh:mm:ss"}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._heads, self._rows_on_a_sheet = heads, rows_on_a_sheet
        self._new_sheet()

    def write(self, row: Sequence[Cell]) -> None:
        if self._row == self._rows_on_a_sheet:
            self._new_sheet()
        for column, cell in enumerate(row):
            self._put(column, cell)
        self._row += 1

    def close(self) -> None:
        self._book.close()

    def _new_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for column, head in enumerate(self._heads):
            self._sheet.write_string(0, column, head)
        self._row = 1

    def _put(self, column: int, cell: Cell) -> None:
        match cell:
            case None:
                return
            case str():
                self._sheet.write_string(self._row, column, cell[:LONGEST_TEXT])
            case datetime():
                self._sheet.write_datetime(self._row, column, cell.astimezone(UTC).replace(tzinfo=None))
            case _:
                self._sheet.write_number(self._row, column, cell)


class Opened:
    """`with Opened(path, "xlsx", heads) as file`: closes the file also when a row fails."""

    def __init__(self, path: Path, form: str, heads: Sequence[str]) -> None:
        self._writer: Writer = XlsxFile(path, heads) if form == "xlsx" else CsvFile(path, heads)

    def __enter__(self) -> Writer:
        return self._writer

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.close()


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            text = "".join(map(_text, SEPARATORS.split(cell)))
            return f"'{text}" if text.startswith(STARTS) else text
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case _:
            return str(cell)


def _text(part: str) -> str:
    """With a mark before it where a spreadsheet would calculate it: also where the sign is a full-width one, or stands behind what is not
    seen (blanks, zero-width characters)."""
    sign = next((char for char in part if not _unseen(char)), "")
    return f"'{part}" if sign and unicodedata.normalize("NFKC", sign)[0] in FORMULA_SIGNS else part


def _unseen(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Mn")
