"""Credits and corrections: an amount, a reason, a day, and an audit entry.

Owns what may be written down. One that is there is never changed: another one takes it back."""

from decimal import Decimal

from django.db import transaction

from cdr import audit
from cdr.audit import Actor
from cdr.models import Adjustment, Statement
from cdr.pure.acts import Act
from cdr.pure.figures import money
from streams.database_clock import database_now
from streams.models import Account
from streams.pure.foreign_text import cleaned
from streams.pure.price import currency_problem

LONGEST_REASON = 200
MOST = Decimal("9999999999.99999")


class NotCorrected(Exception):
    """`field` is where the message belongs; nothing was written."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@transaction.atomic
def correct(row: Adjustment, actor: Actor) -> Adjustment:
    """Saves it; a negative amount is a credit. Raises NotCorrected."""
    account = Account.objects.get(pk=row.account_id)
    row.reason, row.created_by = cleaned(row.reason, LONGEST_REASON).strip(), actor.name
    if not row.amount or abs(row.amount) > MOST:
        raise NotCorrected("amount", f"Write an amount of more than 0 and at most {MOST}.")
    if (problem := currency_problem(row.currency)) and not _is_known(account, row.currency):
        raise NotCorrected("currency", problem)
    if not row.reason:
        raise NotCorrected("reason", "Write why: it stands in the statement.")
    _refuse_moment(account, row)
    row.save()
    details = {"amount": money(row.amount, row.currency), "reason": row.reason, "day": f"{row.at:%Y-%m-%d}"}
    audit.write(actor, Act.CORRECT, account, **details)
    return row


def _refuse_moment(account: Account, row: Adjustment) -> None:
    closed = Statement.objects.filter(account=account, currency=row.currency).order_by("-month").first()
    if closed is not None and row.at < closed.ends_at:
        words = (
            f"{closed.month:%B %Y} is closed, and what is closed does not change. Choose a day after it: the next statement has the line."
        )
        raise NotCorrected("at", words)
    if row.at > database_now():
        raise NotCorrected("at", "Write a day that is not in the future.")


def _is_known(account: Account, currency: str) -> bool:
    """What was charged in a currency that is none any more can be corrected in it."""
    return account.charges.filter(currency=currency).exists()
