"""The desk's members: who is at the desk of each account; managers invite by mail, and take an invitation back.

Owns the addresses. How one invites is cdr.admin.inviting's."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from cdr.admin.additions import Additions, OwnPage
from cdr.admin.inviting import InvitationForm, Inviting, invitation_lines
from cdr.admin.lists.records import found
from cdr.audit import Actor
from cdr.desk.records import DeskRecords, desk_actor, name_of_row, row_named, scope_here
from cdr.desk.site import desk
from cdr.invitation_rows import Invitation
from cdr.member_rows import Membership
from streams.models import Account


@admin.register(Membership, site=desk)
class DeskMembers(DeskRecords, Inviting):
    address = "members"
    ACTS = frozenset({"invite", "revoke"})

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if refusal := self.not_understood(request, "Members"):
            return refusal
        context = self.page_context(request, "Members", parts=[self._part(request, one) for one in scope_here(request).accounts])
        return TemplateResponse(request, "desk/members.html", context)

    def _part(self, request: HttpRequest, account: Account) -> dict[str, object]:
        scope = scope_here(request)
        there = scope.rows(Membership).filter(account=account).select_related("user").order_by("user__username")
        if not scope.manages(account.pk):
            return {"account": account, "members": there}
        invited = [
            (line, self.own_url("revoke", account.auth_id, name_of_row(Invitation(pk=line.pk)))) for line in invitation_lines(account)
        ]
        return {"account": account, "members": there, "invited": invited, "invite": self.own_url("invite", account.auth_id)}

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        raise Http404

    def members_address(self, account: Account) -> str:
        return self.own_url("changelist")

    def invited_by(self, request: HttpRequest) -> Actor:
        return desk_actor(request)

    def invite_view(self, request: HttpRequest, auth_id: str) -> HttpResponse:
        account = found(scope_here(request).account(auth_id), "account")
        return self.acted(
            request,
            account.pk,
            lambda: self.ask_to_invite(request, account, InvitationForm()),
            lambda: self.invite(request, account),
            confirm=True,
        )

    def revoke_view(self, request: HttpRequest, auth_id: str, name: str) -> HttpResponse:
        scope = scope_here(request)
        account = found(scope.account(auth_id), "account")
        row = found(row_named(scope.rows(Invitation).filter(account=account).select_related("account"), name), "invitation")
        return self.acted(request, account.pk, lambda: self.ask_to_revoke(request, row), lambda: self.revoke(request, row))

    adds = Additions(
        pages=(OwnPage("invite", "<str:auth_id>/invite/", invite_view), OwnPage("revoke", "<str:auth_id>/<slug:name>/revoke/", revoke_view))
    )
