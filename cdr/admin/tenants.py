"""Accounts and applications: what an operator sets up.

Owns their forms; each change is written into the audit log. Must not know calls. (Django's generic classes take no parameters at
run time: hence the ignored type-arg.)"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from cdr.admin.audited import AuditedAdmin
from cdr.admin.site import console
from cdr.pure.figures import moment, money
from streams.models import Account, Application
from streams.pure import xml

LIMITS_AND_CALLBACKS = ("concurrent_streams_limit", "stream_starts_per_second", "callback_style", "playback_callbacks")


@admin.register(Account, site=console)
class AccountAdmin(AuditedAdmin):
    list_display = ("name", "auth_id", "plan", "created")
    search_fields = ("name", "auth_id")
    show_facets = admin.ShowFacets.NEVER

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> list[Any]:
        """The auth token signs callbacks and opens the API: only those who may change the account see it."""
        token = ["auth_token"] if obj is None or self.has_change_permission(request, obj) else []
        return ["name", "auth_id", *token, "rate", "billing_interval_seconds", "currency", *LIMITS_AND_CALLBACKS]

    @admin.display(description="Created (UTC)", ordering="created_at")
    def created(self, account: Account) -> str:
        return moment(account.created_at)

    @admin.display(description="Rate plan")
    def plan(self, account: Account) -> str:
        return f"{money(account.rate, account.currency)} per {account.billing_interval_seconds} s"


class ApplicationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Application
        fields = ("account", "name", "answer_url", "answer_method", "answer_xml")
        widgets = {"answer_url": forms.TextInput(attrs={"class": "vLargeTextField"})}

    def clean_answer_url(self) -> str:
        url: str = self.cleaned_data["answer_url"].strip()
        if url and not url.lower().startswith(("http://", "https://")):
            raise ValidationError("An answer URL begins with https:// or http://.")
        return url

    def clean_answer_xml(self) -> str:
        """Read as a call would read it: what is wrong is said now, not to the first caller."""
        document: str = self.cleaned_data["answer_xml"].strip()
        try:
            if document:
                xml.parse(document.encode())
        except xml.InvalidAnswer as error:
            raise ValidationError(f"{error.problem} (At {error.place}.)") from error
        return document


@admin.register(Application, site=console)
class ApplicationAdmin(AuditedAdmin):
    form = ApplicationForm
    list_display = ("name", "account", "answer")
    list_select_related = ("account",)
    search_fields = ("name", "account__name", "answer_url")
    show_facets = admin.ShowFacets.NEVER

    @admin.display(description="Answer")
    def answer(self, application: Application) -> str:
        return f"{application.answer_method} {application.answer_url}" if application.answer_url else "its own XML"
