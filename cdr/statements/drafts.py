"""Statements that are not closed: which months are open, and what stands in one as of now.

Owns which charges and corrections a month takes that are in no statement yet. Writes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Min, Q, QuerySet

from cdr.models import Adjustment, Charge, Statement
from cdr.pure.statement import Correction, Sums, end_of, month_of, summed, units_of
from cdr.statements.counting import application_names, groups_of
from streams.models import Account
from streams.pure.time_zone import begin_of, local_day, next_month

MOST_MONTHS = 60
"""That are listed of one currency; those that follow are listed once these are closed."""


@dataclass(frozen=True, slots=True)
class OpenMonth:
    """`closed`: the last month that is closed of that currency. `begins_at`: from when on; what is earlier came late."""

    account: Account
    currency: str
    month: date
    closed: date | None
    begins_at: datetime
    ends_at: datetime

    @property
    def charges(self) -> QuerySet[Charge]:
        return Charge.objects.filter(self.takes_charges())

    def takes_charges(self, prefix: str = "") -> Q:
        """As a condition on charges; `prefix`: from another table to them."""
        of_account = {"account": self.account, "currency": self.currency, "statement": None}
        return Q(**{f"{prefix}{name}": value for name, value in of_account.items()}) & self._takes(f"{prefix}ended_at")

    @property
    def adjustments(self) -> QuerySet[Adjustment]:
        return _open_adjustments(self.account, self.currency).filter(self._takes("at"))

    def _takes(self, column: str) -> Q:
        """By their moment, those in no statement: of the first month that is not closed also what is earlier."""
        before = Q(**{f"{column}__lt": self.ends_at})
        return before if self.closed and self.month == next_month(self.closed) else before & Q(**{f"{column}__gte": self.begins_at})


def open_charges(account: Account, currency: str) -> QuerySet[Charge]:
    return Charge.objects.filter(account=account, currency=currency, statement=None)


def _open_adjustments(account: Account, currency: str) -> QuerySet[Adjustment]:
    return Adjustment.objects.filter(account=account, currency=currency, statement=None)


def last_closed(account: Account, currency: str) -> Statement | None:
    return Statement.objects.filter(account=account, currency=currency).order_by("-month").first()


def open_month(account: Account, currency: str, month: date) -> OpenMonth | None:
    """None where it is closed, or one after it."""
    return _open_after(last_closed(account, currency), account, currency, month)


def _open_after(last: Statement | None, account: Account, currency: str, month: date) -> OpenMonth | None:
    if last is not None and month <= last.month:
        return None
    follows = last is not None and month == next_month(last.month)
    begins_at = last.ends_at if last is not None and follows else begin_of(month, account.zone_name)
    return OpenMonth(account, currency, month, last.month if last else None, begins_at, end_of(month, account.zone_name))


def open_months(account: Account) -> list[OpenMonth]:
    """Those that something belongs to, by currency, the first first. A look into an index for each."""
    return [found for currency in _open_currencies(account) for found in _months(account, currency)]


def _months(account: Account, currency: str) -> list[OpenMonth]:
    last = last_closed(account, currency)
    found: list[OpenMonth] = []
    after: datetime | None = None
    while len(found) < MOST_MONTHS and (moment := _next_moment(account, currency, after)) is not None:
        opened = _open_after(last, account, currency, month_of(moment, account.zone_name, last.month if last else None))
        if opened is None:
            break
        found.append(opened)
        after = opened.ends_at
    return found


def _next_moment(account: Account, currency: str, after: datetime | None) -> datetime | None:
    """That of the first charge or correction in no statement, from `after` on."""
    charges: Any = open_charges(account, currency)
    adjustments: Any = _open_adjustments(account, currency)
    if after is not None:
        charges, adjustments = charges.filter(ended_at__gte=after), adjustments.filter(at__gte=after)
    moments = (charges.aggregate(first=Min("ended_at"))["first"], adjustments.aggregate(first=Min("at"))["first"])
    return min((moment for moment in moments if moment is not None), default=None)


def _open_currencies(account: Account) -> list[str]:
    """From one to the next by the index, and not by reading every charge."""
    found = set(Adjustment.objects.filter(account=account, statement=None).order_by().values_list("currency", flat=True).distinct())
    charges, last = Charge.objects.filter(account=account, statement=None), ""
    while (code := charges.filter(currency__gt=last).aggregate(first=Min("currency"))["first"]) is not None:
        found.add(code)
        last = code
    return sorted(found)


def draft(opened: OpenMonth) -> Sums:
    """What the statement would say if it were closed now."""
    groups = groups_of(opened.charges, opened.account.zone_name)
    return summed(groups, corrections_of(opened.adjustments, opened.account.zone_name), application_names(groups), opened.month)


def corrections_of(adjustments: QuerySet[Adjustment], zone_name: str) -> list[Correction]:
    rows = adjustments.order_by("at", "pk")
    return [Correction(units_of(row.amount), row.reason, local_day(row.at, zone_name), row.created_by) for row in rows]
