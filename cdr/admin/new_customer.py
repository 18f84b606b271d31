"""A new customer on one page: an account with its rate and its first auth token, an application, a gateway; their secrets, shown once; the
lines to paste; and the button that places a test call.

Owns the form, and that all of it is made or nothing. What each row may hold is said where it stands."""

import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import escape
from django.utils.text import slugify

from cdr import audit
from cdr.admin import acts
from cdr.admin.additions import Additions, Context, Door, OwnPage, PageAdmin, Where
from cdr.admin.entry.visitor import visitor
from cdr.admin.reached_at import gateways_url
from cdr.admin.tokens import MAY_CHANGE_TOKENS
from cdr.admin.trial_calls import MAY_PLACE
from cdr.audit import Actor
from cdr.pure.acts import HIDDEN, Act
from cdr.pure.gateway_lines import Fill, lines_to_paste
from cdr.pure.secret_text import as_audited
from streams import guard, rates
from streams.models import Account, Application, AuthToken, Gateway, Rate
from streams.models.choices import gateway_dialects
from streams.models.tenants import currency_validator, gateway_name_validator
from streams.pure.callback.signature import standard_webhook_secret
from streams.pure.customer.service_url import HTTP_SCHEMES, WEBSOCKET_SCHEMES
from streams.pure.price import BEGINNING, DECIMALS, DEFAULT, HIGHEST

NEEDED = ("streams.add_account", "streams.add_application", "streams.add_gateway", MAY_CHANGE_TOKENS)
FIRST_TOKEN = "first"  # noqa: S105 - its name
WIDE = {"class": "vLargeTextField", "autocomplete": "off"}


def checked(url: str, schemes: tuple[str, ...], begins: str) -> str:
    """Raises ValidationError for what the platform would not dial."""
    url = url.strip()
    if url and not url.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValidationError(f"This begins with {begins}.")
    if url and (problem := guard.undiallable(url, settings.DIAL_REACH, schemes)):
        raise ValidationError(problem)
    return url


class NewCustomerForm(forms.Form):
    name = forms.CharField(label="Customer", max_length=100, help_text="The account's name, once in this installation.")
    service_url = forms.CharField(
        label="Service URL",
        required=False,
        max_length=2048,
        widget=forms.TextInput(attrs=WIDE),
        help_text="wss://… that calls are streamed to.",
    )
    talks = forms.BooleanField(label="It talks back", required=False, initial=True, help_text="The caller hears what the service sends.")
    status_url = forms.CharField(
        label="Status callback URL", required=False, max_length=2048, widget=forms.TextInput(attrs=WIDE), help_text="https://…, or nothing."
    )
    answer_url = forms.CharField(
        label="Or an answer URL",
        required=False,
        max_length=2048,
        widget=forms.TextInput(attrs=WIDE),
        help_text="https://… that answers each call with XML: instead of the three above.",
    )
    dialect = forms.ChoiceField(label="Gateway", choices=gateway_dialects, help_text="What brings their calls.")
    gateway_name = forms.CharField(
        label="Gateway's name",
        required=False,
        max_length=63,
        validators=[gateway_name_validator],
        help_text="Stands in its URL. Empty: made of the customer's name.",
    )
    amount = forms.DecimalField(
        label="Price of one interval", initial=DEFAULT.amount, min_value=0, max_value=HIGHEST, max_digits=10, decimal_places=DECIMALS
    )
    interval_seconds = forms.IntegerField(label="Billing interval (s)", initial=DEFAULT.interval_seconds, min_value=1, max_value=86_400)
    currency = forms.CharField(label="Currency", initial=DEFAULT.currency, max_length=3, validators=[currency_validator])

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if Account.objects.filter(name=name).exists():
            raise ValidationError("There is an account of this name. Give this one another, or open that one.")
        return name

    def clean_service_url(self) -> str:
        return checked(self.cleaned_data["service_url"], WEBSOCKET_SCHEMES, "wss:// or ws://")

    def clean_status_url(self) -> str:
        return checked(self.cleaned_data["status_url"], HTTP_SCHEMES, "https:// or http://")

    def clean_answer_url(self) -> str:
        return checked(self.cleaned_data["answer_url"], HTTP_SCHEMES, "https:// or http://")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.has_error("service_url") and not self.has_error("answer_url"):
            if bool(cleaned.get("service_url")) == bool(cleaned.get("answer_url")):
                self.add_error("service_url", "Give either a service URL or an answer URL.")
            elif cleaned.get("answer_url") and cleaned.get("status_url"):
                self.add_error("status_url", "With an answer URL the XML that it answers says where callbacks go.")
        if "name" in cleaned and not self.has_error("gateway_name"):
            self._name_gateway(cleaned)
        return cleaned

    def _name_gateway(self, cleaned: dict[str, Any]) -> None:
        given = cleaned.get("gateway_name")
        name = given or slugify(cleaned["name"])[:63].strip("-_") or f"gateway-{secrets.token_hex(3)}"
        if Gateway.objects.filter(name=name).exists():
            if given:
                self.add_error("gateway_name", "There is a gateway of this name. Give this one another.")
            name = f"{name[:56]}-{secrets.token_hex(3)}"
        cleaned["gateway_name"] = name


