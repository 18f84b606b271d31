"""Prices with a date, on an account's page and on that of a rate card: what was, is and will be in force, a new one, and the
withdrawing of one that has not begun. And the rate cards themselves.

Owns the asking and the audit entries. What may be added is streams.rates' rule."""

from collections.abc import Iterator
from datetime import datetime

from django.contrib import admin, messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from cdr import audit
from cdr.admin.additions import Additions, Door, OwnPage, Where
from cdr.admin.audited import Audited
from cdr.admin.entry.visitor import visitor
from cdr.admin.lists.questions import Asking, Question
from cdr.admin.lists.records import found
from cdr.admin.rate_form import RateForm
from cdr.admin.site import console
from cdr.pages.rates import price_words, rate_lines, since_words, zone_of
from cdr.pure.acts import Act
from cdr.pure.figures import NOTHING
from streams import rates
from streams.database_clock import database_now
from streams.models import Account, Rate, RateCard
from streams.pure.price import DEFAULT

MAY_SET_RATES = "streams.set_rates"
MOST_FOLLOWERS = 100


class RatedAdmin(Asking):
    """An account or a rate card, with its prices."""

    @admin.display(description="Rates")
    def rate_table(self, owner: RateCard) -> SafeString:
        return render_to_string("admin/cdr/_rates.html", {"rates": rate_lines(owner, database_now())})

    # A new one ----------------------------------------------------------------------------------------------------------
    def new_rate_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks what it is and from when, POST adds it."""
        return self.act_view(request, MAY_SET_RATES, lambda: self._ask_for_rate(request, key), lambda: self._add_rate(request, key))

    def _owner(self, key: int) -> Account | RateCard:
        if self.model is Account:
            return found(Account.objects.filter(pk=key).first(), "account")
        return found(RateCard.objects.filter(pk=key).first(), "rate card")

    def _ask_for_rate(self, request: HttpRequest, key: int, form: RateForm | None = None) -> HttpResponse:
        owner = self._owner(key)
        return self.asked(request, self._rate_question(owner, form or self._form(owner)), crumb=owner.name)

    def _form(self, owner: Account | RateCard, posted: object = None) -> RateForm:
        price = rates.price_now(owner) if isinstance(owner, Account) else DEFAULT
        return RateForm(posted, owner=owner, now=database_now(), price=price)

    def _add_rate(self, request: HttpRequest, key: int) -> HttpResponse:
        owner = self._owner(key)
        form = self._form(owner, request.POST)
        if not form.is_valid():
            return self._ask_for_rate(request, key, form)
        rate = form.rate(by=request.user.get_username())
        try:
            with transaction.atomic():
                rates.add(rate)
                audit.write(visitor(request), Act.ADD, rate, **_audited(rate))
        except rates.NotAdded as error:
            for column, words in error.problems.items():
                form.add_error(column if column in form.fields else None, words)
            return self._ask_for_rate(request, key, form)
        except IntegrityError:
            form.add_error("valid_from", "Somebody added a rate of the same time just now. Look at it first.")
            return self._ask_for_rate(request, key, form)
        messages.success(request, _added_words(owner, rate, database_now()))
        return HttpResponseRedirect(self.own_url("change", owner.pk))

    def _rate_question(self, owner: Account | RateCard, form: RateForm) -> Question:
        return Question(
            title=f"A new rate for {owner}?",
            consequences=(
                "A stream is priced by the rate in force when it starts, to its end. What has ended keeps what it was charged.",
                "It stays in the history. Before it begins it can be withdrawn; afterwards only another one can follow it.",
            ),
            button="Add the rate",
            back=self.own_url("change", owner.pk),
            bad=False,
            form=form,
        )

    # The withdrawing of one -----------------------------------------------------------------------------------------------
    def withdraw_rate_view(self, request: HttpRequest, key: int, rate: int) -> HttpResponse:
        owner = self._owner(key)
        row = next((known for known in rates.rates_of(owner) if known.pk == rate), None)
        return self.act_view(
            request,
            MAY_SET_RATES,
            lambda: self.asked(request, self._withdraw_question(owner, found(row, "rate")), crumb=owner.name),
            lambda: self._withdraw_rate(request, owner, found(row, "rate")),
        )

    def _withdraw_question(self, owner: Account | RateCard, rate: Rate) -> Question:
        begun = "This rate has begun. What is or was in force stays; add another one that follows it."
        return Question(
            title=f"Withdraw the rate of {owner} from {since_words(rate.valid_from, zone_of(owner))}?",
            consequences=("It never comes into force: the one before it goes on.",),
            refusal=begun if rate.valid_from <= database_now() else "",
            button="Withdraw the rate",
            back=self.own_url("change", owner.pk),
        )

    def _withdraw_rate(self, request: HttpRequest, owner: Account | RateCard, rate: Rate) -> HttpResponse:
        try:
            with transaction.atomic():
                audit.write(visitor(request), Act.DELETE, rate, **_audited(rate))
                rates.take_back(rate)
        except rates.NotWithdrawn as error:
            messages.warning(request, f"Nothing was done: {error}")
        else:
            messages.success(request, f"The rate of {owner} from {since_words(rate.valid_from, zone_of(owner))} on was withdrawn.")
        return HttpResponseRedirect(self.own_url("change", owner.pk))

    def _rate_doors(self, request: HttpRequest, owner: Account | RateCard) -> Iterator[Door]:
        if not request.user.has_perm(MAY_SET_RATES):
            return
        yield Door("New rate…", self.own_url("new_rate", owner.pk))
        for line in rate_lines(owner, timezone.now()) if isinstance(owner, RateCard) else ():  # an account's page has them in its table
            if not line.begun:
                yield Door(f"Withdraw the rate from {line.since}…", self.own_url("withdraw_rate", owner.pk, line.pk), bad=True)

    adds = Additions(
        pages=(
            OwnPage("new_rate", "<int:key>/new-rate/", new_rate_view),
            OwnPage("withdraw_rate", "<int:key>/withdraw-rate/<int:rate>/", withdraw_rate_view),
        ),
        doors={Where.RECORD: _rate_doors},
    )


@admin.register(RateCard, site=console)
class RateCardAdmin(RatedAdmin, Audited):
    list_display = ("name", "price")
    search_fields = ("name",)
    search_help_text = "Name of the rate card"
    readonly_fields = ("rate_table", "accounts")

    def get_fields(self, request: HttpRequest, obj: RateCard | None = None) -> tuple[str, ...]:
        return ("name", "rate_table", "accounts") if obj else ("name",)

    @admin.display(description="Price now")
    def price(self, card: RateCard) -> str:
        line = next((line for line in rate_lines(card, timezone.now()) if line.in_force), None)
        return line.words if line else NOTHING

    @admin.display(description="Accounts that have, had or will have it")
    def accounts(self, card: RateCard) -> SafeString | str:
        shown = Account.objects.filter(rates__card=card).distinct()[:MOST_FOLLOWERS]
        links = [(reverse("admin:streams_account_change", args=[account.pk]), account.name) for account in shown]
        return format_html_join(", ", '<a href="{}">{}</a>', links) or NOTHING


def _audited(rate: Rate) -> dict[str, list[str]]:
    price = price_words(rate.price) if rate.price else f"as rate card {rate.card}"
    return {"valid_from": ["", since_words(rate.valid_from, "UTC")], "price": ["", price]}


def _added_words(owner: Account | RateCard, rate: Rate, now: datetime) -> str:
    what = price_words(rate.price) if rate.price else f"what the rate card {rate.card} says"
    late = " It begins in the past: streams that have ended since then keep what they were charged." if rate.valid_from < now else ""
    return f"From {since_words(rate.valid_from, zone_of(owner))} on, {owner} pays {what}.{late}"
