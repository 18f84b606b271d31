"""A row is a job: claimed by one worker at a time, given back or claimed anew when that worker goes, finished once.

Owns every write to the columns of a Job. Each is one conditional UPDATE (compare-and-swap), so that of many workers one wins, on SQLite
and PostgreSQL alike, and no lock is held while the work is done; of many rows together it is a transaction that locks them first. Must not
know what the work is. Every write says whether it was made, and if so the job in hand has the new values; `changes` are other columns
of the row, written with it."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import uuid4

from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet

from streams.database_clock import database_now
from streams.models import Job
from streams.ready_statement import ReadyStatement
from streams.shares import Shares

log = logging.getLogger(__name__)

J = TypeVar("J", bound=Job)


def free(now: datetime) -> Q:
    """Rows that may be claimed: not finished, and in nobody's hands, or in those of a worker that let its claim run out."""
    return Q(finished_at=None) & (Q(claimed_until=None) | Q(claimed_until__lte=now))


def under_way(now: datetime) -> Q:
    return Q(finished_at=None, claimed_until__gt=now)


def claim(job: Job, now: datetime, held: timedelta, *, also: Q | None = None, **changes: Any) -> bool:
    """Takes `job` as it was read, for `held`; False when somebody was quicker, or it does not meet the condition `also` any more.

    A claim before it that ran out is a try that was lost with its worker, and is counted."""
    # A row that was claimed and put back meanwhile looks the same as before; the number of tries tells.
    as_read = _rows(job).filter(free(now), also or Q(), claimed_by=job.claimed_by, tries=job.tries)
    lost_tries = 1 if job.claimed_by else 0
    return _write(job, as_read, claimed_by=uuid4().hex, claimed_until=now + held, tries=job.tries + lost_tries, **changes)


def claim_next(rows: QuerySet[J], held: timedelta, shares: Shares, *, whose: str, **changes: Any) -> J | None:
    """The first of `rows` that is free and within the share of whoever stands in its column `whose`, claimed; None when there is none,
    when as many are under way as may be, or somebody was quicker."""
    now = database_now()
    job = next_free(rows, now, shares, whose=whose)
    return job if job is not None and claim(job, now, held, **changes) else None


def next_free(rows: QuerySet[J], now: datetime, shares: Shares, *, whose: str) -> J | None:
    """The one that a worker would claim now."""
    if not _of_all_free(rows.model).ask(now):  # as it is each second, and costs no more
        return None
    taken = Counter(rows.filter(under_way(now)).order_by().values_list(whose, flat=True))
    within = rows.exclude(**{f"{whose}__in": shares.at_their_share(taken)}) if taken else rows
    job = within.filter(free(now)).first()
    return job if job is not None and shares.has_room(taken, getattr(job, whose)) else None


@cache
def _of_all_free(model: type[Job]) -> ReadyStatement:
    """One of all rows that are free, whatever else somebody wants of them."""
    return ReadyStatement(lambda now: model._default_manager.filter(free(now)).order_by().values_list("pk")[:1], datetime)


def claim_each(rows: QuerySet[J], held: timedelta, *, most: int) -> list[J]:
    """The first `most` of `rows` that are free, claimed, each in a transaction of its own. When the database fails in between, those
    that were claimed until then: they are in our hands, and the others are still free. Raises DatabaseError when none was."""
    claimed: list[J] = []
    for job in rows.filter(free(database_now()))[:most]:
        try:
            if claim(job, database_now(), held):
                claimed.append(job)
        except DatabaseError as error:
            if not claimed:
                raise
            log.warning("Only %d of the waiting rows could be claimed (%s); the others wait.", len(claimed), str(error).strip())
            break
    return claimed


