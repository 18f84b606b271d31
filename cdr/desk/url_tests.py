"""Tests of service URLs at the desk: the form for managers, the page that follows a test, the list of the last day.

Owns the addresses, in which a test stands by the call id that the service saw. What is asked is the console's (cdr.admin.url_tests), what a
test does and finds is said elsewhere."""

from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import urlencode

from cdr import url_tests
from cdr.admin.additions import Additions, Door, OwnPage
from cdr.admin.lists.records import found
from cdr.admin.url_tests import GONE_TEST, SHOWN_TESTS, UrlTestForm, first_stream, means_whole_url
from cdr.desk.records import DeskRecords, desk_actor, row_named, scope_here
from cdr.desk.site import desk
from cdr.desk_scope import one_named
from cdr.models import UrlTest
from cdr.pages.for_outside import facts_for_outside
from cdr.pages.url_test import page_of_url_test, url_test_lines, with_all_it_needs
from streams.models import Account, Application, Stream
from streams.pure.scrubbing import scrubbed


class OwnUrlTestForm(UrlTestForm):
    """Of the account that its address names."""

    account = None  # type: ignore[assignment]  # Django's way to leave a field out


@admin.register(UrlTest, site=desk)
class DeskUrlTests(DeskRecords):
    """For those who manage one of their accounts: a test dials, and its page has the URL that was dialled."""

    address = "url-tests"
    seldom = True
    ACTS = frozenset({"ask"})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and bool(scope_here(request).managed)

    def _rows(self, request: HttpRequest) -> QuerySet[UrlTest]:
        self.require_view_permission(request)
        scope = scope_here(request)
        return url_tests.asked_at_desk(scope.rows(UrlTest)).filter(account__in=scope.managed)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        lines = url_test_lines(self._rows(request), SHOWN_TESTS)
        if refusal := self.not_understood(request, "URL tests"):
            return refusal
        scope = scope_here(request)
        shown = {"tests": [(line, self.own_url("change", line.call_id)) for line in lines], "shown": SHOWN_TESTS}
        asking = [(one, self.own_url("ask", one.auth_id)) for one in scope.accounts if scope.manages(one.pk)]
        doors = [Door("Test a service URL…" if len(asking) == 1 else f"Test a service URL of {one.name}…", to) for one, to in asking]
        context = self.page_context(request, "URL tests", **shown, doors=doors, has_accounts=scope.has_several)
        return TemplateResponse(request, "admin/cdr/url_tests.html", context)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        row = found(one_named(with_all_it_needs(self._rows(request)), object_id, "call_id"), GONE_TEST)
        page = self.shown(request, page_of_url_test(row), GONE_TEST)
        page = replace(page, asked=facts_for_outside(page.asked))
        again = self.own_url("ask", row.account.auth_id if row.account else "")
        context = self.page_context(request, "Test of a service URL", test=page, again=again)
        return TemplateResponse(request, "admin/cdr/url_test.html", context, headers={"Refresh": "1"} if page.unfinished else None)

    def ask_view(self, request: HttpRequest, auth_id: str) -> HttpResponse:
        """GET asks, with what the address names (`application`, `stream`) filled in; POST begins the test. Only for managers."""
        account = found(scope_here(request).account(auth_id), "account")
        stream = self._stream(request, account)
        return self.acted(
            request,
            account.pk,
            lambda: self._ask(request, stream, OwnUrlTestForm(initial=self._proposed(request, account, stream))),
            lambda: self._begin(request, account, stream, OwnUrlTestForm(request.POST)),
        )

    def _stream(self, request: HttpRequest, account: Account) -> Stream | None:
        named = request.POST.get("stream") or request.GET.get("stream", "")
        return one_named(scope_here(request).rows(Stream).filter(account=account).select_related("call").order_by(), named)

    def _proposed(self, request: HttpRequest, account: Account, stream: Stream | None) -> dict[str, object]:
        if stream is not None:
            return {"url": scrubbed(stream.service_url), "content_type": stream.content_type}
        rows = scope_here(request).rows(Application).filter(account=account)
        application = row_named(rows, request.GET.get("application", ""))
        return first_stream(application, secrets=True) if application else {}

    def _ask(self, request: HttpRequest, stream: Stream | None, form: OwnUrlTestForm) -> HttpResponse:
        back = self.site_url("cdr_streamdetail_change", stream.uuid) if stream else self.own_url("changelist")
        context = self.page_context(request, "Test a service URL", form=form, stream=stream, back=back)
        return TemplateResponse(request, "admin/cdr/url_test_ask.html", context)

    def _begin(self, request: HttpRequest, account: Account, stream: Stream | None, form: OwnUrlTestForm) -> HttpResponse:
        if not form.is_valid():
            return self._ask(request, stream, form)
        asked = form.cleaned_data
        if stream is not None and means_whole_url(asked["url"], scrubbed(stream.service_url), stream):
            asked["url"] = stream.service_url
        try:
            test = url_tests.ask(desk_actor(request), scope_here(request).user_key, account, **asked, of_stream=stream, at_desk=True)
        except url_tests.TooMany as error:
            messages.warning(request, str(error))
            return self._ask(request, stream, form)
        return HttpResponseRedirect(self.own_url("change", test.call_id))

    adds = Additions(pages=(OwnPage("ask", "<str:auth_id>/ask/", ask_view),))


def door_to_test(page: DeskRecords, account: Account, **named: str) -> Door:
    """To the form, with something filled in. Ask before whether its visitor manages the account."""
    return Door("Test its service URL…", f"{page.site_url('cdr_urltest_ask', account.auth_id)}?{urlencode(named)}")
