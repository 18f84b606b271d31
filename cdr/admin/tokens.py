"""An account's auth tokens: a new one, and the end of one, at once or after a time; as staff do it in the console, from the account's page,
and managers at the desk.

Owns the form, the questions, and the one page that shows a new token. Which tokens count is streams' rule."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cdr.admin import acts
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.sent_before import MarkedForm, note_sent, was_sent
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Asking, Choice, Question
from cdr.admin.lists.records import found
from cdr.audit import Actor
from cdr.pages.auth_tokens import counting_lines
from cdr.pure.figures import moment
from streams.models import Account, AuthToken
from streams.models.tokens import LONGEST_NAME
from streams.pure.callback.signature import standard_webhook_secret
from streams.pure.foreign_text import cleaned
from streams.tokens import MOST_AT_ONCE, NotMade, Overtaken

MAY_CHANGE_TOKENS = "streams.rotate_token"
ENDS = {
    "0": ("at once", timedelta(0)),
    "1": ("in 1 hour", timedelta(hours=1)),
    "24": ("in 24 hours", timedelta(hours=24)),
    "168": ("in 7 days", timedelta(days=7)),
}
PROPOSED = "24"
TOKEN_GONE = "The token that it made was shown then, and cannot be shown again: where nobody kept it, revoke it and make another."  # noqa: S105 - words


class TokenForm(MarkedForm):
    name = forms.CharField(
        max_length=LONGEST_NAME,
        label="Name",
        help_text="What will use it, such as “billing script”.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )

    def clean_name(self) -> str:
        return cleaned(self.cleaned_data["name"], LONGEST_NAME)


class MakesTokens(Asking):
    """Makes and ends auth tokens, as staff do in the console, and managers at the desk. Who may is asked before, by each site.
    `token_template`: of the one page that shows a new token."""

    token_template: ClassVar[str]

    def tokens_address(self, account: Account) -> str:
        """Of the list that one comes from, and goes back to."""
        raise NotImplementedError

    def tokens_by(self, request: HttpRequest) -> Actor:
        raise NotImplementedError

    # A new one ----------------------------------------------------------------------------------------------------------
    def ask_for_name(self, request: HttpRequest, account: Account, form: TokenForm) -> HttpResponse:
        return self.asked(request, new_question(account, form, self.tokens_address(account)), crumb=account.name)

    def make_token(self, request: HttpRequest, account: Account) -> HttpResponse:
        """The token on a page that is never shown again: a reload makes none."""
        form, back = TokenForm(request.POST), self.tokens_address(account)
        if was_sent(request):
            messages.warning(request, f"No other token was made: this form was sent before. {TOKEN_GONE}")
            return HttpResponseRedirect(back)
        if not form.is_valid():
            return self.ask_for_name(request, account, form)
        try:
            token = acts.make_token(account, form.cleaned_data["name"], self.tokens_by(request))
        except NotMade as error:
            form.add_error("name", str(error))
            return self.ask_for_name(request, account, form)
        note_sent(request)
        shown = {"account": account, "token": token, "secret": standard_webhook_secret(token.secret), "back": back}
        page = TemplateResponse(request, self.token_template, self.page_context(request, f"The new auth token of {account}", **shown))
        page["Cache-Control"] = "no-store"
        return page

    # The end of one -------------------------------------------------------------------------------------------------------
    def ask_to_end(self, request: HttpRequest, token: AuthToken) -> HttpResponse:
        return self.asked(request, revoke_question(token, self.tokens_address(token.account)), crumb=token.account.name)

    def end_token(self, request: HttpRequest, token: AuthToken) -> HttpResponse:
        back, chosen = HttpResponseRedirect(self.tokens_address(token.account)), ENDS.get(request.POST.get("ends", ""))
        if chosen is None:
            messages.warning(request, "Nothing was done: no time was chosen for the token's end.")
            return back
        try:
            ends_at = acts.revoke_token(token, chosen[1], self.tokens_by(request))
        except Overtaken:
            messages.warning(request, f"Nothing was done: the auth token {token.name} was revoked meanwhile, or has ended.")
        else:
            when = f"ends at {moment(ends_at)} UTC" if chosen[1] else "has ended; what it opened is refused"
            messages.success(request, f"The auth token {token.name} of {token.account} {when}.")
        return back


class TokenAdmin(MakesTokens):
    """An account, with its auth tokens."""

    token_template = "admin/cdr/token.html"  # noqa: S105 - a file's name

    def tokens_address(self, account: Account) -> str:
        return reverse("admin:streams_account_change", args=[account.pk])

    def tokens_by(self, request: HttpRequest) -> Actor:
        return visitor(request)

    def new_token_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks for its name, POST makes it. Only for those who may make tokens."""
        account = Account.objects.filter(pk=key).first()
        return self.act_view(
            request,
            MAY_CHANGE_TOKENS,
            lambda: self.ask_for_name(request, found(account, "account"), TokenForm()),
            lambda: self.make_token(request, found(account, "account")),
            confirm=True,
        )

    def revoke_token_view(self, request: HttpRequest, key: int, token: int) -> HttpResponse:
        """GET asks when it is to end, POST does it."""
        row = AuthToken.objects.filter(pk=token, account_id=key).select_related("account").first()
        return self.act_view(
            request,
            MAY_CHANGE_TOKENS,
            lambda: self.ask_to_end(request, found(row, "auth token")),
            lambda: self.end_token(request, found(row, "auth token")),
            confirm=True,
        )

    def _token_doors(self, request: HttpRequest, account: Account) -> Iterator[Door]:
        """The way to the end of one stands beside it, on the account's page."""
        if request.user.has_perm(MAY_CHANGE_TOKENS):
            yield Door("New auth token…", self.own_url("new_token", account.pk))

    adds = Additions(
        pages=(
            OwnPage("new_token", "<int:key>/new-token/", new_token_view),
            OwnPage("revoke_token", "<int:key>/revoke-token/<int:token>/", revoke_token_view),
        ),
        doors={Where.RECORD: _token_doors},
    )


