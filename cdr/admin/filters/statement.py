"""Streams by the statement they are in, or will be: what a line of a statement leads to.

Owns what that means in columns of a charge. How it is written in an address is cdr.pure.statement's."""

from datetime import date, timedelta

from django.db.models import Q, QuerySet

from cdr.admin.filters.kinds import Row, TextFilter, quoted
from cdr.models import Statement
from cdr.pure.statement import Scope, read_scope
from cdr.statements.drafts import open_month
from streams.models import Account
from streams.pure.time_zone import begin_of, known_zone


class StatementFilter(TextFilter):
    title = "statement"
    parameter_name = "statement"
    rare = True

    def narrowed(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        try:
            wanted = condition_of(read_scope(text))
        except ValueError:
            wanted = None
        if wanted is None:
            self.problem = f"{quoted(text)} is no statement. A line of a statement leads here with an address that is one."
            return rows.none()
        return rows.filter(wanted)


def condition_of(scope: Scope) -> Q | None:
    """On streams, said of their charges' columns, so that the database may begin with those; None where there is no such account, or no
    such month of it."""
    account = Account.objects.filter(auth_id=scope.auth_id).first()
    if account is None:
        return None
    closed = Statement.objects.filter(account=account, currency=scope.currency, month=scope.month).first()
    if closed is not None:
        return Q(charge__statement=closed) & _part(scope, known_zone(closed.zone_name))
    opened = open_month(account, scope.currency, scope.month)
    return opened.takes_charges("charge__") & _part(scope, account.zone_name) if opened else None


def _part(scope: Scope, zone_name: str) -> Q:
    if scope.day:
        begin, end = (begin_of(date.fromisoformat(scope.day) + timedelta(days=days), zone_name) for days in (0, 1))
        # What ended before then was requested before: the list, which is sorted by that, begins there.
        return Q(charge__ended_at__gte=begin, charge__ended_at__lt=end, requested_at__lt=end)
    return Q(charge__application=int(scope.application) or None) if scope.application else Q()
