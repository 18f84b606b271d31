"""The form of a gateway. Its two secrets, password and signing token, are taken and never shown: only whether there is one.

Owns what is asked of each. Must not know lists or pages. (Django's generic classes take no parameters at run time: hence the ignored
type-arg.)"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from streams.models import Gateway
from streams.pure.gateway.twilio import Twilio
from streams.pure.secret_strength import Secret, secret_problem

SHORTEST_PASSWORD = Secret.GATEWAY_PASSWORD.value.shortest

_TOKEN = "Twilio's auth token: its calls are known by their signature, and no password is asked for."
HELP = {
    "password": {
        True: f"Set. A new one has at least {SHORTEST_PASSWORD} characters, best made by a machine. Empty: the present one stays.",
        False: f"Not set. At least {SHORTEST_PASSWORD} characters, best made by a machine.",
    },
    "new_signing_token": {True: f"Set. {_TOKEN} Empty: the present one stays.", False: f"Not set. For the dialect twilio. {_TOKEN}"},
}
"""By field, and by whether there is one already."""


def secret_field(*, strip: bool, label: str | None = None) -> forms.CharField:
    return forms.CharField(required=False, strip=strip, label=label, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))


class GatewayForm(forms.ModelForm):  # type: ignore[type-arg]
    password = secret_field(strip=False)
    # Not the column's name: Django would print what the column holds, and write down what the field does not.
    new_signing_token = secret_field(strip=True, label="Signing token")
    remove_signing_token = forms.BooleanField(required=False, help_text="The gateway is known by its password again.")

    class Meta:
        model = Gateway
        fields = ("name", "account", "dialect", "application", "concurrent_calls_limit", "concurrent_streams_limit")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # whatever Django's own takes
        super().__init__(*args, **kwargs)
        there = {"password": bool(self.instance.password_digest), "new_signing_token": bool(self.instance.signing_token)}
        for name in HELP.keys() & self.fields.keys():
            self.fields[name].help_text = HELP[name][there[name]]

    def clean_password(self) -> str:
        return self._strong("password", Secret.GATEWAY_PASSWORD)

    def clean_new_signing_token(self) -> str:
        return self._strong("new_signing_token", Secret.SIGNING_TOKEN)

    def _strong(self, field: str, kind: Secret) -> str:
        secret: str = self.cleaned_data[field]
        names = (self.cleaned_data.get("name", ""), str(self.cleaned_data.get("account", "")))
        if secret and (problem := secret_problem(kind, secret, names)):
            raise ValidationError(problem)
        return secret

    def clean(self) -> dict[str, object] | None:
        cleaned = super().clean()
        removes, token = self.cleaned_data.get("remove_signing_token"), self.cleaned_data.get("new_signing_token")
        if removes and token:
            self.add_error("remove_signing_token", "Either remove the signing token or give a new one.")
        elif not self.has_error("new_signing_token"):
            self._check_ways_in(bool(token or self.instance.signing_token and not removes))
        return cleaned

    def _check_ways_in(self, signed: bool) -> None:
        """By a signature or by a password; who can sign is known by nothing else."""
        dialect = self.cleaned_data.get("dialect")
        if signed and dialect not in (None, Twilio.name):
            where = "new_signing_token" if self.cleaned_data.get("new_signing_token") else "remove_signing_token"
            self.add_error(where, "Only the dialect twilio signs its requests: with a signing token no other gateway comes in.")
        if not signed and not self.instance.password_digest and not self.cleaned_data.get("password") and not self.has_error("password"):
            either = " or a signing token" if dialect == Twilio.name else ""
            self.add_error("password", f"This gateway needs a password{either}.")

    def save(self, commit: bool = True) -> Gateway:
        if self.cleaned_data["password"]:
            self.instance.set_password(self.cleaned_data["password"])
        if self.cleaned_data.get("new_signing_token") or self.cleaned_data.get("remove_signing_token"):
            self.instance.signing_token = self.cleaned_data["new_signing_token"]
        gateway: Gateway = super().save(commit)
        return gateway
