"""The desk's auth tokens, by account: which there are, a new one, and the end of one; the last two for managers.

Owns the addresses. What is asked is the console's (cdr.admin.tokens), which tokens count is streams'."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from cdr.admin import acts
from cdr.admin.additions import Additions, OwnPage
from cdr.admin.lists.questions import Asking
from cdr.admin.lists.records import found
from cdr.admin.tokens import ENDS, TokenForm, new_question, revoke_question
from cdr.desk.records import DeskRecords, desk_actor, name_of_row, row_named, scope_here
from cdr.desk.site import desk
from cdr.pages.auth_tokens import TokenLine, token_lines
from cdr.pure.figures import moment
from cdr.pure.log.for_customers import name_for_customers
from streams.models import Account, AuthToken
from streams.pure.callback.signature import standard_webhook_secret
from streams.tokens import NotMade, Overtaken


@admin.register(AuthToken, site=desk)
class DeskTokens(DeskRecords, Asking):
    address = "tokens"
    ACTS = frozenset({"new", "revoke"})

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if refusal := self.not_understood(request, "Auth tokens"):
            return refusal
        context = self.page_context(request, "Auth tokens", parts=[self._part(request, one) for one in scope_here(request).accounts])
        return TemplateResponse(request, "desk/tokens.html", context)

    def _part(self, request: HttpRequest, account: Account) -> dict[str, object]:
        manages = scope_here(request).manages(account.pk)
        lines = token_lines(account, timezone.now())
        return {
            "account": account,
            "lines": [(line, name_for_customers(line.by), self._end(account, line) if manages else "") for line in lines],
            "new": self.own_url("new", account.auth_id) if manages else "",
        }

    def _end(self, account: Account, line: TokenLine) -> str:
        return self.own_url("revoke", account.auth_id, name_of_row(AuthToken(pk=line.pk))) if line.counts else ""

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        raise Http404

    def new_view(self, request: HttpRequest, auth_id: str) -> HttpResponse:
        account = found(scope_here(request).account(auth_id), "account")
        return self.acted(
            request,
            account.pk,
            lambda: self._ask_for_name(request, account, TokenForm()),
            lambda: self._make(request, account, TokenForm(request.POST)),
            confirm=True,
        )

    def _ask_for_name(self, request: HttpRequest, account: Account, form: TokenForm) -> HttpResponse:
        return self.asked(request, new_question(account, form, self.own_url("changelist")), crumb=account.name)

    def _make(self, request: HttpRequest, account: Account, form: TokenForm) -> HttpResponse:
        """The token on a page that is never asked for again."""
        if not form.is_valid():
            return self._ask_for_name(request, account, form)
        try:
            token = acts.make_token(account, form.cleaned_data["name"], desk_actor(request))
        except NotMade as error:
            form.add_error("name", str(error))
            return self._ask_for_name(request, account, form)
        shown = {"account": account, "token": token, "secret": standard_webhook_secret(token.secret)}
        page = TemplateResponse(request, "desk/token.html", self.page_context(request, f"The new auth token of {account}", **shown))
        page["Cache-Control"] = "no-store"
        return page

    def revoke_view(self, request: HttpRequest, auth_id: str, name: str) -> HttpResponse:
        scope = scope_here(request)
        account = found(scope.account(auth_id), "account")
        token = found(row_named(scope.rows(AuthToken).filter(account=account).select_related("account"), name), "auth token")
        return self.acted(
            request,
            account.pk,
            lambda: self.asked(request, revoke_question(token, self.own_url("changelist")), crumb=account.name),
            lambda: self._revoke(request, token),
            confirm=True,
        )

    def _revoke(self, request: HttpRequest, token: AuthToken) -> HttpResponse:
        chosen = ENDS.get(request.POST.get("ends", ""))
        if chosen is None:
            messages.warning(request, "Nothing was done: no time was chosen for the token's end.")
            return HttpResponseRedirect(self.own_url("changelist"))
        try:
            ends_at = acts.revoke_token(token, chosen[1], desk_actor(request))
        except Overtaken:
            messages.warning(request, f"Nothing was done: the auth token {token.name} was revoked meanwhile, or has ended.")
        else:
            when = f"ends at {moment(ends_at)} UTC" if chosen[1] else "has ended; what it opened is refused"
            messages.success(request, f"The auth token {token.name} {when}.")
        return HttpResponseRedirect(self.own_url("changelist"))

    adds = Additions(
        pages=(OwnPage("new", "<str:auth_id>/new/", new_view), OwnPage("revoke", "<str:auth_id>/<slug:name>/revoke/", revoke_view))
    )
