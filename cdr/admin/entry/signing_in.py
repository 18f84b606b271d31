"""Signing in and out of the console: the password, then the code of those who have a second factor. Each is in the audit log.

Owns the steps and what is said at them. Which failures lock is cdr.sign_in.locks', what a code is worth cdr.sign_in.second_factor's."""

import time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode

from cdr import audit
from cdr.addresses import address_of, counted_address
from cdr.admin.entry.visitor import page_here
from cdr.audit import Actor
from cdr.pure.acts import Act
from cdr.pure.sign_in import locked_words, wait_words
from cdr.sign_in import locks, outside_users, second_factor

HALF_WAY = "signing_in"
"""The session's note of somebody whose password was right and whose code is not there yet. Nobody is signed in by it."""
HALF_WAY_SECONDS = 300
NOBODY = "(no such user)"
"""In place of a name that nobody has: it may be a password in the wrong field."""

WRONG_CODE = "This code is not right, or was used already. Type the one that the app shows now."


class SignInForm(AdminAuthenticationForm):
    request: HttpRequest

    def confirm_login_allowed(self, user: Any) -> None:
        self.require_place(user)
        if words := outside_users.refusal_of_password(user):
            raise ValidationError(words, code="outside")

    def require_place(self, user: Any) -> None:
        """Raises ValidationError for whom this site is not for, though the password is right; as Django says it of a wrong one."""
        super().confirm_login_allowed(user)

    def get_invalid_login_error(self) -> ValidationError:
        said = note_failure(self.request, self.cleaned_data["username"])
        return ValidationError(said, code="locked") if said else super().get_invalid_login_error()


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=40,
        label="Code",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )

    def __init__(self, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.request, self.user = request, user

    def clean_code(self) -> str:
        code, name = str(self.cleaned_data["code"]), self.user.get_username()
        if locks.locked_out(self.request, name):
            raise ValidationError(lock_said(self.request, name))
        return right_code(self.request, self.user, code)


def right_code(request: HttpRequest, user: User, code: str) -> str:
    """The code, which this uses up where it is right. Raises ValidationError; a wrong one counts, and locks, as a wrong password does."""
    answer = second_factor.check(user, code)
    if answer.right:
        return code
    if answer.not_before:
        wait = wait_words((answer.not_before - timezone.now()).total_seconds())
        raise ValidationError(f"After wrong codes there is a pause. Try again in {wait}.")
    name = user.get_username()
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)
    raise ValidationError(note_failure(request, name) or WRONG_CODE)


class SignInView(LoginView):
    authentication_form = SignInForm
    template_name = "admin/sign_in.html"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        if second_factor.device_of(user) is None:
            complete(self.request, user, "password")
            return HttpResponseRedirect(self.get_success_url())
        return go_half_way(self.request, user, self.get_redirect_url())

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return with_retry_after(self.request, super().form_invalid(form))


class CodeView(LoginView):
    """The second step. Whoever comes without the first is sent to it."""

    authentication_form: Any = CodeForm
    template_name = "admin/login_code.html"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        self.user = half_way(request)
        return super().dispatch(request, *args, **kwargs) if self.user else HttpResponseRedirect(page_here(request, "login"))

    def get_form_kwargs(self) -> dict[str, object]:
        return {**super().get_form_kwargs(), "user": self.user}

    def form_valid(self, form: Any) -> HttpResponse:
        form.user.backend = self.request.session.pop(HALF_WAY)[1]
        first = "single sign-on" if outside_users.is_outside(form.user, self.request.session) else "password"
        complete(self.request, form.user, f"{first} and code")
        left = second_factor.recovery_codes_left(form.user)
        if len(form.cleaned_data["code"].strip()) > 7:
            messages.warning(self.request, f"That was a recovery code; {left} are left. Under “Second factor” you can make new ones.")
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return with_retry_after(self.request, super().form_invalid(form))


def go_half_way(request: HttpRequest, user: Any, target: str) -> HttpResponse:
    """To the second step, and from there to `target`."""
    request.session.cycle_key()
    request.session[HALF_WAY] = [user.pk, user.backend, user.get_session_auth_hash(), time.time()]
    query = urlencode({"next": target}) if target else ""
    return HttpResponseRedirect(f"{page_here(request, 'login_code')}?{query}".rstrip("?"))


def half_way(request: HttpRequest) -> User | None:
    """Whose password was right a moment ago in this session, and is still the same."""
    key, _, digest, at = request.session.get(HALF_WAY, [None, "", "", 0])
    user = get_user_model().objects.filter(pk=key, is_active=True).first()
    fresh = user is not None and time.time() - at < HALF_WAY_SECONDS and constant_time_compare(user.get_session_auth_hash(), digest)
    return user if fresh else None


def complete(request: HttpRequest, user: User, how: str) -> None:
    """Signs in. `how` is for the audit log."""
    with transaction.atomic():
        login(request, user, backend=getattr(user, "backend", None))
        if device := second_factor.device_of(user):
            second_factor.mark_passed(request.session, device)
        audit.write(Actor(user.get_username(), address_of(request)), Act.SIGN_IN, user, **{"with": how})


# When it fails -------------------------------------------------------------------------------------------------------
def note_failure(request: HttpRequest, name: str) -> str:
    """Writes the first failure, and the one that locks, into the audit log; not each guess. Returns what is said when it is locked."""
    user = get_user_model().objects.filter(username=name).first()
    subject = user or User(username=NOBODY)
    actor = Actor(subject.get_username(), address_of(request))
    counted = locks.failures(name, counted_address(request))
    if getattr(request, "axes_failures_since_start", None) is not None:  # counted now, not refused unseen
        if (counted.of_name if user else counted.of_address) == 1:
            audit.write(actor, Act.FAIL_TO_SIGN_IN, subject)
        if counted.locked:
            audit.write(actor, Act.LOCK, subject, failures_of_name=counted.of_name, failures_of_address=counted.of_address)
    return lock_said(request, name) if counted.locked else ""


def lock_said(request: HttpRequest, name: str) -> str:
    counted = locks.failures(name, counted_address(request))
    return locked_words(counted.of_address, (counted.until - timezone.now()).total_seconds())


def with_retry_after(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if getattr(request, "axes_locked_out", False):
        response.status_code = 429
        response.headers["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response
