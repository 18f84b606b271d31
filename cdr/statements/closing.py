"""The closing of statements, each once and in the order of months; what is closed does not change.

Owns that order, and that every charge is in one statement at most. Must not know requests."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from cdr import audit
from cdr.audit import Actor
from cdr.models import Statement
from cdr.pure.acts import Act
from cdr.pure.figures import money
from cdr.pure.statement import Sums, amount_of, summed
from cdr.statements import stored
from cdr.statements.counting import application_names, groups_of
from cdr.statements.drafts import OpenMonth, corrections_of, open_month, open_months
from streams.database_clock import database_now
from streams.models import Account


class NotClosed(Exception):
    """The message says why; nothing was written."""


@transaction.atomic
def close_statement(account: Account, currency: str, month: date, actor: Actor) -> Statement:
    """Closes the statement of that month. Who closes the same one meanwhile waits, and is told. Raises NotClosed.

    A million charges take some seconds: meanwhile the row of the statement keeps the others away, and not the account's, which calls of it
    and the API wait for. A rate or a credit that is written in these seconds finds the month open; a credit is then the next one's."""
    opened = require_closable(account, currency, month)
    try:
        with transaction.atomic():
            statement = _begun(opened, actor)
    except IntegrityError as error:
        raise NotClosed("Somebody else closed it just now.") from error
    opened.charges.update(statement=statement)
    opened.adjustments.update(statement=statement)
    sums = _sums(statement, opened)
    statement.streams, statement.seconds, statement.billed_seconds, _ = sums.counted
    statement.charged, statement.corrected = sums.counted.amount, sums.amount - sums.counted.amount
    statement.sums = stored.as_kept(sums)
    statement.save()
    held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    held.closed_until = max(filter(None, (held.closed_until, opened.ends_at)))
    held.save(update_fields=["closed_until"])
    audit.write(actor, Act.CLOSE_STATEMENT, statement, amount=money(statement.amount, currency), streams=statement.streams)
    return statement


def require_closable(account: Account, currency: str, month: date) -> OpenMonth:
    """Raises NotClosed."""
    known = Statement.objects.filter(account=account, currency=currency, month=month).first()
    if known is not None:
        raise NotClosed(f"It was closed already, by {known.closed_by} at {known.closed_at:%Y-%m-%d %H:%M} UTC.")
    opened = open_month(account, currency, month)
    if opened is None:
        raise NotClosed("A later month is closed already. What belongs to this one is in the next statement that is not.")
    now = database_now()
    if now < opened.ends_at:
        raise NotClosed(f"The month is not over: in {account.zone_name} it ends at {_words(opened.ends_at)} UTC. Close it then.")
    months = [other.month for other in open_months(account) if other.currency == currency]
    if month not in months:
        raise NotClosed("There is nothing in it: no stream ended, and nothing was corrected.")
    if months[0] < month:
        raise NotClosed(f"{months[0]:%B %Y} is still open. Close that first: statements are closed one after the other.")
    return opened


def _begun(opened: OpenMonth, actor: Actor) -> Statement:
    """The statement, with nothing in it yet."""
    return Statement.objects.create(
        account=opened.account,
        currency=opened.currency,
        month=opened.month,
        zone_name=opened.account.zone_name,
        begins_at=opened.begins_at,
        ends_at=opened.ends_at,
        streams=0,
        seconds=0,
        billed_seconds=0,
        charged=amount_of(0),
        corrected=amount_of(0),
        sums={},
        closed_at=database_now(),
        closed_by=actor.name,
    )


def _sums(statement: Statement, opened: OpenMonth) -> Sums:
    groups = groups_of(statement.charges.all(), statement.zone_name)
    corrections = corrections_of(statement.adjustments.all(), statement.zone_name)
    return summed(groups, corrections, application_names(groups), opened.month)


def _words(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
