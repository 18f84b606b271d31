"""The desk's auth tokens, by account: which there are, a new one, and the end of one; the last two for managers.

Owns the addresses. What is asked, and done, is cdr.admin.tokens'; which tokens count is streams'."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from cdr.admin.additions import Additions, OwnPage
from cdr.admin.lists.records import found
from cdr.admin.tokens import MakesTokens, TokenForm
from cdr.audit import Actor
from cdr.desk.records import DeskRecords, desk_actor, name_of_row, row_named, scope_here
from cdr.desk.site import desk
from cdr.pages.auth_tokens import TokenLine, token_lines
from cdr.pure.log.for_customers import name_for_customers
from streams.models import Account, AuthToken


@admin.register(AuthToken, site=desk)
class DeskTokens(DeskRecords, MakesTokens):
    address = "tokens"
    token_template = "desk/token.html"  # noqa: S105 - a file's name
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

    def tokens_address(self, account: Account) -> str:
        return self.own_url("changelist")

    def tokens_by(self, request: HttpRequest) -> Actor:
        return desk_actor(request)

    def new_view(self, request: HttpRequest, auth_id: str) -> HttpResponse:
        account = found(scope_here(request).account(auth_id), "account")
        return self.acted(
            request,
            account.pk,
            lambda: self.ask_for_name(request, account, TokenForm()),
            lambda: self.make_token(request, account),
            confirm=True,
        )

    def revoke_view(self, request: HttpRequest, auth_id: str, name: str) -> HttpResponse:
        scope = scope_here(request)
        account = found(scope.account(auth_id), "account")
        token = found(row_named(scope.rows(AuthToken).filter(account=account).select_related("account"), name), "auth token")
        return self.acted(
            request, account.pk, lambda: self.ask_to_end(request, token), lambda: self.end_token(request, token), confirm=True
        )

    adds = Additions(
        pages=(OwnPage("new", "<str:auth_id>/new/", new_view), OwnPage("revoke", "<str:auth_id>/<slug:name>/revoke/", revoke_view))
    )
