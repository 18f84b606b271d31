"""The form of a credit or a correction. Owns what is asked; whether it may be is cdr.statements.correcting's."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cdr.models import Adjustment
from cdr.statements.correcting import LONGEST_REASON, MOST
from streams.models import Account
from streams.pure.price import DECIMALS
from streams.pure.time_zone import begin_of, local_day, read_local

CREDIT = "credit"
KINDS = ((CREDIT, "a credit: the account owes less"), ("owed", "a correction: the account owes more"))


class CorrectionForm(forms.Form):
    kind = forms.ChoiceField(choices=KINDS, label="It is")
    amount = forms.DecimalField(
        min_value=Decimal("0.00001"), max_value=MOST, max_digits=15, decimal_places=DECIMALS, help_text="More than 0, up to 5 decimals."
    )
    currency = forms.CharField(max_length=10, help_text="ISO 4217. Its line is in the statement of that currency.")
    reason = forms.CharField(max_length=LONGEST_REASON, help_text="It stands in the statement.")
    at = forms.CharField(required=False, max_length=40, label="Day", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, account: Account, now: datetime, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.now = account, now
        self.initial = {"currency": currency}
        self.fields[
            "at"
        ].help_text = (
            f"To whose month it belongs: 2026-10-31, in {account.zone_name}. Empty: now. Not in the future, and in no closed month."
        )

    def clean_at(self) -> datetime:
        """Today is now: its beginning may lie in a month that was closed since."""
        text: str = self.cleaned_data["at"].strip()
        if not text:
            return self.now
        try:
            moment = read_local(text, self.account.zone_name)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        today = begin_of(local_day(self.now, self.account.zone_name), self.account.zone_name)
        return self.now if moment == today else moment

    def correction(self) -> Adjustment:
        """Of a valid form, not saved."""
        values = self.cleaned_data
        amount = -values["amount"] if values["kind"] == CREDIT else values["amount"]
        return Adjustment(
            account=self.account, amount=amount, currency=values["currency"].strip(), reason=values["reason"], at=values["at"]
        )
