"""Statements: those that are closed, what is open by account, the page of one, its files, its closing, and corrections.

Owns the addresses and the asking. What stands in a statement is cdr.statements'."""

import re
from collections.abc import Iterator
from datetime import date
from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from cdr.admin.additions import Additions, Context, Door, OwnPage, Where
from cdr.admin.correction_form import CorrectionForm
from cdr.admin.entry.visitor import visitor
from cdr.admin.filters.calls_and_streams import AccountFilter
from cdr.admin.lists.markup import named_link
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import RecordAdmin, RecordList, found
from cdr.admin.site import console
from cdr.admin.statement_files import csv_of, pdf_of, statement_facts
from cdr.models import Statement
from cdr.pages.statement import StatementPage, last_check_words, open_lines, statement_page
from cdr.pure.figures import moment, money
from cdr.pure.statement import read_month
from cdr.statements.checking import last_check
from cdr.statements.closing import NotClosed
from cdr.statements.closing_jobs import MAY_CLOSE, ask_to_close, being_closed
from cdr.statements.correcting import NotCorrected, correct
from cdr.statements.drafts import OpenMonth, draft, open_month, open_months
from streams import rates
from streams.database_clock import database_now
from streams.models import Account

MAY_CORRECT = "cdr.correct_statement"
DRAFT = "<int:account>/<str:currency>/<str:month>/"
SHOWN_CLOSED = 120


