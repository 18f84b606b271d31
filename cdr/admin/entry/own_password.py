"""The page on which somebody changes his own password: the present one, when wrong, counts as at the login page, and the change is in the
audit log. It ends his other sessions.

Owns that form. Which failures lock is cdr.sign_in.locks'."""

from typing import cast

from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordMixin
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cdr import audit
from cdr.admin.entry.signing_in import note_failure, with_retry_after
from cdr.admin.entry.visitor import visitor
from cdr.pure.acts import Act


class OwnPasswordForm(AdminPasswordChangeForm):
    request: HttpRequest
    new_password1, new_password2 = SetPasswordMixin.create_password_fields("New password", "The new one once more")
    new_password2.help_text = ""

    def clean_old_password(self) -> str:
        """Not by looking at the row alone: a session that somebody left open is no place to guess at."""
        password, name = str(self.cleaned_data["old_password"]), self.user.get_username()
        if authenticate(self.request, username=name, password=password) is None:
            said = note_failure(self.request, name) or self.error_messages["password_incorrect"]
            raise ValidationError(said, code="password_incorrect")
        return password


class OwnPasswordView(PasswordChangeView):
    form_class = OwnPasswordForm
    template_name = "admin/own_password.html"

    def get_form(self, form_class: type[PasswordChangeForm] | None = None) -> OwnPasswordForm:
        form = cast(OwnPasswordForm, super().get_form(form_class))
        form.request = self.request
        return form

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        with transaction.atomic():
            answer = super().form_valid(form)
            audit.write(visitor(self.request), Act.CHANGE_PASSWORD, cast(User, self.request.user))
        return answer

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        return with_retry_after(self.request, super().form_invalid(form))