def claim_together(rows: QuerySet[J], now: datetime, held: timedelta) -> tuple[list[J], list[tuple[J, datetime]]]:
    """Those of `rows` that are free, claimed in one transaction: those that were nobody's; and those that were lost with their workers,
    with when their claims ran out. What another worker is about to claim is left to it."""
    with transaction.atomic(savepoint=False):  # who has a transaction of its own loses or keeps it as a whole
        claimed = list(rows.filter(free(now)).select_for_update(of=("self",), skip_locked=True).order_by("pk"))
        lost = [(job, job.claimed_until or now) for job in claimed if job.claimed_by]
        new = [job for job in claimed if not job.claimed_by]
        for jobs, lost_tries in ((new, 0), ([job for job, _ in lost], 1)):
            _write_together(jobs, lost_tries, claimed_by=uuid4().hex, claimed_until=now + held)
    return new, lost


def still_claimed(jobs: Sequence[J]) -> list[J]:
    """Those that we have not lost; until the end of the transaction nobody takes them."""
    if not jobs:
        return []
    rows = _all_rows(jobs).filter(finished_at=None).select_for_update().order_by("pk")
    names = dict(rows.values_list("pk", "claimed_by"))
    return [job for job in jobs if job.claimed_by and names.get(job.pk) == job.claimed_by]


def finish_together(jobs: Sequence[J], **changes: Any) -> None:
    """As `finish`, for those that are `still_claimed`, in the same transaction."""
    if jobs:
        _write_together(jobs, 1, finished_at=database_now(), claimed_by="", claimed_until=None, **changes)


def extend(job: Job, held: timedelta, **changes: Any) -> bool:
    """The worker is still at it. False when it has lost the job."""
    return _write(job, _claimed(job), claimed_until=database_now() + held, **changes)


def give_back(job: Job, **changes: Any) -> bool:
    """The job was not tried, or not to its end: anybody may have it, and no try is counted."""
    return _write(job, _claimed(job), claimed_by="", claimed_until=None, **changes)


def retry_later(job: Job, **changes: Any) -> bool:
    """A try is over and the job is not: anybody may try again."""
    return _write(job, _claimed(job), claimed_by="", claimed_until=None, tries=job.tries + 1, **changes)


def finish(job: Job, **changes: Any) -> bool:
    """A try is over, and the job with it. False when the worker has lost the job: somebody else finishes it."""
    return _finish(job, _claimed(job), **changes)


def reopen_together(jobs: Sequence[J], **changes: Any) -> None:
    """Jobs that were finished, and whose rows are locked, are to be done once more. What is under way stays so."""
    _write_together(jobs, 0, finished_at=None, **changes)


def finish_for_others(job: Job, **changes: Any) -> bool:
    """Finishes a job that somebody may have in hand: it turned out to be done, or to be wanted no more. False when it was finished."""
    return _finish(job, _rows(job).filter(finished_at=None), **changes)


def _finish(job: Job, rows: QuerySet[Any], **changes: Any) -> bool:
    return _write(job, rows, finished_at=database_now(), claimed_by="", claimed_until=None, tries=job.tries + 1, **changes)


def _claimed(job: Job) -> QuerySet[Any]:
    """The row, if it is still ours: a claim that ran out is, until somebody else claims the job."""
    return _rows(job).filter(finished_at=None, claimed_by=job.claimed_by) if job.claimed_by else _rows(job).none()


def _rows(job: Job) -> QuerySet[Any]:
    return type(job)._default_manager.filter(pk=job.pk)


def _all_rows(jobs: Sequence[J]) -> QuerySet[J]:
    return type(jobs[0])._default_manager.filter(pk__in=[job.pk for job in jobs])


def _write_together(jobs: Sequence[J], more_tries: int, **columns: Any) -> None:
    """Of rows that are locked."""
    if not jobs:
        return
    _all_rows(jobs).update(**columns, **({"tries": F("tries") + more_tries} if more_tries else {}))
    for job in jobs:
        job.tries += more_tries
        for name, value in columns.items():
            setattr(job, name, value)


def _write(job: Job, rows: QuerySet[Any], **columns: Any) -> bool:
    if not rows.update(**columns):
        return False
    for name, value in columns.items():
        setattr(job, name, value)
    return True
