"""Acts on all that match a list: said first, then done by a worker, part by part, each row once.

Owns the jobs: what an act would be done to, the keys of it as they were when it was confirmed, and how far it is. A part is done, its
audit entries are written and its keys are removed in one transaction: a worker that dies leaves the part to the next one, whole. Must not
know HTTP, nor what a list is narrowed by."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, Max, Min, Q, QuerySet

from cdr import audit
from cdr.audit import Actor
from cdr.list_act_rows import ListAct, ListActKind, ListActPart, ListActState
from cdr.pure.acts import PERMISSIONS, Act
from streams import control, delivery, jobs
from streams.database_clock import database_now
from streams.models import Callback, CallbackState, Stream
from streams.pure.lifecycle import CallState, StreamState
from streams.shares import Shares

log = logging.getLogger(__name__)

MOST_ROWS = 100_000
PART_ROWS = 200
"""As many as one transaction holds: on SQLite nobody else writes meanwhile."""
LIST_ACTS = Shares("acts on lists", places=4, each=1)
"""Of the persons who ask for them."""
CLAIMED_FOR = timedelta(minutes=1)
SLICE_SECONDS = 10.0
"""Then the worker gives the job back, so that others have a turn, and a worker that is to end may."""
MOST_TRIES = 5
KEPT = timedelta(days=90)
GONE_OR_REFUSED = "The person who asked for it may not do it any more."
LEFT_ALONE = f"Its worker went away {MOST_TRIES} times. What is not done was left as it is."
BROKE = "It could not go on. The platform's log says why. What is not done was left as it is."


class TooManyRows(Exception):
    """More rows than one act may be done to; the message says what to do."""


class NothingLeft(Exception):
    """There is no row that it could be done to."""


class ActPlan(NamedTuple):
    """What an act would be done to. `newest_key`: nothing that comes later is meant. `left_out`: how many rows that match are, by why."""

    rows: int
    accounts: int
    oldest: datetime | None
    newest: datetime | None
    newest_key: int
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Kind:
    """`each`: what is done, as the audit log has it of one row; its permission is that of the whole. `meant`: of those rows that match.
    `left_out`: the others, by why. `carry_out`: does it to such rows, with their entries, and returns to how many."""

    model: type[Stream] | type[Callback]
    whole: Act
    each: Act
    time: str
    meant: Q
    left_out: Mapping[str, Q]
    carry_out: Callable[[QuerySet[Any], Actor, int], int]


def _stop(streams: QuerySet[Stream], actor: Actor, job: int) -> int:
    live = list(streams.select_related("call"))
    control.request_stops(live, by=actor.name)
    audit.write_each(actor, Act.STOP_STREAM, [(stream, {"act_on_list": job}) for stream in live])
    return len(live)


def _resend(callbacks: QuerySet[Callback], actor: Actor, job: int) -> int:
    before = {callback.pk: callback.get_state_display() for callback in callbacks.defer("parameters")}
    rows = delivery.resend_each(before)
    written = [(row, {"stream": str(row.stream.uuid), "state_before": before[row.pk], "act_on_list": job}) for row in rows]
    audit.write_each(actor, Act.RESEND_CALLBACK, written)
    return len(rows)


_LIVE = Q(call__state=CallState.LIVE) & ~Q(state=StreamState.ENDED)
_DELIVERED = Q(state=CallbackState.DELIVERED)
_NOT_WHOLE = Q(stream__call__numbers_removed_at__isnull=False) | Q(stream__call__payloads_removed_at__isnull=False)
_KINDS = {
    ListActKind.STOP: _Kind(Stream, Act.STOP_ALL, Act.STOP_STREAM, "requested_at", _LIVE, {"ended": ~_LIVE}, _stop),
    ListActKind.RESEND: _Kind(
        *(Callback, Act.RESEND_ALL, Act.RESEND_CALLBACK, "created_at", ~_DELIVERED & ~_NOT_WHOLE),
        {"delivered": _DELIVERED, "removed": ~_DELIVERED & _NOT_WHOLE},
        _resend,
    ),
    ListActKind.RESEND_DELIVERED: _Kind(
        *(Callback, Act.RESEND_ALL, Act.RESEND_CALLBACK, "created_at", _DELIVERED & ~_NOT_WHOLE),
        {"waiting": ~_DELIVERED, "removed": _DELIVERED & _NOT_WHOLE},
        _resend,
    ),
}


def permission_of(kind: str) -> str:
    """The one that the same act needs on a single row."""
    return PERMISSIONS[_KINDS[ListActKind(kind)].each].name


# Said first ----------------------------------------------------------------------------------------------------------------
def plan(kind: ListActKind, rows: QuerySet[Any]) -> ActPlan:
    """Of all rows that match; counted up to one more than an act may be done to."""
    what = _KINDS[kind]
    keys = rows.filter(what.meant).order_by().values("pk")[: MOST_ROWS + 1]
    found = what.model._default_manager.filter(pk__in=keys).order_by()
    sums = found.aggregate(
        rows=Count("pk"), accounts=Count("account", distinct=True), oldest=Min(what.time), newest=Max(what.time), newest_key=Max("pk")
    )
    left_out = {why: len(rows.filter(which).order_by().values("pk")[: MOST_ROWS + 1]) for why, which in what.left_out.items()}
    return ActPlan(**{**sums, "newest_key": sums["newest_key"] or 0}, left_out=left_out)


# Asked for -----------------------------------------------------------------------------------------------------------------
class Confirmed(NamedTuple):
    """What a person said yes to. `rows`: how many they were told. `question`: names the question."""

    kind: ListActKind
    section: str
    query: str
    newest_key: int
    rows: int
    question: str


def begin_confirmed(actor: Actor, owner_id: int, confirmed: Confirmed, rows: QuerySet[Any]) -> ListAct:
    """Makes the job, with the keys of what matches now and did so when it was asked, and its audit entry; a question that was answered has
    its job already. Raises TooManyRows, NothingLeft."""
    if there := ListAct.objects.filter(question=confirmed.question).first():
        return there
    what = _KINDS[confirmed.kind]
    meant = rows.filter(what.meant, pk__lte=confirmed.newest_key).order_by("pk")
    keys = list(meant.values_list("pk", flat=True)[: MOST_ROWS + 1])
    if len(keys) > min(MOST_ROWS, confirmed.rows):
        raise TooManyRows
    if not keys:
        raise NothingLeft
    with transaction.atomic():
        made = {"kind": confirmed.kind, "section": confirmed.section, "query": confirmed.query, "rows_total": len(keys)}
        given = {"owner_id": owner_id, "by": actor.name, "address": actor.address, "created_at": database_now(), **made}
        job, new = ListAct.objects.get_or_create(question=confirmed.question, defaults=given)
        if new:
            parts = [ListActPart(act=job, keys=keys[at : at + PART_ROWS]) for at in range(0, len(keys), PART_ROWS)]
            ListActPart.objects.bulk_create(parts, batch_size=100)
            audit.write(actor, what.whole, job, filters=confirmed.query, rows=len(keys))
    return job


def halt(job: ListAct, actor: Actor) -> bool:
    """What is done stays done, the rest is left. False when there was nothing left to stop."""
    with transaction.atomic():
        halted = ListAct.objects.filter(pk=job.pk, finished_at=None, halted_by="").update(halted_by=actor.name)
        if halted:
            audit.write(actor, Act.HALT_ALL, job)
    return bool(halted)


# Done ----------------------------------------------------------------------------------------------------------------------
def claim_next() -> ListAct | None:
    """The oldest that waits, or whose worker has gone; claimed by one worker only, a few at once."""
    return jobs.claim_next(_in_order(), CLAIMED_FOR, LIST_ACTS, whose="owner_id", state=ListActState.RUNNING)


def list_act_is_due(now: datetime) -> bool:
    """Whether a worker should take one now, also the next part of one that goes on."""
    return jobs.next_free(_in_order(), now, LIST_ACTS, whose="owner_id") is not None


def list_act_due_since(now: datetime) -> datetime | None:
    """When the job that a worker should take now was asked for, or its worker's claim ran out. One that goes on part by part is at work."""
    job = jobs.next_free(_in_order().filter(state=ListActState.WAITING), now, LIST_ACTS, whose="owner_id")
    lost = _in_order().filter(claimed_until__lte=now).first()
    return min((since for since in (job and job.created_at, lost and lost.claimed_until) if since), default=None)


