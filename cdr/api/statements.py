"""An account's statements, as the console shows and closes them: which there are, and each by its month and currency.

Owns the two operations. Must not know how figures come about, nor when a statement is closed."""

import re
from datetime import date
from typing import Any

from ninja import Query, Router

from cdr.api import paging
from cdr.api.auth import AccountRequest
from cdr.api.errors import new_api_id, not_found
from cdr.api.forms import amount, api_moment
from cdr.api.paging import PageAsked
from cdr.api.record_schemas import CorrectionObject, ListedStatement, StatementAnswer, StatementList, StatementPart
from cdr.api.routes import endpoint
from cdr.models import Statement
from cdr.pure.statement import StatementLine, Sums, read_month
from cdr.statements.drafts import OpenMonth, draft, open_month, open_months
from cdr.statements.stored import sums_in
from streams.models import Account
from streams.pure.time_zone import known_zone

router = Router(tags=["Account"])
ALL = "/Account/{auth_id}/Statements/"


@endpoint(router, "GET", ALL, {200: StatementList}, summary="List statements")
def list_statements(request: AccountRequest, auth_id: str, asked: Query[PageAsked]) -> StatementList:
    """Closed ones and drafts: the newest month first, each currency by itself. What a draft comes to is told where it is asked for."""
    page = paging.api_page(asked.limit, asked.offset, None)
    # The closed first: a month that is closed meanwhile is there as a draft, and not missing.
    closed = list(Statement.objects.filter(account=request.auth).defer("sums").order_by())
    known = {(row.month, row.currency) for row in closed}
    opened = [month for month in open_months(request.auth) if (month.month, month.currency) not in known]
    found: list[OpenMonth | Statement] = sorted([*opened, *closed], key=lambda one: (-one.month.toordinal(), one.currency))
    meta = paging.meta(request.path, request.GET.dict(), page, len(found), more=page.end < len(found))
    objects = [ListedStatement(**_facts(request.auth, one), total_amount=_total(one)) for one in found[page.offset : page.end]]
    return StatementList(api_id=new_api_id(), meta=meta, objects=objects)


@endpoint(router, "GET", ALL + "{month}/{currency}/", {200: StatementAnswer}, summary="Get a statement")
def get_statement(request: AccountRequest, auth_id: str, month: str, currency: str) -> StatementAnswer:
    """By days and applications, with credits and corrections. A draft as it is now."""
    of, sums = _found(request.auth, _month(month), currency)
    return StatementAnswer(
        api_id=new_api_id(),
        **_facts(request.auth, of),
        **_figures(sums),
        corrected_amount=amount(sums.amount - sums.counted.amount),
        total_amount=amount(sums.amount),
        days=[_part(line) for line in sums.days],
        applications=[_part(line) for line in sums.applications],
        corrections=[CorrectionObject(day=f"{one.day}", reason=one.reason, amount=amount(one.amount)) for one in sums.corrections],
    )


def _month(text: str) -> date:
    try:
        return read_month(text)
    except ValueError:
        raise not_found() from None


def _found(account: Account, month: date, currency: str) -> tuple[OpenMonth | Statement, Sums]:
    """The statement and what stands in it. Raises the 404, also for a month with nothing in it: that is in no list either."""
    if not re.fullmatch("[A-Z]{3}", currency, re.ASCII):
        raise not_found()
    if opened := open_month(account, currency, month):
        sums = draft(opened)
        if sums.counted.streams or sums.corrections:
            return opened, sums
    # After the draft: a month that was closed while it was summed is found as closed.
    closed = Statement.objects.filter(account=account, currency=currency, month=month).first()
    if closed is None:
        raise not_found()
    return closed, sums_in(closed)


def _facts(account: Account, of: OpenMonth | Statement) -> dict[str, Any]:
    """The fields of a StatementObject."""
    closed = of if isinstance(of, Statement) else None
    return {
        "month": f"{of.month:%Y-%m}",
        "currency": of.currency,
        "resource_uri": f"/v1/Account/{account.auth_id}/Statements/{of.month:%Y-%m}/{of.currency}/",
        "state": "closed" if closed else "draft",
        "time_zone": known_zone(closed.zone_name) if closed else account.zone_name,
        "begin_time": api_moment(of.begins_at) if of.begins_at else None,
        "end_time": api_moment(of.ends_at),
        "closed_at": api_moment(closed.closed_at) if closed else None,
    }


def _total(of: OpenMonth | Statement) -> str | None:
    return amount(of.amount) if isinstance(of, Statement) else None


def _part(line: StatementLine) -> StatementPart:
    return StatementPart(name=line.words, late=line.late, **_figures(line))


def _figures(of: StatementLine | Sums) -> dict[str, Any]:
    counted = of.counted
    return {
        "streams": counted.streams,
        "bill_duration": counted.seconds,
        "rounded_bill_duration": counted.billed_seconds,
        "billed_amount": amount(counted.amount),
    }
