"""The desk's statements: those of each account, the page of one, closed or draft, and its files.

Owns the addresses, in which an account stands by its auth id. What stands in a statement is cdr.statements'."""

import re
from datetime import date
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from cdr.admin.additions import Additions, Door, OwnPage
from cdr.admin.lists.records import found
from cdr.admin.statement_files import csv_of, pdf_of, statement_facts
from cdr.desk.records import DeskRecords, scope_here
from cdr.desk.site import desk
from cdr.models import Statement
from cdr.pages.statement import statement_page
from cdr.pure.figures import money
from cdr.pure.statement import read_month
from cdr.statements.closing_jobs import being_closed
from cdr.statements.drafts import OpenMonth, draft, open_month, open_months
from streams.models import Account

ONE = "<str:auth_id>/<str:currency>/<str:month>/"
SHOWN_CLOSED = 120


@admin.register(Statement, site=desk)
class DeskStatements(DeskRecords):
    """A month is named by what it is: a number of the table would tell how many statements there are."""

    address = "statements"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if refusal := self.not_understood(request, "Statements"):
            return refusal
        scope = scope_here(request)
        context = self.page_context(request, "Statements", parts=[self._part(request, account) for account in scope.accounts])
        return TemplateResponse(request, "desk/statements.html", context)

    def _part(self, request: HttpRequest, account: Account) -> dict[str, object]:
        """What stands there of one account."""
        rows = scope_here(request).rows(Statement).filter(account=account).order_by("-month", "currency").defer("sums")
        under_way = being_closed(account)
        return {
            "account": account,
            "months": [(one, self._address("of", account, one), (one.currency, one.month) in under_way) for one in open_months(account)],
            "closed": [(one, money(one.amount, one.currency), self._address("of", account, one)) for one in rows[:SHOWN_CLOSED]],
        }

    def _address(self, page: str, account: Account, of: OpenMonth | Statement) -> str:
        return self.own_url(page, account.auth_id, of.currency, f"{of.month:%Y-%m}")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        raise Http404

    def statement_view(self, request: HttpRequest, auth_id: str, currency: str, month: str) -> HttpResponse:
        of = self._find(request, auth_id, currency, month)
        page = statement_page(statement_facts(of), outside=True)
        doors = [Door("CSV", self._address("csv", of.account, of)), Door("PDF", self._address("pdf", of.account, of))]
        context = self.page_context(request, f"Statement of {page.account}: {page.title}", statement=page, doors=doors)
        return TemplateResponse(request, "desk/statement.html", context)

    def csv_view(self, request: HttpRequest, auth_id: str, currency: str, month: str) -> HttpResponse:
        return csv_of(self._find(request, auth_id, currency, month))

    def pdf_view(self, request: HttpRequest, auth_id: str, currency: str, month: str) -> HttpResponse:
        return pdf_of(self._find(request, auth_id, currency, month))

    def _find(self, request: HttpRequest, auth_id: str, currency: str, month: str) -> OpenMonth | Statement:
        """As a month with nothing in it is in no list, it has no page either."""
        scope, first = scope_here(request), _month(month)
        account = scope.account(auth_id)
        if account is None or first is None or not re.fullmatch("[A-Z]{3}", currency, re.ASCII):
            raise Http404
        # The open month first: one that is closed meanwhile is found as closed.
        opened = open_month(account, currency, first)
        if opened and ((sums := draft(opened)).counted.streams or sums.corrections):
            return opened
        closed = scope.rows(Statement).filter(account=account, currency=currency, month=first).select_related("account").first()
        return found(closed, "statement")

    adds = Additions(
        pages=(
            OwnPage("of", ONE, statement_view),
            OwnPage("csv", f"{ONE}csv/", csv_view),
            OwnPage("pdf", f"{ONE}pdf/", pdf_view),
        )
    )


def _month(text: str) -> date | None:
    try:
        return read_month(text)
    except ValueError:
        return None
