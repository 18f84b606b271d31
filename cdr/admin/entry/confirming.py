"""“Confirm it is you”: before what a stranger at an open session must not do, the password is asked for, and the second factor of those who
have one. It counts for five minutes; signing in does as well.

Owns that page, and that nothing typed is lost by it: the form that was sent waits in the page, encrypted, and is carried out when the
answer is right. Must not know what is done."""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from cdr import audit
from cdr.admin.entry.signing_in import note_failure, right_code, with_retry_after
from cdr.admin.entry.visitor import visitor
from cdr.pure.acts import Act
from cdr.sign_in import outside_users, second_factor, sessions
from streams.pure.seal import Seal

HELD = "held_form"
HELD_SECONDS = 900
TOO_LATE = "That took too long, so nothing was done. Please do it once more."


class ConfirmForm(forms.Form):
    password = forms.CharField(strip=False, widget=forms.PasswordInput)
    code = forms.CharField(max_length=40, required=False)

    def __init__(self, request: HttpRequest, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.request, self.user = request, user
        self.fields["code"].required = self.has_code = second_factor.device_of(user) is not None
        if not self.has_code:
            del self.fields["code"]

    def clean_password(self) -> str:
        """Wrong ones count as those of the login page do, and lock."""
        password, name = str(self.cleaned_data["password"]), self.user.get_username()
        if authenticate(self.request, username=name, password=password) is None:
            raise ValidationError(note_failure(self.request, name) or "This is not your password.")
        return password

    def clean_code(self) -> str:
        """Looked at only with the right password: no code is used up, or guessed at, without it."""
        code = str(self.cleaned_data["code"])
        return right_code(self.request, self.user, code) if "password" in self.cleaned_data else code


def confirm_first(request: HttpRequest, act: Callable[[], HttpResponse], context: dict[str, object]) -> HttpResponse:
    """What `act` answers to a POST, when it was certain a moment ago who asks; else the page that asks him, and sends the same once more.
    `context`: the site's, for that page.

    Anonymous visitors are the site's to send away, before this."""
    user = request.user
    if not isinstance(user, User) or (sessions.is_confirmed(request.session) and HELD not in request.POST):
        return act()
    if HELD not in request.POST:
        return _page(request, ConfirmForm(request, user), hold(request), context)
    form = ConfirmForm(request, user, request.POST)
    if not form.is_valid():
        return with_retry_after(request, _page(request, form, request.POST[HELD], context))
    sessions.mark_confirmed(request.session)
    audit.write(visitor(request), Act.CONFIRM, user, **{"with": "password and code" if form.has_code else "password"})
    return _carried_out(request, act)


def _carried_out(request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    body = released(request)
    if body is None:
        messages.warning(request, TOO_LATE)
        return HttpResponseRedirect(request.get_full_path())
    request.POST = QueryDict(body, encoding=request.encoding)
    return act()


def _page(request: HttpRequest, form: ConfirmForm, held: str, context: dict[str, object]) -> HttpResponse:
    own = {"title": "Confirm it is you", "form": form, "held": held, "held_name": HELD, "minutes": sessions.CONFIRMED_SECONDS // 60}
    outside = settings.OIDC_NAME if outside_users.is_outside(request.user, request.session) else ""
    shown = {**context, **own, "can_confirm": form.user.has_usable_password() and not outside, "single_sign_on": outside}
    response = TemplateResponse(request, "admin/confirm.html", shown)
    add_never_cache_headers(response)
    return response


# What waits ----------------------------------------------------------------------------------------------------------
def hold(request: HttpRequest) -> str:
    """What was sent, readable by nobody, for this person and this address only."""
    return _seal().close(json.dumps([request.user.pk, request.get_full_path(), request.POST.urlencode()]))


def released(request: HttpRequest) -> str | None:
    """None for what is too old, or was not held for this."""
    try:
        held = json.loads(_seal().open(request.POST[HELD], within_seconds=HELD_SECONDS))
    except ValueError:  # CannotOpen is one as well
        return None
    return str(held[2]) if held[:2] == [request.user.pk, request.get_full_path()] else None


def _seal() -> Seal:
    return Seal([f"held form {settings.SECRET_KEY}"])
