"""Inviting somebody by mail to an account's desk, and taking that back: as staff do it in the console, and managers at the desk.

Owns the form, the questions and what is said afterwards. Who may is asked before, by each site; what an invitation is, is
cdr.invitations'."""

from typing import NamedTuple

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from cdr import invitations
from cdr.admin.lists.questions import Asking, Question
from cdr.audit import Actor
from cdr.invitation_rows import Invitation
from cdr.invitations import NotInvited
from cdr.member_rows import Role
from cdr.pure.figures import moment
from streams.models import Account

ROLE_HELP = "A viewer looks; a manager also acts on what is the account's."


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label="Mail address", widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True, "class": "vTextField"})
    )
    role = forms.ChoiceField(choices=Role.choices, label="Role", help_text=ROLE_HELP)


class InvitationLine(NamedTuple):
    pk: int
    email: str
    role: str
    until: str
    state: str


def invitation_lines(account: Account) -> list[InvitationLine]:
    """Those that can still be accepted."""
    rows = invitations.open_invitations(account)
    return [InvitationLine(one.pk, one.email, one.role, moment(one.expires_at), _state(one)) for one in rows]


def _state(one: Invitation) -> str:
    if one.problem:
        return f"not mailed: {one.problem}"
    return f"mailed at {moment(one.finished_at)}" if one.finished_at else "is being mailed"


class Inviting(Asking):
    """`of_mails`: where mails go, where that may be told."""

    def members_address(self, account: Account) -> str:
        """Of the list that one comes from, and goes back to."""
        raise NotImplementedError

    def invited_by(self, request: HttpRequest) -> Actor:
        raise NotImplementedError

    def of_mails(self) -> str:
        return ""

    def ask_to_invite(self, request: HttpRequest, account: Account, form: InvitationForm) -> HttpResponse:
        question = Question(
            title=f"Invite somebody to the desk of {account}?",
            consequences=(
                f"A mail goes to this address, with a link that works once, for {invitations.LASTS.days} days. Whoever opens it chooses a "
                "name and a password, or joins as who they are signed in as. Nothing is looked up by the address.",
            ),
            button="Invite",
            back=self.members_address(account),
            bad=False,
            form=form,
        )
        return self.asked(request, question, crumb=account.name)

    def invite(self, request: HttpRequest, account: Account) -> HttpResponse:
        form = InvitationForm(request.POST)
        if not form.is_valid():
            return self.ask_to_invite(request, account, form)
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        origin = str(settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}")
        try:
            invitations.invite(account, email, role, owner=request.user, origin=origin, actor=self.invited_by(request))
            messages.success(request, f"An invitation goes to {email} within seconds. {self.of_mails()}".strip())
        except NotInvited as error:
            messages.warning(request, f"Nothing was done: {error}")
        return HttpResponseRedirect(self.members_address(account))

    def ask_to_revoke(self, request: HttpRequest, row: Invitation) -> HttpResponse:
        question = Question(
            title=f"Revoke the invitation of {row.email}?",
            consequences=("Its link opens nothing any more.",),
            button="Revoke it",
            back=self.members_address(row.account),
            refusal="" if row.used_at is None and row.revoked_at is None else "It was accepted or revoked already.",
        )
        return self.asked(request, question, crumb=row.account.name)

    def revoke(self, request: HttpRequest, row: Invitation) -> HttpResponse:
        if invitations.revoke_invitation(row, self.invited_by(request)):
            messages.success(request, f"The invitation of {row.email} is revoked.")
        else:
            messages.warning(request, "Nothing was done: it was accepted or revoked, or is over.")
        return HttpResponseRedirect(self.members_address(row.account))
