"""The page of one's own second factor: set it up, make new recovery codes, remove it. Secret and codes are shown once, and never again.

Owns that conversation. Whom it is with the site asks before (`access`). What a code is worth is cdr.sign_in.second_factor's."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView

from cdr import audit
from cdr.admin.additions import Context
from cdr.admin.entry.sent_before import new_mark, note_sent, was_sent
from cdr.admin.entry.visitor import page_here, visitor
from cdr.models import AuthenticatorApp
from cdr.pure.acts import Act
from cdr.pure.sign_in import wait_words
from cdr.sign_in import second_factor
from cdr.sign_in.second_factor import CodeCheck

CODES_GONE = "The recovery codes were shown once: who has not kept them makes new ones here, and the old ones are good no more."


@method_decorator([csrf_protect, sensitive_post_parameters("code")], name="dispatch")
class SecondFactorView(TemplateView):
    template_name = "admin/second_factor.html"

    def get_context_data(self, **kwargs: object) -> Context:
        device = second_factor.device_of(self._user)
        return super().get_context_data(
            device=device,
            since=device.created_at if device else None,
            mark=new_mark(),
            codes_left=second_factor.recovery_codes_left(self._user) if device else 0,
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if "confirm" in request.POST:
            return self._confirm(request.POST.get("code", ""))
        acts = {"begin": self._begin, "codes": self._new_codes, "remove": self._remove}
        act = next((act for name, act in acts.items() if name in request.POST), None)
        return act() if act else self._shown()

    def _begin(self) -> HttpResponse:
        begun = second_factor.unfinished(self._user) if was_sent(self.request) else None
        note_sent(self.request)
        return self._setting_up(begun or second_factor.begin(self._user))

    def _confirm(self, code: str) -> HttpResponse:
        device = second_factor.unfinished(self._user)
        if device is None:
            done = second_factor.device_of(self._user) is not None
            return self._shown(problem=f"It is set up already. {CODES_GONE}" if done else "Nothing is being set up. Begin anew.")
        answer = second_factor.confirm(self._user, code)
        if not answer.right:
            return self._setting_up(device, problem=_code_problem(answer))
        with transaction.atomic():
            audit.write(visitor(self.request), Act.SET_UP_SECOND_FACTOR, self._user)
            codes = second_factor.new_recovery_codes(self._user)
        self.request.session.cycle_key()
        second_factor.mark_passed(self.request.session, device)
        return self._shown(codes=codes)

    def _new_codes(self) -> HttpResponse:
        if second_factor.device_of(self._user) is None:
            return self._shown(problem="Recovery codes go with a second factor. Set it up first.")
        if was_sent(self.request):
            return self._shown(problem=f"No others were made. {CODES_GONE}")
        note_sent(self.request)
        with transaction.atomic():
            audit.write(visitor(self.request), Act.NEW_RECOVERY_CODES, self._user)
            return self._shown(codes=second_factor.new_recovery_codes(self._user))

    def _remove(self) -> HttpResponse:
        with transaction.atomic():
            second_factor.remove(self._user)
            audit.write(visitor(self.request), Act.REMOVE_SECOND_FACTOR, self._user)
        messages.success(self.request, "Your second factor is removed: from now on your password alone signs you in.")
        return HttpResponseRedirect(page_here(self.request, "second_factor"))

    @property
    def _user(self) -> User:
        """The site lets nobody else in: see cdr.admin.entry.access."""
        return cast(User, self.request.user)

    def _setting_up(self, device: AuthenticatorApp, problem: str = "") -> HttpResponse:
        return self._shown(qr_code=second_factor.qr_code(device), secret=second_factor.secret_words(device), problem=problem)

    def _shown(self, **content: object) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**content))


def _code_problem(answer: CodeCheck) -> str:
    if answer.not_before:
        return f"After a wrong code there is a pause. Try again in {wait_words((answer.not_before - timezone.now()).total_seconds())}."
    return "This code is not right. Type the one that the app shows now; if none is, set the clock of the phone."
