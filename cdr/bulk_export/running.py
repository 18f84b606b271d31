"""Writes a bulk export, some thousand rows at a time, and keeps after each time how far it is.

Owns that what is kept and what was written agree: first the rows are on disk, then the mark that names the last of them. Must not know
forms from one another, nor who asks."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from cdr.bulk_export import mark as marks
from cdr.bulk_export.asked import Asked
from cdr.bulk_export.forms import FORMS
from cdr.bulk_export.mark import BulkMark, mark_file, read_mark, remove_mark
from cdr.exports import cells_of
from cdr.pure import keyset

ROWS_AT_ONCE = 2000


class CannotBegin(Exception):
    """The message says why, and what would be right."""


def cut_before(output: Path, *, resume: bool, anew: bool) -> BulkMark | None:
    """That of an export that is to go on; None where one begins. Raises CannotBegin."""
    mark = read_mark(output)
    if mark is None or anew:
        if output.exists() and not anew:
            raise CannotBegin(f"{output} is there already. Name another file, or say --anew to write over it.")
        return None
    if not resume:
        raise CannotBegin(f"An export to {output} was cut after {mark.rows:,} rows. Say --resume to go on, or --anew to begin anew.")
    return mark


def where_to_begin(asked: Asked, form: str, before: BulkMark | None) -> BulkMark:
    """Where to go on, or the beginning. Raises CannotBegin."""
    beginning = BulkMark(asked.in_words(), asked.end.isoformat(), form)
    if before is None:
        return beginning
    if before[:3] != beginning[:3]:
        raise CannotBegin(f"What was cut is another export ({before.asked}, {before.form}). Ask for the same, or say --anew.")
    return before


def write_all(output: Path, asked: Asked, mark: BulkMark) -> Generator[int, None, None]:
    """After each part, how many rows are written in all. What is raised leaves what is kept as it is."""
    selection = asked.selection()
    place = keyset.read_place(mark.place, timed=True) if mark.place else None
    marks.keep_mark(output, mark)
    rows_written = mark.rows
    with closing(FORMS[mark.form](output, [column.head for column in selection.columns], mark.file_mark)) as file:
        while rows := asked.beyond(place, ROWS_AT_ONCE):
            file.write([cells_of(row, selection) for row in rows])
            place, rows_written = asked.place_of(rows[-1]), rows_written + len(rows)
            mark = _kept(output, mark, file.keep(last=False), keyset.written(place), rows_written)
            yield rows_written
        file.keep(last=True)
    remove_mark(output)
    yield rows_written


def _kept(output: Path, before: BulkMark, file_mark: int, place: str, rows: int) -> BulkMark:
    """A part of Parquet that is not full yet is not kept: then the mark stays where it was."""
    if file_mark == before.file_mark:
        return before
    mark = before._replace(file_mark=file_mark, place=place, rows=rows)
    marks.keep_mark(output, mark)
    return mark


def is_unfinished(output: Path) -> bool:
    return mark_file(output).exists()
