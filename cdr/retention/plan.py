"""What retention would do now: of how many calls, by account and kind, and how old the oldest is. Changes nothing.

Owns those counts, which are capped. Must not know how anything is removed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Case, DateTimeField, IntegerField, OuterRef, Subquery, Value, When

from cdr.pure.retention import Kind
from cdr.retention.due import Due, all_due
from streams.models import Account, Call

COUNTED_TO = 10_000
ACCOUNTS_AT_ONCE = 100
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class RetentionPlan(NamedTuple):
    """`calls` is COUNTED_TO + 1 where there are more. `oldest`: when the oldest of the calls ended; None without any."""

    account: str
    kind: Kind
    days: int
    calls: int
    oldest: datetime | None


class CappedCount(Subquery):
    """How many rows a sliced query has; for the row of the outer query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) capped)"
    output_field = IntegerField()


def planned(now: datetime, accounts: int | None = None) -> list[RetentionPlan]:
    """Of the first so many accounts, or of all. A query for each kind and ACCOUNTS_AT_ONCE accounts, beside those of `all_due`."""
    due = all_due(now)
    chosen = list(dict.fromkeys(one.account.pk for one in due))[:accounts]
    found = []
    for start in range(0, len(chosen), ACCOUNTS_AT_ONCE):
        part = set(chosen[start : start + ACCOUNTS_AT_ONCE])
        for kind in Kind:
            found += _counted([one for one in due if one.kind == kind and one.account.pk in part], kind)
    return sorted(found, key=lambda one: (one.account, list(Kind).index(one.kind)))


def _counted(due: Sequence[Due], kind: Kind) -> list[RetentionPlan]:
    if not due:
        return []
    affected = Call.objects.filter(
        account=OuterRef("pk"), ended_at__gte=OuterRef("since"), ended_at__lt=OuterRef("before"), **{f"{kind}_removed_at": None}
    )
    accounts = (
        Account.objects.filter(pk__in=[one.account.pk for one in due])
        .annotate(before=_moment_of({one.account.pk: one.before for one in due}))
        .annotate(since=_moment_of({one.account.pk: one.since or EARLIEST for one in due}))
        .annotate(affected=CappedCount(affected.order_by().values("pk")[: COUNTED_TO + 1]))
        .annotate(oldest=Subquery(affected.order_by("ended_at", "id").values("ended_at")[:1]))
    )
    counted = {account.pk: (account.affected, account.oldest) for account in accounts}
    return [RetentionPlan(one.account.name, kind, one.days, *counted.get(one.account.pk, (0, None))) for one in due]


def _moment_of(by_account: dict[int, datetime]) -> Case:
    whens = [When(pk=pk, then=Value(at, output_field=DateTimeField())) for pk, at in by_account.items()]
    return Case(*whens, output_field=DateTimeField())