class Made(NamedTuple):
    """All that is shown once."""

    account: Account
    application: Application
    gateway: Gateway
    token: AuthToken
    password: str


class MakesCustomers(PageAdmin):
    """Accounts."""

    def new_customer_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, POST makes all of it. For those who may add each of its parts, and make tokens."""
        if not request.user.has_perms(NEEDED):
            raise PermissionDenied
        if request.method == "POST":
            return self.after_confirming(request, lambda: self._make_customer(request, NewCustomerForm(request.POST)))
        return self._ask_for_customer(request, NewCustomerForm())

    def _ask_for_customer(self, request: HttpRequest, form: NewCustomerForm) -> HttpResponse:
        return TemplateResponse(request, "admin/cdr/new_customer.html", self.page_context(request, "New customer", form=form))

    def _make_customer(self, request: HttpRequest, form: NewCustomerForm) -> HttpResponse:
        """The secrets on a page that is never asked for again: a reload finds the name taken, and makes none."""
        if not form.is_valid():
            return self._ask_for_customer(request, form)
        try:
            made = make_customer(form.cleaned_data, visitor(request))
        except IntegrityError:
            form.add_error("name", "Somebody was quicker: there is an account or a gateway of this name by now.")
            return self._ask_for_customer(request, form)
        page = TemplateResponse(request, "admin/cdr/new_customer_made.html", self._shown_once(request, made))
        page["Cache-Control"] = "no-store"
        return page

    def _shown_once(self, request: HttpRequest, made: Made) -> Context:
        credentials = b64encode(f"{made.gateway.name}:{made.password}".encode()).decode()
        lines = lines_to_paste(made.gateway.dialect, Fill(gateways_url(request), made.gateway.name, made.password, credentials))
        webhook = standard_webhook_secret(made.token.secret)
        shown = {"made": made, "lines": lines, "webhook": webhook, "may_place": request.user.has_perm(MAY_PLACE)}
        return self.page_context(request, f"{made.account.name} can begin", **shown)

    def changelist_view(self, request: HttpRequest, extra_context: Context | None = None) -> HttpResponse:
        return super().changelist_view(request, {"list_doors": self.doors(Where.LIST, request, None), **(extra_context or {})})

    def _door_to_new(self, request: HttpRequest, _: object) -> Iterator[Door]:
        if request.user.has_perms(NEEDED):
            yield Door("New customer…", self.own_url("new_customer"))

    adds = Additions(pages=(OwnPage("new_customer", "new-customer/", new_customer_view),), doors={Where.LIST: _door_to_new})


def make_customer(wanted: dict[str, Any], actor: Actor) -> Made:
    """All rows, each with its audit entry, or none. Raises IntegrityError for a name that somebody took meanwhile."""
    with transaction.atomic():
        account = Account.objects.create(name=wanted["name"])
        price = {"amount": wanted["amount"], "interval_seconds": wanted["interval_seconds"], "currency": wanted["currency"]}
        rates.add(Rate(account=account, valid_from=BEGINNING, created_by=actor.name, **price))
        audit.write(actor, Act.ADD, account, name=account.name, rate=f"{wanted['amount']} {wanted['currency']}")
        answer = {"answer_url": wanted["answer_url"], "answer_xml": "" if wanted["answer_url"] else stream_xml(wanted)}
        application = Application.objects.create(account=account, name=wanted["name"], **answer)
        told = {name: as_audited(name, value) for name, value in answer.items() if value}
        audit.write(actor, Act.ADD, application, account=account.name, **told)
        gateway = Gateway(account=account, application=application, name=wanted["gateway_name"], dialect=wanted["dialect"])
        gateway.set_password(password := secrets.token_urlsafe(24))
        gateway.save()
        audit.write(actor, Act.ADD, gateway, account=account.name, dialect=gateway.dialect, password=HIDDEN)
        token = acts.make_token(account, FIRST_TOKEN, actor)
    return Made(account, application, gateway, token, password)


def stream_xml(wanted: dict[str, Any]) -> str:
    """The answer that streams each call to the service."""
    status = f' statusCallbackUrl="{escape(wanted["status_url"])}"' if wanted["status_url"] else ""
    both_ways = ' bidirectional="true" keepCallAlive="true"' if wanted["talks"] else ' keepCallAlive="true"'
    return f"<Response>\n  <Stream{both_ways}{status}>{escape(wanted['service_url'])}</Stream>\n</Response>"
