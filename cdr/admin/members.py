"""From an account's page: who is at its desk, somebody new there, and the end of it.

Owns the asking. Who is a member of what is cdr.members'; inviting is cdr.admin.inviting's."""

from collections.abc import Iterator

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from cdr import members
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.inviting import ROLE_HELP, InvitationForm, Inviting, invitation_lines
from cdr.admin.lists.questions import Question
from cdr.admin.lists.records import found
from cdr.audit import Actor
from cdr.invitation_rows import Invitation
from cdr.invitations import MAY_CHANGE_MEMBERS
from cdr.member_rows import Membership, Role
from cdr.pure.figures import moment
from streams.models import Account


class MemberForm(forms.Form):
    name = forms.CharField(
        max_length=150,
        label="User",
        help_text="The name with which they sign in. A new one is made under Users first, without “Staff”: the console stays shut.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false"}),
    )
    role = forms.ChoiceField(choices=Role.choices, label="Role", help_text=ROLE_HELP)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        self.user = User.objects.filter(username=name, is_active=True).first()
        if self.user is None:
            raise ValidationError("There is no active user of this name.")
        return name


def mail_words() -> str:
    """Where mails go, for staff."""
    return f"Mails go by {settings.MAIL.place}." if settings.MAIL.backend else "No mail server is set (EMAIL_URL): mails are not sent."


class WithMembers(Inviting):
    """An account, with the people at its desk."""

    def members_address(self, account: Account) -> str:
        return self.own_url("members", account.pk)

    def invited_by(self, request: HttpRequest) -> Actor:
        return visitor(request)

    def of_mails(self) -> str:
        return mail_words()

    def members_view(self, request: HttpRequest, key: int) -> HttpResponse:
        self.require_view_permission(request)
        if not request.user.has_perm(MAY_CHANGE_MEMBERS):
            raise PermissionDenied
        account = _account(key)
        there = Membership.objects.filter(account=account).select_related("user").order_by("user__username")
        lines = [(one, moment(one.created_at)) for one in there]
        doors = [Door("Invite by mail…", self.own_url("invite", account.pk)), Door("Add a user…", self.own_url("add_member", account.pk))]
        invited = invitation_lines(account)
        context = self.page_context(request, f"Members of {account}", account=account, lines=lines, doors=doors, invited=invited)
        return TemplateResponse(request, "admin/cdr/members.html", context)

    def add_member_view(self, request: HttpRequest, key: int) -> HttpResponse:
        return self.act_view(
            request,
            MAY_CHANGE_MEMBERS,
            lambda: self._ask_whom(request, key, MemberForm()),
            lambda: self._take_in(request, key, MemberForm(request.POST)),
            confirm=True,
        )

    def _ask_whom(self, request: HttpRequest, key: int, form: MemberForm) -> HttpResponse:
        account = _account(key)
        question = Question(
            title=f"A member for the desk of {account}?",
            consequences=(
                "They see this account's calls, streams, debug logs and callbacks at /desk/, and nothing of any other account. Who is a "
                "member already gets the role that is chosen here.",
            ),
            button="Add the member",
            back=self.own_url("members", account.pk),
            bad=False,
            form=form,
        )
        return self.asked(request, question, crumb=account.name)

    def _take_in(self, request: HttpRequest, key: int, form: MemberForm) -> HttpResponse:
        if not form.is_valid():
            return self._ask_whom(request, key, form)
        account, role = _account(key), form.cleaned_data["role"]
        was = members.take_in(form.user, account, role, visitor(request))
        if was == role:
            messages.info(request, f"Nothing was done: {form.user} is a {role} of {account} already.")
        else:
            messages.success(request, f"{form.user} is a {role} of {account} now{f', and was a {was}' if was else ''}.")
        return HttpResponseRedirect(self.own_url("members", account.pk))

    def invite_view(self, request: HttpRequest, key: int) -> HttpResponse:
        return self.act_view(
            request,
            MAY_CHANGE_MEMBERS,
            lambda: self.ask_to_invite(request, _account(key), InvitationForm()),
            lambda: self.invite(request, _account(key)),
            confirm=True,
        )

    def revoke_invitation_view(self, request: HttpRequest, key: int, invitation: int) -> HttpResponse:
        rows = Invitation.objects.filter(pk=invitation, account_id=key).select_related("account")
        return self.act_view(
            request,
            MAY_CHANGE_MEMBERS,
            lambda: self.ask_to_revoke(request, found(rows.first(), "invitation")),
            lambda: self.revoke(request, found(rows.first(), "invitation")),
        )

    def remove_member_view(self, request: HttpRequest, key: int, member: int) -> HttpResponse:
        row = Membership.objects.filter(pk=member, account_id=key).select_related("account", "user").first()
        return self.act_view(
            request,
            MAY_CHANGE_MEMBERS,
            lambda: self._ask_to_remove(request, found(row, "member")),
            lambda: self._take_away(request, key, row),
            confirm=True,
        )

    def _ask_to_remove(self, request: HttpRequest, member: Membership) -> HttpResponse:
        question = Question(
            title=f"Remove {member.user} from the desk of {member.account}?",
            consequences=(
                "At once no page shows them anything of this account, and a debug log that they have open ends within seconds. Their "
                "invitations that nobody has accepted yet open nothing any more.",
                "Auth tokens that they made go on: revoke those on the account's page. The user stays: delete it under Users.",
            ),
            button="Remove the member",
            back=self.own_url("members", member.account_id),
        )
        return self.asked(request, question, crumb=member.account.name)

    def _take_away(self, request: HttpRequest, key: int, member: Membership | None) -> HttpResponse:
        account = _account(key)
        if member and members.take_away(member, visitor(request)):
            messages.success(request, f"{member.user} is no member of {account} any more.")
        else:
            messages.warning(request, "Nothing was done: they are no member any more.")
        return HttpResponseRedirect(self.own_url("members", account.pk))

    def _member_doors(self, request: HttpRequest, account: Account) -> Iterator[Door]:
        if request.user.has_perm(MAY_CHANGE_MEMBERS):
            yield Door("Members", self.own_url("members", account.pk))

    adds = Additions(
        pages=(
            OwnPage("members", "<int:key>/members/", members_view),
            OwnPage("add_member", "<int:key>/members/add/", add_member_view),
            OwnPage("invite", "<int:key>/members/invite/", invite_view),
            OwnPage("revoke_invitation", "<int:key>/members/revoke/<int:invitation>/", revoke_invitation_view),
            OwnPage("remove_member", "<int:key>/members/<int:member>/remove/", remove_member_view),
        ),
        doors={Where.RECORD: _member_doors},
    )


def _account(key: int) -> Account:
    return found(Account.objects.filter(pk=key).first(), "account")
