"""The forms of who uses the console: what is asked of a user, of a new one, and of their password, in the words of this house.

Owns those words. Which permissions and groups somebody may give is cdr.admin.ranks' rule. (Django's classes take no parameters at run
time: hence the ignored type-arg.)"""

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User

LABELS = {
    "email": "Mail address",
    "is_staff": "Staff",
    "is_superuser": "Superuser",
    "user_permissions": "Permissions",
    "usable_password": "Password",
    "password1": "The password",
    "password2": "The same once more",
}
HELP = {
    "username": "What they sign in with: at most 150 letters, digits, and @ . + - _",
    "is_active": "Off: they are signed out and cannot sign in, until it is switched on again.",
    "is_staff": "Opens the console. People of a customer's desk are no staff.",
    "is_superuser": "May do everything, whatever is ticked below.",
    "groups": "What is ticked for a group, all who are in it may do.",
    "user_permissions": "",
    "usable_password": "Without one they sign in by single sign-on alone.",
    "password2": "",
}
WITH_OR_WITHOUT = (("true", "Set one here"), ("false", "None"))


def put_words(fields: dict[str, forms.Field]) -> None:
    """Django's words, where there are others."""
    for name, label in LABELS.items():
        if name in fields:
            fields[name].label = label
    for name, words in HELP.items():
        if name in fields:
            fields[name].help_text = words
    if isinstance(with_or_without := fields.get("usable_password"), forms.ChoiceField):
        with_or_without.choices = WITH_OR_WITHOUT


class StaffForm(UserChangeForm):  # type: ignore[type-arg]
    password = None  # type: ignore[assignment]  # set on a page of its own

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser", "groups", "user_permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # whatever Django's own takes
        super().__init__(*args, **kwargs)
        put_words(self.fields)


class NewStaffForm(AdminUserCreationForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        put_words(self.fields)


class StaffPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Also takes the password away, where there is one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        put_words(self.fields)
