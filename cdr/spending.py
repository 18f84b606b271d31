"""What accounts have spent this month, against what they may: warned, and stopped from beginning new streams.

Owns the reckoning and the two moments in an account's row that say so; who begins streams looks at the row, and reckons nothing. Must not
know alerts: `over_limits` is what they ask."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from cdr import audit
from cdr.audit import Actor
from cdr.models import Adjustment, Charge
from cdr.pure.acts import Act
from cdr.pure.billing import bill
from cdr.pure.figures import money
from cdr.pure.statement import amount_of
from cdr.statements.counting import units_in
from streams.database_clock import database_now
from streams.models import Account, Stream
from streams.pure.lifecycle import LIVE_STATES
from streams.pure.time_zone import begin_of, first_of_month, local_day
from streams.rates import PriceList

BY_LIMIT = Actor("spending limit", None)
LIMITED = Q(spending_warn_at__isnull=False) | Q(spending_stop_at__isnull=False)
MARKED = Q(spending_warned_at__isnull=False) | Q(spending_stopped_at__isnull=False)


class OverLimit(NamedTuple):
    """An account that has spent as much as it is warned at or, `stopped`, stopped at; since when."""

    account: Account
    limit: Decimal
    currency: str
    since: datetime
    stopped: bool


def over_limits() -> list[OverLimit]:
    """Of all accounts, as they were last looked at; in one query."""
    found = []
    for account in Account.objects.filter(MARKED):
        for at, limit, stopped in (
            (account.spending_warned_at, account.spending_warn_at, False),
            (account.spending_stopped_at, account.spending_stop_at, True),
        ):
            if at is not None and limit is not None:
                found.append(OverLimit(account, limit, account.spending_currency, at, stopped))
    return found


def watch_all() -> None:
    """Looks at every account that has a limit, or had one."""
    for account in Account.objects.filter(LIMITED | MARKED).order_by("pk"):
        watch(account)


@transaction.atomic
def watch(account: Account) -> None:
    """Marks what is over its limit, and takes the mark off what is not any more: a new month, a higher limit, a credit."""
    now = database_now()
    held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    spent = spent_this_month(held, now)
    changed: dict[str, list[str]] = {}
    for column, limit in (("spending_warned_at", held.spending_warn_at), ("spending_stopped_at", held.spending_stop_at)):
        before, over = getattr(held, column), limit is not None and spent >= limit
        if over != (before is not None):
            setattr(held, column, now if over else None)
            changed[column.removesuffix("_at")] = ["", f"spent {money(spent, held.spending_currency)}"] if over else ["over", "no more"]
    if changed:
        held.save(update_fields=["spending_warned_at", "spending_stopped_at"])
        audit.write(BY_LIMIT, Act.CHANGE, held, **changed)


def spent_this_month(account: Account, now: datetime) -> Decimal:
    """In the currency of its limits, in its own month: what was charged, corrections, and what live streams have cost so far; three
    queries."""
    name = account.zone_name
    begin = begin_of(first_of_month(local_day(now, name)), name)
    charges = Charge.objects.filter(account=account, currency=account.spending_currency, ended_at__gte=begin)
    adjustments = Adjustment.objects.filter(account=account, currency=account.spending_currency, at__gte=begin)
    return amount_of(units_in(charges, adjustments)) + _live(account, now)


def _live(account: Account, now: datetime) -> Decimal:
    prices, sum_so_far = PriceList([account.pk]), Decimal(0)
    live = Stream.objects.filter(account=account, state__in=LIVE_STATES, started_at__isnull=False)
    for started_at in live.order_by().values_list("started_at", flat=True):
        price = prices.at(account.pk, started_at or now)
        if price.currency == account.spending_currency:
            sum_so_far += bill(started_at, now, price).amount
    return sum_so_far
