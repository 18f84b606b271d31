"""Of which calls something is to be removed: by account and kind, between how far retention has come and the age that is kept.

Owns those two moments and the query. Must not know what is removed."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Min, QuerySet

from cdr.models import RetentionMark
from cdr.pure.retention import Kind
from streams.models import Account, Call
from streams.pure.lifecycle import CallState


class Due(NamedTuple):
    """Calls of `account` that ended in [since, before) still have what `kind` names; `since` None: from the first call on."""

    account: Account
    kind: Kind
    days: int
    since: datetime | None
    before: datetime


def installation_days() -> dict[Kind, int]:
    """0: for ever."""
    return {
        Kind.NUMBERS: settings.RETAIN_NUMBERS_DAYS,
        Kind.PAYLOADS: settings.RETAIN_PAYLOADS_DAYS,
        Kind.EVENTS: settings.RETAIN_EVENTS_DAYS,
    }


def all_due(now: datetime) -> list[Due]:
    """Of every account and kind that is not kept for ever, in three queries.

    A call that is live may yet be ended with an earlier time (its process was lost): nothing after the start of an account's oldest
    live call is settled, so that no call can end behind the mark."""
    marks = {(mark.account_id, mark.kind): mark.done_until for mark in RetentionMark.objects.all()}
    live = Call.objects.filter(state=CallState.LIVE).order_by().values_list("account_id").annotate(Min("started_at"))
    oldest_live: dict[int, datetime] = dict(live)
    default = installation_days()
    found = []
    for account in Account.objects.order_by("name"):
        for kind in Kind:
            own = getattr(account, f"retain_{kind}_days")
            days = default[kind] if own is None else own
            if days:
                before = min(now - timedelta(days=days), oldest_live.get(account.pk, now))
                found.append(Due(account, kind, days, marks.get((account.pk, kind)), before))
    return found


def no_events_before(all_of_round: list[Due]) -> datetime | None:
    """The moment before which no account keeps an event of a call that has ended; None where one keeps them for ever."""
    before = {due.account.pk: due.before for due in all_of_round if due.kind == Kind.EVENTS}
    return min(before.values(), default=None) if len(before) == Account.objects.count() else None


def calls_of(due: Due) -> QuerySet[Call]:
    """The oldest first. The index of an account's calls by their end carries it; what is done already is passed over."""
    calls = Call.objects.filter(account=due.account, ended_at__lt=due.before, **{f"{due.kind}_removed_at": None})
    return (calls.filter(ended_at__gte=due.since) if due.since else calls).order_by("ended_at", "id")
