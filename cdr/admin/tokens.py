"""On an account's page: its auth token is rotated, with an overlap or without one, and an old token is ended before its time.

Owns the asking, and the one page that shows a new token. Which tokens count is streams' rule."""

from collections.abc import Iterator
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from cdr.admin import acts
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Asking, Choice, Question
from cdr.admin.lists.records import found
from cdr.pure.figures import moment
from streams.models import Account
from streams.pure.callback.signature import standard_webhook_secret
from streams.rotation import Overtaken

MAY_ROTATE = "streams.rotate_token"
OVERLAPS = {
    "0": ("not at all: it ends at once", timedelta(0)),
    "1": ("1 hour", timedelta(hours=1)),
    "24": ("24 hours", timedelta(hours=24)),
    "168": ("7 days", timedelta(days=7)),
}
PROPOSED = "24"


class Rotating(Asking):
    """An account, whose auth token can be rotated."""

    def rotate_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks, POST does. Only for those with the permission to rotate tokens."""
        return self.act_view(
            request, MAY_ROTATE, lambda: self._ask_to_rotate(request, key), lambda: self._rotate(request, key), confirm=True
        )

    def _ask_to_rotate(self, request: HttpRequest, key: int) -> HttpResponse:
        account = found(Account.objects.filter(pk=key).first(), "account")
        return self.asked(request, rotate_question(account), crumb=account.name, hidden=[("seen", _mark(account.auth_token))])

    def _rotate(self, request: HttpRequest, key: int) -> HttpResponse:
        """The new token on a page that is never asked for again: a reload finds another token than it saw, and does nothing."""
        account = found(Account.objects.filter(pk=key).first(), "account")
        chosen = OVERLAPS.get(request.POST.get("overlap", ""))
        if chosen is None or not constant_time_compare(request.POST.get("seen", ""), _mark(account.auth_token)):
            return self._not_rotated(request, account)
        try:
            token, until = acts.rotate_token(account, chosen[1], visitor(request))
        except Overtaken:
            return self._not_rotated(request, account)
        shown = {"account": account, "token": token, "secret": standard_webhook_secret(token), "until": until, "back": _page_of(account)}
        return TemplateResponse(request, "admin/cdr/token.html", self.page_context(request, f"The new auth token of {account}", **shown))

    def end_view(self, request: HttpRequest, key: int) -> HttpResponse:
        account = Account.objects.filter(pk=key).first()
        return self.act_view(
            request,
            MAY_ROTATE,
            lambda: self.asked(request, end_question(found(account, "account")), crumb=str(account)),
            lambda: self._end(request, found(account, "account")),
            confirm=True,
        )

    def _end(self, request: HttpRequest, account: Account) -> HttpResponse:
        try:
            acts.end_old_token(account, visitor(request))
            messages.success(request, f"The old auth token of {account} has ended. What it opened is refused within a second.")
        except Overtaken:
            return self._not_rotated(request, account)
        return HttpResponseRedirect(_page_of(account))

    def _not_rotated(self, request: HttpRequest, account: Account) -> HttpResponse:
        words = f"Nothing was done: the auth token of {account} was changed meanwhile, or no time was chosen. Look and ask again."
        messages.warning(request, words)
        return HttpResponseRedirect(_page_of(account))

    def _token_doors(self, request: HttpRequest, account: Account) -> Iterator[Door]:
        if not request.user.has_perm(MAY_ROTATE):
            return
        yield Door("Rotate the auth token…", self.own_url("rotate_token", account.pk))
        if len(account.tokens(timezone.now())) > 1:
            yield Door("End the old token…", self.own_url("end_old_token", account.pk))

    adds = Additions(
        pages=(
            OwnPage("rotate_token", "<int:key>/rotate-token/", rotate_view),
            OwnPage("end_old_token", "<int:key>/end-old-token/", end_view),
        ),
        doors={Where.RECORD: _token_doors},
    )


def rotate_question(account: Account) -> Question:
    now = timezone.now()
    overlapping = len(account.tokens(now)) > 1
    until = moment(account.old_auth_token_until)
    earlier = f"An earlier token still counts, until {until} UTC: it ends at once, because only two can overlap."
    return Question(
        title=f"Rotate the auth token of {account}?",
        consequences=(
            "The account gets a new token, which is shown to you once. It opens the API at once.",
            "While the old one is valid as well, the API takes both, and what we sign carries both signatures: V3 and Standard Webhooks in "
            "callbacks and answer requests, V3 when a stream connects. The single V2 signature is the old token's until that has ended. "
            "Calls that are live go on.",
        ),
        warning=earlier if overlapping else "",
        button="Rotate the token",
        back=_page_of(account),
        choice=Choice("The old token stays valid", "overlap", tuple((key, words) for key, (words, _) in OVERLAPS.items()), PROPOSED),
    )


def end_question(account: Account) -> Question:
    overlapping = len(account.tokens(timezone.now())) > 1
    return Question(
        title=f"End the old auth token of {account} now?",
        consequences=(
            "The API refuses it within a second, and nothing is signed with it any more. A service that still holds it takes our "
            f"callbacks for forged. By itself it ends at {moment(account.old_auth_token_until)} UTC.",
        ),
        refusal="" if overlapping else "This account has one auth token only; no old one counts any more.",
        button="End the old token",
        back=_page_of(account),
    )


def _mark(token: str) -> str:
    """Tells one token from another without telling the token."""
    return salted_hmac("rotate", token).hexdigest()


def _page_of(account: Account) -> str:
    return reverse("admin:streams_account_change", args=[account.pk])