@admin.register(Statement, site=console)
class StatementAdmin(Asking, RecordAdmin):
    list_display = ("month_words", "account_name", "currency", "stream_count", "billed", "closed", "checked")
    list_filter = (AccountFilter,)
    linked = {"account_name": ("streams.view_account", "account_link")}
    list_select_related = ("account",)
    ordering = ("-id",)
    search_help_text = "Account's name or auth id"
    search_fields = ("account__name", "account__auth_id")
    change_list_template = "admin/cdr/statements.html"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Statement], search_term: str) -> tuple[QuerySet[Statement], bool]:
        text = search_term.replace("\x00", "").strip()
        named = queryset.filter(account__name__istartswith=text) | queryset.filter(account__auth_id__istartswith=text)
        return named if text else queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:
        return super().changelist_view(request, {"check": last_check_words(last_check()), **(extra_context or {})})

    # What is open -------------------------------------------------------------------------------------------------------
    def open_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view_permission(request)
        context = self.page_context(request, "Open statements", lines=open_lines())
        return TemplateResponse(request, "admin/cdr/open_statements.html", context)

    def of_account_view(self, request: HttpRequest, account: int) -> HttpResponse:
        self.require_view_permission(request)
        owner = _account(account)
        closed = list(Statement.objects.filter(account=owner).order_by("-month", "currency")[:SHOWN_CLOSED])
        under_way = being_closed(owner)
        months = [(one, (one.currency, one.month) in under_way) for one in open_months(owner)]
        shown = {"account": owner, "months": months, "closed": [(row, money(row.amount, row.currency)) for row in closed]}
        doors = [Door("Credit or correction…", self.own_url("correct", owner.pk))] if request.user.has_perm(MAY_CORRECT) else []
        context = self.page_context(request, f"Statements of {owner}", doors=doors, **shown)
        return TemplateResponse(request, "admin/cdr/statements_of.html", context)

    # One of them --------------------------------------------------------------------------------------------------------
    def draft_view(self, request: HttpRequest, account: int, currency: str, month: str) -> HttpResponse:
        """Of a month that is closed its statement."""
        self.require_view_permission(request)
        opened = _opened(account, currency, month)
        if isinstance(opened, Statement):
            return HttpResponseRedirect(self.own_url("change", opened.pk))
        page = statement_page(statement_facts(opened))
        response = self._page(request, page, self._draft_doors(request, opened, page))
        if page.being_closed:
            response["Refresh"] = "2"
        return response

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Context | None = None) -> HttpResponse:
        self.require_view_permission(request)
        row = _statement(object_id)
        return self._page(
            request,
            statement_page(statement_facts(row)),
            [Door("CSV", self.own_url("csv", row.pk)), Door("PDF", self.own_url("pdf", row.pk))],
        )

    def _page(self, request: HttpRequest, page: StatementPage, doors: list[Door]) -> HttpResponse:
        title = f"Statement of {page.account}: {page.title}"
        context = self.page_context(request, title, statement=page, doors=doors, may_list=request.user.has_perm("cdr.view_streamdetail"))
        return TemplateResponse(request, "admin/cdr/statement.html", context)

    def _draft_doors(self, request: HttpRequest, opened: OpenMonth, page: StatementPage) -> list[Door]:
        keys = (opened.account.pk, opened.currency, f"{opened.month:%Y-%m}")
        doors = [Door("CSV", self.own_url("draft_csv", *keys)), Door("PDF", self.own_url("draft_pdf", *keys))]
        may_close = request.user.has_perm(MAY_CLOSE) and not page.being_closed
        return [*doors, Door("Close…", self.own_url("close", *keys))] if may_close else doors

    # Its files -----------------------------------------------------------------------------------------------------------
    def csv_view(self, request: HttpRequest, key: int) -> HttpResponse:
        self.require_view_permission(request)
        return csv_of(_statement(str(key)))

    def pdf_view(self, request: HttpRequest, key: int) -> HttpResponse:
        self.require_view_permission(request)
        return pdf_of(_statement(str(key)))

    def draft_csv_view(self, request: HttpRequest, account: int, currency: str, month: str) -> HttpResponse:
        self.require_view_permission(request)
        return csv_of(_opened(account, currency, month))

    def draft_pdf_view(self, request: HttpRequest, account: int, currency: str, month: str) -> HttpResponse:
        self.require_view_permission(request)
        return pdf_of(_opened(account, currency, month))

    # Its closing ---------------------------------------------------------------------------------------------------------
    def close_view(self, request: HttpRequest, account: int, currency: str, month: str) -> HttpResponse:
        """GET asks, POST has a worker close it."""
        return self.act_view(
            request,
            MAY_CLOSE,
            lambda: self._ask_to_close(request, _opened(account, currency, month)),
            lambda: self._close(request, _account(account), _currency(currency), _month(month)),
        )

    def _ask_to_close(self, request: HttpRequest, opened: OpenMonth | Statement) -> HttpResponse:
        if isinstance(opened, Statement):
            return HttpResponseRedirect(self.own_url("change", opened.pk))
        over = database_now() >= opened.ends_at
        sums = draft(opened)
        question = Question(
            title=f"Close the statement of {opened.account} for {opened.month:%B %Y}, {opened.currency}?",
            consequences=(
                f"It comes to {money(sums.amount, opened.currency)} for {sums.counted.streams:,} streams, and does not change any more.",
                "What comes later (a stream of a process that died and is billed afterwards, a credit) is a line of the next one. "
                "No rate can be dated into it any more.",
            ),
            refusal="" if over else f"The month is not over: in {opened.account.zone_name} it ends at {moment(opened.ends_at)} UTC.",
            button="Close the statement",
            back=self.own_url("draft", opened.account.pk, opened.currency, f"{opened.month:%Y-%m}"),
        )
        return self.asked(request, question, crumb=f"{opened.account}")

    def _close(self, request: HttpRequest, account: Account, currency: str, month: date) -> HttpResponse:
        try:
            ask_to_close(account, currency, month, cast(int, request.user.pk), visitor(request))
        except NotClosed as error:
            messages.warning(request, f"Nothing was done. {error}")
            known = Statement.objects.filter(account=account, currency=currency, month=month).first()
            return HttpResponseRedirect(self.own_url("change", known.pk) if known else self.own_url("of_account", account.pk))
        return HttpResponseRedirect(self.own_url("draft", account.pk, currency, f"{month:%Y-%m}"))

    # Corrections ---------------------------------------------------------------------------------------------------------
    def correct_view(self, request: HttpRequest, account: int) -> HttpResponse:
        """GET asks what, POST writes it down."""
        return self.act_view(request, MAY_CORRECT, lambda: self._ask(request, account), lambda: self._correct(request, account))

    def _ask(self, request: HttpRequest, account: int, form: CorrectionForm | None = None) -> HttpResponse:
        owner = _account(account)
        question = Question(
            title=f"A credit or a correction for {owner}?",
            consequences=("It is a line of the month's statement, with its reason. It is never changed: another one takes it back.",),
            button="Write it down",
            back=self.own_url("of_account", owner.pk),
            bad=False,
            form=form or _form(owner),
        )
        return self.asked(request, question, crumb=str(owner))

    def _correct(self, request: HttpRequest, account: int) -> HttpResponse:
        owner = _account(account)
        form = _form(owner, request.POST)
        if not form.is_valid():
            return self._ask(request, account, form)
        try:
            row = correct(form.correction(), visitor(request))
        except NotCorrected as error:
            form.add_error(error.field, str(error))
            return self._ask(request, account, form)
        messages.success(request, f"{money(row.amount, row.currency)} was written down: {row.reason}")
        return HttpResponseRedirect(self.own_url("of_account", owner.pk))

    def _list_doors(self, request: HttpRequest, records: RecordList) -> Iterator[Door]:
        yield Door("Open months", self.own_url("open"))

    adds = Additions(
        pages=(
            OwnPage("open", "open/", open_view),
            OwnPage("of_account", "of/<int:account>/", of_account_view),
            OwnPage("correct", "of/<int:account>/correct/", correct_view),
            OwnPage("csv", "<int:key>/csv/", csv_view),
            OwnPage("pdf", "<int:key>/pdf/", pdf_view),
            OwnPage("draft", f"of/{DRAFT}", draft_view),
            OwnPage("draft_csv", f"of/{DRAFT}csv/", draft_csv_view),
            OwnPage("draft_pdf", f"of/{DRAFT}pdf/", draft_pdf_view),
            OwnPage("close", f"of/{DRAFT}close/", close_view),
        ),
        doors={Where.LIST: _list_doors},
    )

    # Columns -----------------------------------------------------------------------------------------------------------
    @admin.display(description="Month")
    def month_words(self, row: Statement) -> str:
        return f"{row.month:%Y-%m}"

    @admin.display(description="Account")
    def account_name(self, row: Statement) -> str:
        return row.account.name

    @admin.display(description="Account")
    def account_link(self, row: Statement) -> SafeString:
        return named_link(reverse("admin:streams_account_change", args=[row.account_id]), row.account.name)

    @admin.display(description="Streams")
    def stream_count(self, row: Statement) -> str:
        return f"{row.streams:,}"

    @admin.display(description="Amount")
    def billed(self, row: Statement) -> str:
        return money(row.amount, row.currency)

    @admin.display(description="Closed (UTC)")
    def closed(self, row: Statement) -> str:
        return f"{moment(row.closed_at)} by {row.closed_by}"

    @admin.display(description="Checked (UTC)")
    def checked(self, row: Statement) -> str:
        return moment(row.checked_at) if row.checked_at else "not yet"


