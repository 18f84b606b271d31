"""Accounts and applications: what an operator sets up.

Owns their forms; each change is written into the audit log. Must not know calls. (Django's generic classes take no parameters at
run time: hence the ignored type-arg.)"""

from collections.abc import Iterator

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString

from cdr.admin.additions import Additions, Context, Door, Where
from cdr.admin.audited import Audited
from cdr.admin.entry.confirming import HELD
from cdr.admin.lists.markup import folded
from cdr.admin.site import console
from cdr.admin.tokens import Rotating
from cdr.admin.url_tests import MAY_TEST, ask_address
from cdr.pure.figures import moment, money
from streams import guard
from streams.models import Account, Application, Stream
from streams.pure.callback.signature import standard_webhook_secret
from streams.pure.customer import answer_xml
from streams.pure.customer.service_url import HTTP_SCHEMES, WEBSOCKET_SCHEMES
from streams.pure.lifecycle import LIVE_STATES, CallState
from streams.pure.secret_strength import Secret, secret_problem

RETENTION = ("retain_numbers_days", "retain_payloads_days", "retain_events_days")
PLAN = ("rate", "billing_interval_seconds", "currency")
LIMITS = ("concurrent_calls_limit", "concurrent_streams_limit", "stream_starts_per_second")
CALLBACKS = ("callback_style", "playback_callbacks")
ON_CALLS = ("fill_silence", "goodbye_seconds", "play_failed_messages")


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_auth_token(self) -> str:
        """A new one; a weak one from before stays until it is changed."""
        token: str = self.cleaned_data["auth_token"]
        problem = secret_problem(Secret.AUTH_TOKEN, token, (self.cleaned_data.get("name", ""), self.cleaned_data.get("auth_id", "")))
        if problem and not constant_time_compare(token, self.instance.auth_token):
            raise ValidationError(problem)
        return token


@admin.register(Account, site=console)
class AccountAdmin(Rotating, Audited):
    form = AccountForm
    readonly_fields = ("old_token", "webhook_secret", "in_use")
    list_display = ("name", "auth_id", "plan", "created")
    search_fields = ("name", "auth_id")

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        """The auth token signs callbacks and opens the API: only those who may change the account see it, in either form."""
        may_see = obj is None or self.has_change_permission(request, obj)
        token = ("auth_token", *(("webhook_secret",) if obj else ())) if may_see else ()
        old = ("old_token",) if obj and obj.old_auth_token else ()
        in_use = ("in_use",) if obj else ()
        return ("name", "auth_id", *token, *old, *PLAN, "country", *in_use, *LIMITS, *CALLBACKS, *ON_CALLS, *RETENTION)

    def _door_to_test(self, request: HttpRequest, account: Account) -> Iterator[Door]:
        if request.user.has_perm(MAY_TEST):
            yield Door("Test a service URL…", ask_address(account=account.pk))

    adds = Additions(doors={Where.RECORD: _door_to_test})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Context | None = None
    ) -> HttpResponse:
        """A token that was typed takes who it is; anything else of an account does not."""

        def view() -> HttpResponse:
            return super(AccountAdmin, self).changeform_view(request, object_id, form_url, extra_context)

        return self.after_confirming(request, view) if self._types_token(request, object_id) else view()

    def _types_token(self, request: HttpRequest, key: str | None) -> bool:
        account = Account.objects.filter(pk=key).first() if key and key.isdecimal() and request.method == "POST" else None
        if account is None or not self.has_change_permission(request, account):
            return False
        typed = request.POST.get("auth_token", account.auth_token)
        return HELD in request.POST or not constant_time_compare(typed, account.auth_token)

    def save_model(self, request: HttpRequest, obj: Account, form: forms.BaseForm, change: bool) -> None:
        """A token that was typed replaces every other."""
        if change and "auth_token" in form.changed_data:
            obj.old_auth_token, obj.old_auth_token_until = "", None
        super().save_model(request, obj, form, change)

    @admin.display(description="Old auth token")
    def old_token(self, account: Account) -> str:
        until = account.old_auth_token_until
        counts = len(account.tokens(timezone.now())) > 1
        return f"counts until {moment(until)} UTC, beside the present one" if counts else f"ended at {moment(until)} UTC"

    @admin.display(description="In use now")
    def in_use(self, account: Account) -> str:
        live = Q(state=CallState.LIVE)
        calls = account.calls.filter(live).count()
        streams = Stream.objects.filter(call__in=account.calls.filter(live), state__in=LIVE_STATES).count()
        return f"{calls} of {account.concurrent_calls_limit} calls, {streams} of {account.concurrent_streams_limit} streams"

    @admin.display(description="Standard Webhooks secret")
    def webhook_secret(self, account: Account) -> SafeString:
        return folded(standard_webhook_secret(account.auth_token), "Show the auth token as Standard Webhooks libraries take it")

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
        if url and (problem := guard.undiallable(url, settings.DIAL_REACH, HTTP_SCHEMES)):
            raise ValidationError(problem)
        return url

    def clean_answer_xml(self) -> str:
        """Read as a call would read it: what is wrong is said now, not to the first caller."""
        document: str = self.cleaned_data["answer_xml"].strip()
        try:
            streams = answer_xml.parse(document.encode()).streams if document else ()
        except answer_xml.InvalidAnswer as error:
            raise ValidationError(f"{error.problem} (At {error.place}.)") from error
        problems = {stream.service_url: guard.undiallable(stream.service_url, settings.DIAL_REACH, WEBSOCKET_SCHEMES) for stream in streams}
        if wrong := [f"{url}: {problem}" for url, problem in problems.items() if problem]:
            raise ValidationError(wrong)
        return document


@admin.register(Application, site=console)
class ApplicationAdmin(Audited):
    form = ApplicationForm
    list_display = ("name", "account", "answer")
    list_select_related = ("account",)
    search_fields = ("name", "account__name", "answer_url")

    def _door_to_test(self, request: HttpRequest, application: Application) -> Iterator[Door]:
        if request.user.has_perm(MAY_TEST):
            yield Door("Test a service URL…", ask_address(application=application.pk))

    adds = Additions(doors={Where.RECORD: _door_to_test})

    @admin.display(description="Answer")
    def answer(self, application: Application) -> str:
        return f"{application.answer_method} {application.answer_url}" if application.answer_url else "its own XML"
