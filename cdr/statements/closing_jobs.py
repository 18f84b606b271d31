"""The closing of a statement as a job: asked for in the console, done by a worker.

Owns the jobs: of one statement there is one, however often it is asked for, and it is done whole or not at all. A closing is one
transaction, and the job ends in it: of a worker that dies in the middle nothing is left, and another one takes the job up. What closing
means is cdr.statements.closing's. Must not know HTTP."""

import logging
from datetime import date, datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from cdr.audit import Actor
from cdr.closing_rows import StatementClosing
from cdr.statements.closing import NotClosed, close_statement, require_closable
from cdr.statements.drafts import OpenMonth
from streams import jobs
from streams.database_clock import database_now
from streams.models import Account
from streams.shares import Shares

log = logging.getLogger(__name__)

MAY_CLOSE = "cdr.close_statement"
CLOSINGS = Shares("closings of statements", places=2, each=1)
"""Of the accounts."""
CLAIMED_FOR = timedelta(minutes=2)
"""As long as some million charges take. A worker that takes it up afterwards waits for the first one's transaction, and finds it closed."""
MOST_TRIES = 5
LEFT_OPEN = f"Its worker went away {MOST_TRIES} times."
REFUSED = "The person who asked for it may not close statements any more."
BROKE = "It could not be done. The platform's log says why."


def ask_to_close(account: Account, currency: str, month: date, owner_id: int, actor: Actor) -> StatementClosing:
    """Makes the job; where one is under way, it is that one. Raises NotClosed."""
    opened = require_closable(account, currency, month)
    whose = {"account": account, "currency": currency, "month": month}
    given = {"owner_id": owner_id, "by": actor.name, "address": actor.address, "created_at": database_now()}
    with transaction.atomic():
        StatementClosing.objects.filter(**whose, finished_at__isnull=False).delete()  # one that failed
        job, _ = StatementClosing.objects.get_or_create(**whose, defaults={**given, "streams": opened.charges.count()})
    return job


def closing_of(opened: OpenMonth) -> StatementClosing | None:
    """The one that is under way, or that failed."""
    return StatementClosing.objects.filter(account=opened.account, currency=opened.currency, month=opened.month).first()


def being_closed(account: Account) -> set[tuple[str, date]]:
    """Its currencies and months that are under way."""
    return set(StatementClosing.objects.filter(account=account, finished_at=None).values_list("currency", "month"))


def closing_due_since(now: datetime) -> datetime | None:
    """When the closing that a worker should do now was asked for, or its worker's claim ran out."""
    job = jobs.next_free(_in_order(), now, CLOSINGS, whose="account_id")
    return (job.claimed_until or job.created_at) if job is not None else None


def _in_order() -> QuerySet[StatementClosing]:
    return StatementClosing.objects.select_related("account", "owner").order_by("pk")


def close_next() -> bool:
    """Closes the statement that waits longest; False when none does. Never raises for what is wrong with the job."""
    job = jobs.claim_next(_in_order(), CLAIMED_FOR, CLOSINGS, whose="account_id")
    if job is None:
        return False
    try:
        if problem := _refusal(job):
            jobs.finish(job, problem=problem)
        else:
            _close_at_once(job)
    except NotClosed as error:
        jobs.finish(job, problem=str(error)[:300])
    except (OperationalError, InterfaceError):
        raise  # the database went away: once the claim has run out, it is begun anew
    except Exception:  # the person is told, the log has the rest
        log.exception("The closing of a statement broke: %s.", job)
        jobs.finish(job, problem=BROKE)
    return True


def _refusal(job: StatementClosing) -> str:
    if job.tries >= MOST_TRIES:
        return LEFT_OPEN
    owner = job.owner
    return "" if owner is not None and owner.is_active and owner.is_staff and owner.has_perm(MAY_CLOSE) else REFUSED


@transaction.atomic
def _close_at_once(job: StatementClosing) -> None:
    """Who took it up meanwhile, because it lasts, finds the job done."""
    close_statement(job.account, job.currency, job.month, Actor(job.by, job.address))
    jobs.finish_for_others(job, problem="")
