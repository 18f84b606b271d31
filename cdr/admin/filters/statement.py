"""Streams by the statement they are in, or will be: what a line of a statement leads to.

Owns what that means in columns of a charge. How it is written in an address is cdr.pure.statement's."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from cdr.admin.filters.kinds import Row, TextFilter, quoted
from cdr.models import Charge, Statement
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
            charges = charges_in(read_scope(text))
        except ValueError:
            charges = None
        if charges is None:
            self.problem = f"{quoted(text)} is no statement. A line of a statement leads here with an address that is one."
            return rows.none()
        return rows.filter(charge__in=charges)


def charges_in(scope: Scope) -> QuerySet[Charge] | None:
    """None where there is no such account, or no such month of it."""
    account = Account.objects.filter(auth_id=scope.auth_id).first()
    if account is None:
        return None
    closed = Statement.objects.filter(account=account, currency=scope.currency, month=scope.month).first()
    opened = open_month(account, scope.currency, scope.month) if closed is None else None
    if closed is None and opened is None:
        return None
    zone_name = known_zone(closed.zone_name) if closed else account.zone_name
    charges = Charge.objects.filter(statement=closed) if closed else opened.charges if opened else Charge.objects.none()
    return charges.filter(**_part(scope, zone_name))


def _part(scope: Scope, zone_name: str) -> dict[str, Any]:
    if scope.day:
        day = date.fromisoformat(scope.day)
        return {"ended_at__gte": begin_of(day, zone_name), "ended_at__lt": begin_of(day + timedelta(days=1), zone_name)}
    if scope.application:
        return {"application_id": int(scope.application) or None}
    return {}