class WithStatements(Asking):
    """An account, with the way to its statements."""

    def _statement_doors(self, request: HttpRequest, account: Account) -> Iterator[Door]:
        if request.user.has_perm("cdr.view_statement"):
            yield Door("Statements", reverse("admin:cdr_statement_of_account", args=[account.pk]))

    adds = Additions(doors={Where.RECORD: _statement_doors})


def _account(key: int) -> Account:
    return found(Account.objects.filter(pk=key).first(), "account")


def _statement(key: str) -> Statement:
    rows = Statement.objects.select_related("account")
    return found(rows.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 19 else None, "statement")


def _month(text: str) -> date:
    try:
        return read_month(text)
    except ValueError:
        raise Http404("There is no such month.") from None


def _currency(text: str) -> str:
    """Also one that is in no list any more."""
    if not re.fullmatch("[A-Z]{3}", text):
        raise Http404("There is no such currency.")
    return text


def _opened(account: int, currency: str, month: str) -> OpenMonth | Statement:
    """The month as it is open; closed, its statement. Raises Http404 for one that was passed over, or that nothing was ever charged in."""
    owner, first, currency = _account(account), _month(month), _currency(currency)
    closed = Statement.objects.filter(account=owner, currency=currency, month=first).select_related("account").first()
    return closed or found(open_month(owner, currency, first), "statement")


def _form(account: Account, posted: object = None) -> CorrectionForm:
    currency = rates.price_now(account).currency
    return CorrectionForm(posted, account=account, now=database_now(), currency=currency)
