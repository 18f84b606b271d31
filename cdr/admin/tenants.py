"""Accounts and applications: what an operator sets up.

Owns their forms; each change is written into the audit log. Must not know calls. (Django's generic classes take no parameters at
run time: hence the ignored type-arg.)"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cdr import spending
from cdr.admin.additions import Additions, Context, Door, Where
from cdr.admin.audited import Audited
from cdr.admin.lists.markup import named_link
from cdr.admin.members import WithMembers
from cdr.admin.new_customer import MakesCustomers
from cdr.admin.overview import MONEY, WithOverview
from cdr.admin.rates import MAY_SET_RATES, RatedAdmin
from cdr.admin.site import console
from cdr.admin.statements import WithStatements
from cdr.admin.tokens import TokenAdmin
from cdr.admin.understood import UnderstoodList
from cdr.admin.url_tests import MAY_TEST, ask_address
from cdr.invitations import MAY_CHANGE_MEMBERS
from cdr.pages.account import account_page
from cdr.pages.application import application_page
from cdr.pages.rates import listed_price, price_words
from cdr.pure.figures import NOTHING, counted, moment
from cdr.roles import NUMBERS, SECRETS
from streams import guard, rates
from streams.models import Account, Application, Rate
from streams.models.tenants import currency_validator
from streams.pure.customer import answer_xml
from streams.pure.customer.service_url import HTTP_SCHEMES, WEBSOCKET_SCHEMES
from streams.pure.price import BEGINNING, DECIMALS, DEFAULT, HIGHEST
from streams.pure.scrubbing import scrubbed, scrubbed_document

SCRUBBED_ANSWER = ("shown_url", "answer_method", "shown_xml")
RETENTION = ("retain_numbers_days", "retain_payloads_days", "retain_events_days", "retain_recordings_days")
RECORDING = ("record", "record_seconds", "callers_consent")
FIRST_RATE = ("amount", "interval_seconds", "rate_currency")
SPENDING = ("spending_warn_at", "spending_stop_at", "spending_currency")
LIMITS = ("concurrent_calls_limit", "concurrent_streams_limit", "stream_starts_per_second")
CALLBACKS = ("callback_style", "playback_callbacks")
ON_CALLS = ("fill_silence", "goodbye_seconds", "play_failed_messages", "measure_turns", "customers_listen")


class NewAccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """With the rate that the account has from the beginning."""

    amount = forms.DecimalField(
        label="Price of one interval",
        initial=DEFAULT.amount,
        min_value=Decimal(0),
        max_value=HIGHEST,
        max_digits=10,
        decimal_places=DECIMALS,
        help_text="Its rate from the beginning. Later ones, with a date, and rate cards are added on its page.",
    )
    interval_seconds = forms.IntegerField(label="Billing interval (s)", initial=DEFAULT.interval_seconds, min_value=1, max_value=86_400)
    rate_currency = forms.CharField(label="Currency", initial=DEFAULT.currency, max_length=3, validators=[currency_validator])


class ListedAccount(Protocol):
    """An account as the list reads one."""

    pk: int
    member_count: int


class AccountList(UnderstoodList):
    """With the prices and the counts of members that it shows, of all its rows together."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        rows: QuerySet[Model] = super().get_queryset(request, exclude_parameters).prefetch_related("rates__card__rates")
        return rows.annotate(member_count=Count("memberships"))  # type: ignore[no-any-return]  # Django's types


@admin.register(Account, site=console)
class AccountAdmin(MakesCustomers, WithOverview, TokenAdmin, WithMembers, WithStatements, RatedAdmin, Audited):
    overview_template = "admin/cdr/account.html"
    linked = {"plan": (MAY_SET_RATES, "plan_link"), "desk": (MAY_CHANGE_MEMBERS, "desk_links")}
    list_display = ("name", "shown_id", "plan", "desk", "created")
    search_fields = ("name", "auth_id")
    search_help_text = "Name or auth ID"

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        first = () if obj else FIRST_RATE
        return ("name", "auth_id", *first, "time_zone", "country", *LIMITS, *SPENDING, *CALLBACKS, *ON_CALLS, *RETENTION)

    def overview(self, request: HttpRequest, row: Account) -> Context:
        """In twelve queries, whatever the account has."""
        now = timezone.now()
        page = account_page(row, now, spending.spent_this_month(row, now) if request.user.has_perm(MONEY) else None)
        return {"page": self.as_seen(request, page), "may_statements": request.user.has_perm("cdr.view_statement")}

    def _door_to_test(self, request: HttpRequest, account: Account) -> Iterator[Door]:
        if request.user.has_perm(MAY_TEST):
            yield Door("Test a service URL…", ask_address(account=account.pk))

    adds = Additions(doors={Where.RECORD: _door_to_test})

    @admin.display(description="Created (UTC)", ordering="created_at")
    def created(self, account: Account) -> str:
        return moment(account.created_at)

    @admin.display(description="Rate plan")
    def plan(self, account: Account) -> str:
        return price_words(listed_price(account, timezone.now()))

    @admin.display(description="Rate plan")
    def plan_link(self, account: Account) -> SafeString:
        """To the page that asks for the next rate."""
        return named_link(self.own_url("new_rate", account.pk), self.plan(account))

    @admin.display(description="Auth ID", ordering="auth_id")
    def shown_id(self, account: Account) -> str:
        return account.auth_id

    @admin.display(description="Desk")
    def desk(self, account: ListedAccount) -> str:
        return counted(account.member_count, "member")

    @admin.display(description="Desk")
    def desk_links(self, account: ListedAccount) -> SafeString:
        """To who is there, and to the page that asks for somebody new."""
        there, new = self.own_url("members", account.pk), self.own_url("invite", account.pk)
        return format_html('<a href="{}">{}</a> · <a href="{}">Invite…</a>', there, self.desk(account), new)

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[UnderstoodList]:
        return AccountList

    def get_form(self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any) -> Any:
        """A new account is given its first rate with it; later ones are added on its page."""
        return super().get_form(request, obj, change, **({} if obj else {"form": NewAccountForm}), **kwargs)

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if set(SPENDING) & set(form.changed_data):
            spending.watch(obj)
        if not change:
            price = {"amount": form.cleaned_data["amount"], "interval_seconds": form.cleaned_data["interval_seconds"]}
            currency, by = form.cleaned_data["rate_currency"], request.user.get_username()
            rates.add(Rate(account=obj, valid_from=BEGINNING, **price, currency=currency, created_by=by))


class ApplicationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Application
        fields = ("account", "name", "answer_url", "answer_method", "answer_xml", "conversation_callbacks", *RECORDING)
        labels: ClassVar[dict[str, str]] = {"answer_url": "Answer URL", "answer_xml": "Answer XML"}
        # Django's forms print a help text as HTML: what stands in angle brackets would be gone.
        help_texts: ClassVar[dict[str, str]] = {"answer_url": "Fetched for each call; returns XML with Stream elements."}
        widgets = {"answer_url": forms.TextInput(attrs={"class": "vLargeTextField"})}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in {"record", "record_seconds"} & self.fields.keys():
            self.fields[name].required = False  # left out, they stay

    def clean_record(self) -> str:
        part: str = self.cleaned_data["record"]
        return part or self.instance.record

    def clean_record_seconds(self) -> int:
        seconds: int | None = self.cleaned_data["record_seconds"]
        return self.instance.record_seconds if seconds is None else seconds

    def clean_answer_url(self) -> str:
        url: str = self.cleaned_data["answer_url"].strip()
        if url and not url.lower().startswith(("http://", "https://")):
            raise ValidationError("An answer URL begins with https:// or http://.")
        if url and (problem := guard.undiallable(url, settings.DIAL_REACH, HTTP_SCHEMES)):
            raise ValidationError(problem)
        return url

    def _post_clean(self) -> None:
        """Of XML that is wrong nothing is left in the row, which then would complain that there is none: one fault, one sentence."""
        super()._post_clean()  # type: ignore[misc]  # Django's, undocumented in its types
        if {"answer_xml", "answer_url"} & self.errors.keys():
            self.errors.pop(NON_FIELD_ERRORS, None)

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
class ApplicationAdmin(WithOverview, Audited):
    overview_template = "admin/cdr/application.html"
    form = ApplicationForm
    readonly_fields = ("shown_url", "shown_xml")
    list_display = ("name", "account", "answer")
    linked = {"account": ("streams.view_account", "account_link")}
    list_select_related = ("account",)
    search_fields = ("name", "account__name")
    search_help_text = "Name of the application or its account"

    def get_fields(self, request: HttpRequest, obj: Application | None = None) -> tuple[str, ...]:
        """Who changes an application needs its URL and its XML whole; who only looks, or may not see secrets, does not."""
        changes = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        answer = ("answer_url", "answer_method", "answer_xml") if changes or request.user.has_perm(SECRETS) else SCRUBBED_ANSWER
        return ("account", "name", *answer, "conversation_callbacks", *RECORDING)

    def _door_to_test(self, request: HttpRequest, application: Application) -> Iterator[Door]:
        if request.user.has_perm(MAY_TEST):
            yield Door("Test a service URL…", ask_address(application=application.pk))

    adds = Additions(doors={Where.RECORD: _door_to_test})

    def overview(self, request: HttpRequest, row: Application) -> Context:
        page = application_page(row, timezone.now())
        return {"page": self.as_seen(request, page), "may_numbers": request.user.has_perm(NUMBERS)}

    @admin.display(description="Account", ordering="account")
    def account_link(self, application: Application) -> SafeString:
        return named_link(reverse("admin:streams_account_change", args=[application.account_id]), application.account.name)

    @admin.display(description="Answer")
    def answer(self, application: Application) -> str:
        return f"{application.answer_method} {scrubbed(application.answer_url)}" if application.answer_url else "its own XML"

    @admin.display(description="Answer URL")
    def shown_url(self, application: Application) -> str:
        return scrubbed(application.answer_url) or NOTHING

    @admin.display(description="Answer XML")
    def shown_xml(self, application: Application) -> str:
        return scrubbed_document(application.answer_xml) or NOTHING