def _in_order() -> QuerySet[ListAct]:
    return ListAct.objects.filter(finished_at=None).select_related("owner").order_by("pk")


def work_on(job: ListAct) -> None:
    """A slice of a job that was claimed. Never raises for what is wrong with the job."""
    until = time.monotonic() + SLICE_SECONDS
    try:
        if problem := _refusal(job):
            _finish(job, ListActState.FAILED, problem)
        while job.finished_at is None and _do_part(job):
            if time.monotonic() > until:
                jobs.give_back(job)
                return
    except (OperationalError, InterfaceError):
        raise  # the database went away: once the claim has run out, it goes on where it was
    except Exception:  # whatever a row or a driver has: the owner is told, the log has the rest
        log.exception("The act on a list %d broke.", job.pk)
        _finish(job, ListActState.FAILED, BROKE)


def _refusal(job: ListAct) -> str:
    if job.tries >= MOST_TRIES:
        return LEFT_ALONE
    owner = job.owner
    allowed = owner is not None and owner.is_active and owner.is_staff and owner.has_perm(permission_of(job.kind))
    return "" if allowed else GONE_OR_REFUSED


def _do_part(job: ListAct) -> bool:
    """Whether there is more to do, and it is still ours. The claim is made longer first: its row is locked until the part is done, so
    that nobody else takes it up meanwhile."""
    with transaction.atomic():
        if not jobs.extend(job, CLAIMED_FOR):
            return False
        if ListAct.objects.filter(pk=job.pk).exclude(halted_by="").exists():
            return _finish(job, ListActState.STOPPED)
        part = job.parts.first()
        if part is None:
            return _finish(job, ListActState.DONE)
        what = _KINDS[ListActKind(job.kind)]
        still = what.model._default_manager.filter(what.meant, pk__in=part.keys).order_by("pk")
        done = what.carry_out(still, Actor(job.by, job.address), job.pk)
        late = job.rows_late + len(part.keys) - done
        part.delete()
        return jobs.extend(job, CLAIMED_FOR, rows_done=job.rows_done + done, rows_late=late)


def _finish(job: ListAct, state: ListActState, problem: str = "") -> bool:
    """False: there is no more to do."""
    with transaction.atomic():
        if jobs.finish(job, state=state, problem=problem):
            job.parts.all().delete()
    return False


def remove_old() -> int:
    return ListAct.objects.filter(finished_at__lt=database_now() - KEPT).delete()[0]