def new_question(account: Account, form: TokenForm, back: str) -> Question:
    return Question(
        title=f"A new auth token for {account}?",
        consequences=(
            "It is shown to you once, on the next page, and never again. It opens the API at once.",
            "The others go on counting until they are revoked. What we send is signed with each that counts: V3 and Standard Webhooks "
            "carry a signature of every one. The single V2 signature is the oldest token's: a service that checks V2 takes the new one "
            f"when the older ones have ended. At most {MOST_AT_ONCE} count at once.",
        ),
        button="Make the token",
        back=back,
        bad=False,
        form=form,
    )


def revoke_question(token: AuthToken, back: str) -> Question:
    account, now = token.account, timezone.now()
    counting = counting_lines(account, now)
    line = next((line for line in counting if line.pk == token.pk), None)
    last = "It is the account's only one: then the API lets nobody in, and what we send is not signed." if len(counting) == 1 else ""
    v2 = "The V2 signature, which is its own until then, is that of the next oldest." if line and line.signs_v2 and not last else ""
    used = f"Last used in the API at {moment(token.last_used_at)} UTC." if token.last_used_at else "The API has not seen it yet."
    ending = f" It ends at {moment(token.ends_at)} UTC already; choose an earlier end." if token.ends_at else ""
    return Question(
        title=f"Revoke the auth token {token.name} of {account}?",
        consequences=(
            used + ending,
            "When it has ended, the API refuses it, and nothing is signed with it any more: a service that still holds it "
            f"takes our callbacks for forged. Calls that are live go on. {v2}",
        ),
        warning=last,
        refusal="" if line else "This token has ended already.",
        button="Revoke the token",
        back=back,
        choice=Choice("It ends", "ends", tuple((key, words) for key, (words, _) in ENDS.items()), PROPOSED),
    )
