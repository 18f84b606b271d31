"""The desk's members: who is at the desk of each account; managers invite by mail, and take an invitation back.

Owns the addresses. What an invitation is, is cdr.invitations'."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from cdr import invitations
from cdr.admin.additions import Additions, OwnPage
from cdr.admin.lists.questions import Asking
from cdr.admin.lists.records import found
from cdr.admin.members import InvitationForm, invitation_lines, invite_question, origin_of, revoke_invitation_question
from cdr.desk.records import DeskRecords, desk_actor, name_of_row, row_named, scope_here
from cdr.desk.site import desk
from cdr.invitation_rows import Invitation
from cdr.invitations import NotInvited
from cdr.member_rows import Membership
from streams.models import Account


@admin.register(Membership, site=desk)
class DeskMembers(DeskRecords, Asking):
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

    def invite_view(self, request: HttpRequest, auth_id: str) -> HttpResponse:
        account = found(scope_here(request).account(auth_id), "account")
        return self.acted(
            request,
            account.pk,
            lambda: self._ask(request, account, InvitationForm()),
            lambda: self._invite(request, account, InvitationForm(request.POST)),
            confirm=True,
        )

    def _ask(self, request: HttpRequest, account: Account, form: InvitationForm) -> HttpResponse:
        return self.asked(request, invite_question(account, form, self.own_url("changelist")), crumb=account.name)

    def _invite(self, request: HttpRequest, account: Account, form: InvitationForm) -> HttpResponse:
        if not form.is_valid():
            return self._ask(request, account, form)
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        try:
            invitations.invite(account, email, role, owner=request.user, origin=origin_of(request), actor=desk_actor(request))
            messages.success(request, f"An invitation goes to {email} within seconds.")
        except NotInvited as error:
            messages.warning(request, f"Nothing was done: {error}")
        return HttpResponseRedirect(self.own_url("changelist"))

    def revoke_view(self, request: HttpRequest, auth_id: str, name: str) -> HttpResponse:
        scope = scope_here(request)
        account = found(scope.account(auth_id), "account")
        row = found(row_named(scope.rows(Invitation).filter(account=account).select_related("account"), name), "invitation")
        back = self.own_url("changelist")
        ask = self.asked(request, revoke_invitation_question(row, back), crumb=account.name)
        return self.acted(request, account.pk, lambda: ask, lambda: self._revoke(request, row, back))

    def _revoke(self, request: HttpRequest, row: Invitation, back: str) -> HttpResponse:
        if invitations.revoke_invitation(row, desk_actor(request)):
            messages.success(request, f"The invitation of {row.email} is revoked.")
        else:
            messages.warning(request, "Nothing was done: it was accepted or revoked, or is over.")
        return HttpResponseRedirect(back)

    adds = Additions(
        pages=(OwnPage("invite", "<str:auth_id>/invite/", invite_view), OwnPage("revoke", "<str:auth_id>/<slug:name>/revoke/", revoke_view))
    )
