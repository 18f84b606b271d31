"""Rounds of retention: each goes over all accounts once, in small transactions, a slice of time at once, and goes on where it stopped.

Owns when a round begins, who is at it, how far it has come and what the audit log says at its end. Must not know what is removed."""

import logging
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.db.models import Q

from cdr import audit
from cdr.audit import Actor
from cdr.models import RetentionMark, RetentionRun
from cdr.pure.acts import Act
from cdr.pure.figures import counted
from cdr.pure.retention import Kind
from cdr.retention.due import Due, all_due, calls_of, installation_days, no_events_before
from cdr.retention.removal import remove
from streams import event_partitions, jobs
from streams.database_clock import database_now
from streams.models import Call

log = logging.getLogger(__name__)

BATCH_CALLS, BATCH_CALLS_OF_EVENTS = 25, 250
"""In one transaction. More where rows are only deleted, and a database has more than one writer."""
BREATH_SECONDS = 0.02
"""Between two batches, so that on SQLite the calls that are live get to write theirs."""
SLICE_SECONDS = 15.0
ROUND = timedelta(hours=1)
CLAIMED_FOR = timedelta(minutes=2)
"""With each batch once more; a worker that removes none for so long has gone."""
KEPT = timedelta(days=30)
NAMED_ACCOUNTS = 50
RETENTION = Actor("retention", None)


class Busy(Exception):
    """A worker is at it at this moment."""


def apply(seconds: float = SLICE_SECONDS) -> None:
    """Goes on with the round under way for so many seconds, or begins one when the last began an hour ago."""
    now = database_now()
    run = RetentionRun.objects.filter(unfinished=True).first()
    if run is None and not RetentionRun.objects.filter(started_at__gt=now - ROUND).exists():
        run = _begin_run(now)
    if run is not None and _claim(run, now):
        _work(run, monotonic() + seconds)


def apply_all() -> RetentionRun | None:
    """A whole round now; None when everything is kept for ever. Raises Busy."""
    now = database_now()
    run = RetentionRun.objects.filter(unfinished=True).first() or _begin_run(now)
    if run is None:
        return None
    if not _claim(run, now):
        raise Busy
    _work(run, float("inf"))
    return run


def _begin_run(now: datetime) -> RetentionRun | None:
    """None when there is nothing that a round could be about, or when another worker was first."""
    terms = {str(kind): days for kind, days in installation_days().items()}
    last = RetentionRun.objects.first()
    known = last.terms if last else dict.fromkeys(terms, 0)
    if not all_due(now) and terms == known:
        return None
    try:
        with transaction.atomic():
            run = RetentionRun.objects.create(started_at=now, terms=terms)
            changed = {f"keep_{kind}_days": [known.get(kind, 0) or "for ever", days or "for ever"] for kind, days in terms.items()}
            if changed := {name: both for name, both in changed.items() if both[0] != both[1]}:
                audit.write(RETENTION, Act.CHANGE, run, **changed)
            return run
    except IntegrityError:
        return None


def _claim(run: RetentionRun, now: datetime) -> bool:
    """Whether this worker has the round now."""
    claimed = jobs.claim(run, now, CLAIMED_FOR)
    run.refresh_from_db(fields=["counts"])  # another worker may have done a part since it was read
    return claimed


def _work(run: RetentionRun, deadline: float) -> None:
    try:
        all_of_round = all_due(run.started_at)
        if not run.counts:
            _drop_partitions(all_of_round)
        for due in all_of_round:
            if not _remove_all_it_can(run, due, deadline):
                jobs.give_back(run)
                return
        _finish(run)
    except Busy:
        log.warning("Retention was taken over by another worker; nothing was done twice.")


def _drop_partitions(all_of_round: list[Due]) -> None:
    """Where events are in partitions, those that nobody keeps anything of, before their calls are marked one by one. What is not dropped is
    removed by row, as everywhere."""
    if (moment := no_events_before(all_of_round)) is None:
        return
    try:
        event_partitions.drop_before(moment)
    except event_partitions.NeverFree as error:
        log.warning("No partition of old events was dropped; they are removed row by row. %s", error)
    except ProgrammingError as error:
        log.warning("Old events are removed row by row: their partitions belong to another user of the database. (%s)", error)


def _remove_all_it_can(run: RetentionRun, due: Due, deadline: float) -> bool:
    """What cannot be removed of one account keeps back no other's: the next round tries it again."""
    try:
        return _remove_all(run, due, deadline)
    except (Busy, OperationalError, InterfaceError):
        raise  # somebody else has the round, or the database is away
    except Exception:
        log.exception("Retention failed at the %s of %s; they stay until the next round, the others' do not.", due.kind, due.account)
        return True


def _remove_all(run: RetentionRun, due: Due, deadline: float) -> bool:
    """Removes batch after batch of `due`; whether all of it was removed before the deadline."""
    last: Call | None = None
    while monotonic() < deadline:
        batch = list(_after(due, last)[: _calls_at_once(due.kind)])
        if not batch:
            _settle(due, due.before)
            return True
        _remove(run, due, batch)
        last = batch[-1]
        sleep(BREATH_SECONDS)
    if last is not None and last.ended_at is not None:
        _settle(due, last.ended_at)
    return False


def _calls_at_once(kind: Kind) -> int:
    return BATCH_CALLS_OF_EVENTS if kind == Kind.EVENTS and connection.vendor == "postgresql" else BATCH_CALLS


def _after(due: Due, last: Call | None) -> Any:
    calls = calls_of(due)
    if last is None:
        return calls
    return calls.filter(Q(ended_at__gt=last.ended_at) | Q(pk__gt=last.pk), ended_at__gte=last.ended_at)


def _remove(run: RetentionRun, due: Due, batch: list[Call]) -> None:
    """One batch and its count, together. Raises Busy when the round is no longer ours; then nothing was removed."""
    with transaction.atomic():
        count = remove(due.kind, batch, database_now())
        of_account = run.counts.setdefault(due.account.name, {})
        of_account[str(due.kind)] = of_account.get(str(due.kind), 0) + count
        if not jobs.extend(run, CLAIMED_FOR, counts=run.counts):
            raise Busy


def _settle(due: Due, until: datetime) -> None:
    """Moves the mark to the first call that was left for later, or to `until`."""
    left = calls_of(due).filter(ended_at__lt=until).values_list("ended_at", flat=True).first()
    done_until = min(left or until, until)
    if done_until != due.since:
        RetentionMark.objects.update_or_create(account=due.account, kind=due.kind, defaults={"done_until": done_until})


def _finish(run: RetentionRun) -> None:
    now = database_now()
    counts = {account: kinds for account, kinds in run.counts.items() if any(kinds.values())}
    with transaction.atomic():
        if not jobs.finish(run, unfinished=None, counts=counts):
            raise Busy
        if counts:
            audit.write(RETENTION, Act.RETENTION, run, **_told(counts))
        RetentionRun.objects.filter(started_at__lt=now - KEPT).delete()


def _told(counts: dict[str, dict[str, int]]) -> dict[str, str]:
    """{account: what was removed of how many calls}, for the audit log."""
    told = {account: count_words(kinds) for account, kinds in list(counts.items())[:NAMED_ACCOUNTS]}
    more = len(counts) - len(told)
    return {**told, **({"and": f"{more} more accounts"} if more else {})}


def count_words(kinds: dict[str, int]) -> str:
    return ", ".join(f"{kind} of {counted(kinds[kind], 'call')}" for kind in Kind if kinds.get(kind))
