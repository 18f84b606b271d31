"""The two formats of a file, read again as a spreadsheet program reads them."""

import csv
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cdr.spreadsheet import Opened, XlsxFile

HEADS = ("Name", "Value")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = [
    "=1+1",
    "+14155550123",
    "-2",
    "@SUM(A1)",
    "=cmd!A0",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "﹦1",
    "−2",
    " =1",
    "\xa0=1",
    "\u200b=1",
    "\ufeff＝1",
]
BEHIND_A_SEPARATOR = {
    "\t=1": "'\t'=1",
    "\r=1": "'\r'=1",
    "a;=1": "a;'=1",
    "x\n@y": "x\n'@y",
    "=cmd|'/c calc'!A0": "'=cmd|'/c calc'!A0",
    "a;b": "a;b",
}


def sheet(path: Path, number: int = 1) -> list[list[str]]:
    """The cells of a sheet, as texts."""
    with zipfile.ZipFile(path) as book:
        root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    assert not list(root.iter(f"{MAIN}f")) and not list(root.iter(f"{MAIN}hyperlink"))
    return [["".join(cell.itertext()) for cell in row.iter(f"{MAIN}c")] for row in root.iter(f"{MAIN}row")]


def written(path: Path, form: str, *rows) -> Path:
    with Opened(path, form, HEADS) as file:
        for row in rows:
            file.write(row)
    return path


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_csv(tmp_path) -> None:
    at = datetime(2024, 11, 23, 14, 1, 37, 250_000, UTC)
    path = written(tmp_path / "a.csv", "csv", ("Zoë, “x”", 5), (None, Decimal("0.00300")), ("two\nlines", at), ("", -1))
    expected = [["Zoë, “x”", "5"], ["", "0.00300"], ["two\nlines", "2024-11-23T14:01:37.250Z"], ["", "-1"]]
    assert read_csv(path) == [list(HEADS), *expected]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_xlsx(tmp_path) -> None:
    path = written(tmp_path / "a.xlsx", "xlsx", ("Zoë & <b>", 5), (None, Decimal("0.003")), ("x", datetime(2024, 11, 23, 12, tzinfo=UTC)))
    assert sheet(path) == [list(HEADS), ["Zoë & <b>", "5"], ["0.003"], ["x", "45619.5"]]


@pytest.mark.parametrize(("text", "marked"), [*((text, f"'{text}") for text in HOSTILE), *BEHIND_A_SEPARATOR.items()])
def test_a_text_never_becomes_a_formula(tmp_path, text, marked) -> None:
    assert read_csv(written(tmp_path / "a.csv", "csv", (text, 1)))[1][0] == marked
    cell = sheet(written(tmp_path / "a.xlsx", "xlsx", (text, "http://a.example")))[1]
    assert cell[1] == "http://a.example" and cell[0].replace("_x000D_", "\r").strip() == text.strip()


def test_more_rows_than_a_sheet_holds_go_to_another(tmp_path) -> None:
    file = XlsxFile(tmp_path / "a.xlsx", HEADS, rows_on_a_sheet=3)
    for number in range(5):
        file.write((f"row {number}", number))
    file.close()
    names = [row[0] for page in (1, 2, 3) for row in sheet(tmp_path / "a.xlsx", page)]
    assert names == ["Name", "row 0", "row 1", "Name", "row 2", "row 3", "Name", "row 4"]


def test_a_longer_text_than_a_cell_holds_is_cut(tmp_path) -> None:
    assert len(sheet(written(tmp_path / "a.xlsx", "xlsx", ("x" * 40_000, 1)))[1][0]) == 32_767
