"""Prices of a provisioning file: what of them there is already, what will be added, and what is wrong.

Owns how an entry of the file becomes a rate. What may be added is streams.rates' rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Model

from streams import rates
from streams.models import Account, Rate, RateCard
from streams.pure.price import BEGINNING, DEFAULT
from streams.pure.provision_file import PRICE_KEYS, FileEntry, at, meant
from streams.pure.time_zone import read_local

COLUMNS = {
    "rate": "amount",
    "billing_interval": "interval_seconds",
    "currency": "currency",
    "minimum_seconds": "minimum_seconds",
    "free_seconds": "free_seconds",
}
KEYS = {column: key for key, column in COLUMNS.items()} | {"card": "rate_card"}
FROM_THE_BEGINNING = "beginning"


@dataclass(frozen=True)
class Change:
    """`action` is created, changed or left; `keys` are what was changed, `values` what of it was and is, by key."""

    action: str
    what: str
    keys: tuple[str, ...] = ()
    row: Model | None = field(default=None, compare=False, repr=False)
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict, compare=False, repr=False)


class PlannedRate(NamedTuple):
    """`instead`: one that has not begun, and goes. `told`: with a line of its own."""

    rate: Rate
    instead: Rate | None
    told: bool
    place: str


class RatePlans:
    """What will be saved, once its accounts and cards are."""

    def __init__(self, problem: Callable[[str, str], None], now: datetime) -> None:
        self._problem, self._now = problem, now
        self._cards: dict[str, RateCard] = {card.name: card for card in RateCard.objects.all()}
        self._planned: list[PlannedRate] = []
        self._left: list[Change] = []

    def know(self, card: RateCard) -> None:
        self._cards[card.name] = card

    def add_present(self, account: Account, entry: FileEntry) -> dict[str, list[Any]]:
        """The price that an account's own keys say: from the beginning of a new account, else from now on where it differs. Returns
        what was and what is, by the keys that do."""
        given = {key: entry.values[key] for key in PRICE_KEYS if key in entry.values}
        if not given:
            return {}
        present = rates.PriceList([account.pk]).at(account.pk, self._now) if account.pk else DEFAULT
        if "rate_card" not in given:
            given = dict(zip(COLUMNS, present, strict=True)) | given
        rate = self._rate(account, entry.place, given, self._now if account.pk and rates.rates_of(account) else BEGINNING)
        if rate is None:
            return {}
        was = {key: getattr(present, column) for key, column in COLUMNS.items()}
        changed = {key: [was[key], value] for key, value in entry.values.items() if key in COLUMNS and value != was[key]}
        if rate.card is not None:
            changed = {} if _has_card(account, rate.card, self._now) else {"rate_card": [None, rate.card.name]}
        if changed or not account.pk:
            self._plan(PlannedRate(rate, None, False, entry.place))
        return changed

    def add_dated(self, owner: Account | RateCard, entries: Sequence[FileEntry]) -> None:
        """Those of the list `rates`: one that has begun stays as it is, one to come is replaced where it differs."""
        known = {rate.valid_from: rate for rate in rates.rates_of(owner)} if owner.pk else {}
        for entry in entries:
            moment = self._moment(owner, entry)
            if moment is not None:
                self._add_dated(owner, entry, moment, known.get(moment))

    def _add_dated(self, owner: Account | RateCard, entry: FileEntry, moment: datetime, there: Rate | None) -> None:
        rate = self._rate(owner, entry.place, {"minimum_seconds": 0, "free_seconds": 0} | entry.values, moment)
        if rate is None:
            return
        if there is not None and (there.price, there.card_id) == (rate.price, rate.card_id):
            self._left.append(Change("left", _what(there)))
        elif there is not None and moment <= self._now:
            words = f"is the date of another price ({_said(there)}), which has begun and stays. Give the new one a later date."
            self._problem(at(entry.place, "valid_from"), words)
        else:
            self._plan(PlannedRate(rate, there, True, entry.place))

    def _moment(self, owner: Account | RateCard, entry: FileEntry) -> datetime | None:
        text = entry.values.get("valid_from", "")
        if text == FROM_THE_BEGINNING:
            return BEGINNING
        name = owner.zone_name if isinstance(owner, Account) else "UTC"
        try:
            return read_local(text, name) if text else None
        except ValueError as error:
            self._problem(at(entry.place, "valid_from"), f"{error} Or {FROM_THE_BEGINNING}.")
            return None

    def _rate(self, owner: Account | RateCard, place: str, values: Mapping[str, Any], moment: datetime) -> Rate | None:
        whose: dict[str, Any] = {"account": owner, "card": self._card(place, values)} if isinstance(owner, Account) else {"card": owner}
        columns = {column: values.get(key) for key, column in COLUMNS.items()}
        if isinstance(owner, Account) and "rate_card" in values:
            if priced := [key for key in values if key in COLUMNS and values[key]]:
                self._problem(at(place, "rate_card"), f"says the price; leave out {', '.join(priced)}, or the card.")
            columns = {"amount": None, "interval_seconds": None, "currency": "", "minimum_seconds": 0, "free_seconds": 0}
        columns["currency"] = columns["currency"] or ""
        if "rate_card" in values and whose["card"] is None:
            return None
        return Rate(**whose, **columns, valid_from=moment)

    def _card(self, place: str, values: Mapping[str, Any]) -> RateCard | None:
        name = values.get("rate_card")
        if name is not None and name not in self._cards:
            self._problem(at(place, "rate_card"), f"{name!r} is no rate card.{meant(name, list(self._cards))}")
        return self._cards.get(name) if name is not None else None

    def _plan(self, planned: PlannedRate) -> None:
        self._planned.append(planned)
        for column, words in rates.problems_of(planned.rate, [other.rate for other in self._planned], planned.instead).items():
            self._problem(at(planned.place, KEYS.get(column, column)), words)

    def save(self, by: str) -> list[Change]:
        """What was told of in the file, in its order; what of it there was already at the end."""
        return [change for planned in self._planned if (change := _save(planned, by))] + self._left


def _save(planned: PlannedRate, by: str) -> Change | None:
    rate = planned.rate
    if planned.instead is not None:
        planned.instead.delete()
    rate.created_by = by
    rate.save()
    values = {"valid_from": [None, str(rate.valid_from)], "price": [_said(planned.instead) if planned.instead else None, _said(rate)]}
    if not planned.told:
        return None
    return Change("changed" if planned.instead else "created", _what(rate), (_said(rate),), rate, values)


def _what(rate: Rate) -> str:
    return f"rate of {rate}"


def _said(rate: Rate) -> str:
    price = rate.price
    return f"{price.amount} {price.currency} per {price.interval_seconds} s" if price else f"rate card {rate.card}"


def _has_card(account: Account, card: RateCard, now: datetime) -> bool:
    """Whether the account has that card now."""
    begun = [rate for rate in rates.rates_of(account) if rate.valid_from <= now] if account.pk else []
    return bool(begun) and begun[0].card_id == card.pk
