"""Exports: a selection of a list, written to a file by a worker, chunk by chunk, for the person who asked.

Owns the jobs, their files and their end. What a list selects is told by the list itself, which registers here; must not know HTTP."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.core.files.storage import Storage, storages
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet

from cdr.models import Charge, Export, ExportState
from cdr.pages.columns import Column
from cdr.pure.masking import masking
from cdr.pure.secret_text import SecretText
from cdr.pure.statement import Figures, units_of
from cdr.spreadsheet import Cell, Opened, Writer
from streams import jobs
from streams.database_clock import database_now
from streams.shares import Shares
from streams.stored_files import store_as, work_folder

log = logging.getLogger(__name__)

CHUNK_ROWS = 1000
IN_WORK = "exports_in_work"
EXPORTS = Shares("exports", places=5, each=2)
"""Of the persons who ask for them."""
MOST_OF_ACCOUNT = 2
"""Of those asked for at the desk, whoever of the account asked."""
MOST_TRIES = 3
CLAIMED_FOR = timedelta(minutes=2)
"""After each chunk once more; a worker that writes none for so long has gone."""
KEPT = timedelta(days=7)


class Selection(NamedTuple):
    """What an export holds: the rows, to count them; the same in the list's order, so many read at once; the columns, and whether
    numbers are whole. `require_still` raises NotAllowed once the owner may not see them any more: asked after each chunk."""

    rows: QuerySet[Any]
    in_order: Callable[[int], Iterator[Any]]
    columns: tuple[Column, ...]
    numbers_of: Callable[[Any], tuple[str, str]]
    whole_numbers: bool
    secrets: bool = False
    charges_of: Callable[[Any], Iterable[Charge]] = lambda row: ()
    require_still: Callable[[], None] = lambda: None


class NotAllowed(Exception):
    """The owner may not see the list, or no longer; the message says so."""


Selector = Callable[[Export], Selection]
SELECTORS: dict[str, Selector] = {}
"""By the section of the list; a selector raises NotAllowed."""


def exports_storage() -> Storage:
    return storages["exports"]


def kept_name(export: Export) -> str:
    """Of its file in the storage."""
    return f"{export.pk}.{export.format}"


def claim_next() -> Export | None:
    """The oldest job that waits, or whose worker has gone; claimed by one worker only, a few at once."""
    return jobs.claim_next(_in_order(), CLAIMED_FOR, EXPORTS, whose="owner_id", state=ExportState.RUNNING, rows_done=0)


def export_due_since(now: datetime) -> datetime | None:
    """When the job that a worker should take now was asked for, or its worker's claim ran out."""
    job = jobs.next_free(_in_order(), now, EXPORTS, whose="owner_id")
    return (job.claimed_until or job.created_at) if job is not None else None


def _in_order() -> QuerySet[Export]:
    return Export.objects.select_related("owner").order_by("pk")


def unfinished_for(accounts: Iterable[int]) -> int:
    """How many are not finished that hold rows of one of the accounts, and were asked for at their desk."""
    wanted = set(accounts)
    unfinished = Export.objects.filter(state__in=(ExportState.WAITING, ExportState.RUNNING)).values_list("accounts", flat=True)
    return sum(not wanted.isdisjoint(keys) for keys in unfinished)


def run(export: Export) -> None:
    """Writes the file of a job that was claimed, and its end into the row. Never raises for what is wrong with the job."""
    try:
        if export.tries >= MOST_TRIES:
            raise NotAllowed(f"It was begun {MOST_TRIES} times, and its worker or the database went away each time.")
        _write(export, SELECTORS[export.section](export))
    except NotAllowed as error:
        _finish(export, ExportState.FAILED, str(error))
    except (OperationalError, InterfaceError):
        raise  # the database went away meanwhile: once the claim has run out, it is begun anew
    except Exception:  # whatever a driver or a full disk raises: the owner is told, the log has the rest
        log.exception("Export %d could not be written.", export.pk)
        _finish(export, ExportState.FAILED, "The file could not be written. The platform's log says why.")
    else:
        _finish(export, ExportState.DONE, "")


def remove_old() -> int:
    """Removes the jobs that finished long ago, with their files, and files whose owner has gone; returns how many jobs."""
    old = list(Export.objects.filter(finished_at__lt=database_now() - KEPT))
    for export in old:
        remove(export)
    owned = {str(key) for key in Export.objects.values_list("pk", flat=True)}
    for name in _kept_names():
        if Path(name).stem not in owned:
            exports_storage().delete(name)
    for file in work_folder(IN_WORK).iterdir():
        if file.stem not in owned:  # its worker was killed
            file.unlink(missing_ok=True)
    return len(old)


def _kept_names() -> list[str]:
    try:
        return exports_storage().listdir("")[1]
    except FileNotFoundError:  # there has been none yet
        return []


def remove(export: Export) -> None:
    exports_storage().delete(kept_name(export))
    export.delete()


def _write(export: Export, selection: Selection) -> None:
    """To a file of this machine, which is kept when it is whole. Readable by this user only: it holds numbers."""
    unfinished = work_folder(IN_WORK) / f"{export.pk}.try{export.tries}"
    unfinished.touch(mode=0o600)
    shows = {"whole_numbers": selection.whole_numbers, "secrets": selection.secrets}
    Export.objects.filter(pk=export.pk).update(rows_total=selection.rows.order_by().count(), **shows)
    try:
        with Opened(unfinished, export.format, [column.head for column in selection.columns]) as file:
            totals: dict[str, Figures] = {}
            for done in _write_rows(file, selection, totals):
                _beat(export, done)
                selection.require_still()
            Export.objects.filter(pk=export.pk).update(totals=totals)
        _keep(export, unfinished)
    finally:
        unfinished.unlink(missing_ok=True)


def _keep(export: Export, file: Path) -> None:
    """In the place of one that a worker left which went away before it could say so."""
    exports_storage().delete(kept_name(export))
    store_as(exports_storage(), kept_name(export), file)


def _write_rows(file: Writer, selection: Selection, totals: dict[str, Figures]) -> Iterator[int]:
    """Writes every row; after each chunk, how many there are. Adds up by currency what they were charged."""
    done = 0
    for row in selection.in_order(CHUNK_ROWS):
        file.write(cells_of(row, selection))
        for charge in selection.charges_of(row):
            figures = Figures(1, charge.seconds, charge.billed_seconds, units_of(charge.amount))
            totals[charge.currency] = totals.get(charge.currency, Figures()).plus(figures)
        done += 1
        if done % CHUNK_ROWS == 0:
            yield done
    yield done


def cells_of(row: Any, selection: Selection) -> list[Cell]:
    """As they are written: what the owner may not see is hidden in them."""
    cells = [column.cell(row) for column in selection.columns]
    cells = [_text(cell, selection.secrets) if isinstance(cell, SecretText) else cell for cell in cells]
    if selection.whole_numbers:
        return cells
    hide = masking(selection.numbers_of(row))
    return [hide(cell) if isinstance(cell, str) else cell for cell in cells]


def _text(cell: SecretText, secrets: bool) -> str:
    return cell.whole if secrets else str(cell)


def _beat(export: Export, done: int) -> None:
    """Raises NotAllowed when the job is no longer ours: deleted, or claimed by another worker."""
    if not jobs.extend(export, CLAIMED_FOR, rows_done=done):
        raise NotAllowed("It was taken up by another worker.")


def _finish(export: Export, state: ExportState, problem: str) -> None:
    jobs.finish(export, state=state, problem=problem)
