"""The form of a rate: from when, and what. A day is one of the customer's time zone.

Owns what is asked and how a date is read. Whether the rate may be is streams.rates'."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cdr.pages.rates import zone_of
from streams.models import Account, Rate, RateCard
from streams.pure.price import DECIMALS, DEFAULT, HIGHEST, Price
from streams.pure.time_zone import begin_of, first_of_month, local_day, next_month, read_local

MINUTE, TOMORROW, MONTH, DATE = "minute", "tomorrow", "month", "date"
STARTS = (
    (TOMORROW, "tomorrow"),
    (MONTH, "on the first of next month"),
    (MINUTE, "at the next full minute"),
    (DATE, "from the time written below"),
)
DAY_SECONDS = 86_400


class RateForm(forms.Form):
    """`owner`: whose price it is. `price`: in force now, which is proposed."""

    starts = forms.ChoiceField(choices=STARTS, initial=TOMORROW, label="Valid")
    valid_from = forms.CharField(required=False, max_length=40, label="Valid from", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    card = forms.ModelChoiceField(
        RateCard.objects.all(),
        required=False,
        label="Rate card",
        empty_label="None: the price below",
        help_text="Its prices count, with all changes to come, in place of those below.",
    )
    amount = forms.DecimalField(
        required=False, label="Price of one interval", min_value=Decimal(0), max_value=HIGHEST, max_digits=10, decimal_places=DECIMALS
    )
    interval_seconds = forms.IntegerField(required=False, label="Billing interval (s)", min_value=1, max_value=DAY_SECONDS)
    currency = forms.CharField(required=False, max_length=10, help_text="ISO 4217. Another one begins a statement of its own.")
    minimum_seconds = forms.IntegerField(
        required=False,
        label="Minimum duration (s)",
        min_value=0,
        max_value=DAY_SECONDS,
        help_text="A stream that costs anything is billed for at least so long.",
    )
    free_seconds = forms.IntegerField(
        required=False,
        label="Free seconds",
        min_value=0,
        max_value=DAY_SECONDS,
        help_text="The first seconds of each stream that are not billed.",
    )

    def __init__(self, *args: Any, owner: Account | RateCard, now: datetime, price: Price = DEFAULT, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = dict(price._asdict())
        self.owner, self.now, self.zone_name = owner, now, zone_of(owner)
        self.fields["valid_from"].help_text = f"2026-12-01, or 2026-12-01 14:00; in {self.zone_name}."
        if isinstance(owner, RateCard):
            del self.fields["card"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        starts = values.get("starts")
        if starts and starts != DATE and values.get("valid_from"):
            self.add_error("starts", "A time is written below as well. Choose “from the time written below”, or empty it.")
        elif starts:
            try:
                values["moment"] = valid_from(starts, values.get("valid_from", ""), self.zone_name, self.now)
            except ValueError as error:
                self.add_error("valid_from", ValidationError(str(error)))
        return values

    def rate(self, by: str) -> Rate:
        """Of a valid form; not saved, and not looked at by streams.rates."""
        values = self.cleaned_data
        owner = {"account": self.owner, "card": values["card"]} if isinstance(self.owner, Account) else {"card": self.owner}
        return Rate(
            **owner,
            valid_from=values["moment"],
            amount=values["amount"],
            interval_seconds=values["interval_seconds"],
            currency=values["currency"].strip(),
            minimum_seconds=values["minimum_seconds"] or 0,
            free_seconds=values["free_seconds"] or 0,
            created_by=by,
        )


def valid_from(starts: str, text: str, zone_name: str, now: datetime) -> datetime:
    """Raises ValueError with a sentence."""
    today = local_day(now, zone_name)
    match starts:
        case "minute":
            return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        case "tomorrow":
            return begin_of(today + timedelta(days=1), zone_name)
        case "month":
            return begin_of(next_month(first_of_month(today)), zone_name)
    return read_local(text, zone_name)
