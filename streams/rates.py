"""Rates with a date: looked up where something is charged, added, and withdrawn before they begin.

Owns what may be added: no second one of the same moment, none inside what is closed, none that is changed once it has begun. Must not
know statements: up to when an account's are closed stands in its row."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from streams.database_clock import database_now
from streams.models import Account, Rate, RateCard
from streams.pure.price import BEGINNING, DEFAULT, Price, Term, price_at
from streams.ready_statement import ReadyStatement


class NotAdded(Exception):
    """`problems`: by column, a sentence each. Nothing was written."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems.values()))


class NotWithdrawn(Exception):
    """The message says why."""


def _rates_of(**accounts: Any) -> QuerySet[Rate]:
    """Their own, and those of the cards they have or had."""
    cards = Rate.objects.filter(**accounts, card__isnull=False).order_by().values("card")
    return Rate.objects.filter(Q(**accounts) | Q(account=None, card__in=cards))


_OF_ONE = ReadyStatement(lambda key: _rates_of(account=key), int)
"""Asked for with each stream that ends."""


class PriceList:
    """The prices of some accounts, and of the cards they have or had, as they are now in the database."""

    def __init__(self, accounts: Iterable[int]) -> None:
        """In one query."""
        self._own: defaultdict[int, list[Term]] = defaultdict(list)
        self._cards: defaultdict[int, list[Term]] = defaultdict(list)
        keys = set(accounts)
        for rate in _OF_ONE.objects(Rate, *keys) if len(keys) == 1 else _rates_of(account__in=keys):
            known, key = (self._own, rate.account_id) if rate.account_id else (self._cards, rate.card_id)
            known[key or 0].append(rate.term)

    def at(self, account: int, moment: datetime) -> Price:
        return price_at(self._own.get(account, ()), self._cards, moment)


def price_now(account: Account) -> Price:
    return PriceList([account.pk]).at(account.pk, database_now()) if account.pk else DEFAULT


def problems_of(rate: Rate, beside: Sequence[Rate] = (), instead: Rate | None = None) -> dict[str, str]:
    """What is wrong with a rate that is not saved yet, by column. `beside`: others that are saved with it; `instead`: one that goes for
    it."""
    found = _column_problems(rate)
    others = [*(known for known in _saved(rate) if known != instead), *(known for known in beside if _whose(known) == _whose(rate))]
    if any(known.valid_from == rate.valid_from for known in others if known is not rate):
        found["valid_from"] = f"There is a rate from {_words(rate.valid_from)} on already. Withdraw that one first, or choose another time."
    closed = max((account.closed_until for account in followers(rate) if account.closed_until), default=None)
    if closed is not None and rate.valid_from < closed:
        found["valid_from"] = (
            f"Statements are closed until {_words(closed)}, and what is closed does not change. Choose that time or a later one; "
            "a credit corrects what was billed before."
        )
    if _has_card(rate) and not _card_has_price(rate, beside):
        found["card"] = f"The rate card {rate.card} has no price for then. Give it one first."
    return found


def _has_card(rate: Rate) -> bool:
    return rate.account is not None and rate.card is not None


def _whose(rate: Rate) -> Account | RateCard | None:
    return rate.account or rate.card


def _saved(rate: Rate) -> list[Rate]:
    owner = _whose(rate)
    return rates_of(owner) if owner is not None and owner.pk else []


def _card_has_price(rate: Rate, beside: Sequence[Rate]) -> bool:
    saved = rates_of(rate.card) if rate.card and rate.card.pk else []
    return any(known.valid_from <= rate.valid_from for known in (*saved, *beside) if known.account is None and known.card == rate.card)


def followers(rate: Rate) -> list[Account]:
    """The accounts that a rate is for: its own, or all that have its card, now, once or later."""
    if rate.account is not None:
        return [rate.account]
    return list(Account.objects.filter(rates__card=rate.card).distinct()) if rate.card and rate.card.pk else []


@transaction.atomic
def add(rate: Rate) -> Rate:
    """Saves it. Who adds another one of the same account meanwhile, waits. Raises NotAdded."""
    if rate.card_id:
        RateCard.objects.select_for_update(no_key=True).get(pk=rate.card_id)
    keys = [account.pk for account in followers(rate)]
    locked = {account.pk: account for account in Account.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")}
    if rate.account_id:
        rate.account = locked[rate.account_id]
    if found := problems_of(rate):
        raise NotAdded(found)
    rate.save()
    return rate


@transaction.atomic
def take_back(rate: Rate) -> None:
    """Takes out a rate that has not begun. Raises NotWithdrawn."""
    if rate.card_id:
        RateCard.objects.select_for_update(no_key=True).get(pk=rate.card_id)
    held = Rate.objects.select_for_update().filter(pk=rate.pk).first()
    if held is None:
        raise NotWithdrawn("it was withdrawn meanwhile.")
    if held.valid_from <= database_now():
        raise NotWithdrawn("it has begun, and what is or was in force stays.")
    if held.account_id is None and _is_needed(held):
        raise NotWithdrawn("accounts have this rate card from then on or before, and it would have no price.")
    held.delete()


def _is_needed(rate: Rate) -> bool:
    """Whether an account would have a card without a price."""
    before = Rate.objects.filter(account=None, card=rate.card, valid_from__lt=rate.valid_from).exists()
    return not before and Rate.objects.filter(account__isnull=False, card=rate.card).exists()


def _column_problems(rate: Rate) -> dict[str, str]:
    """By the columns' own validators; a card of another account's price has no columns of its own."""
    if _has_card(rate):
        rate.amount, rate.interval_seconds, rate.currency, rate.minimum_seconds, rate.free_seconds = None, None, "", 0, 0
        return {}
    missing = {"amount": "Write a price.", "interval_seconds": "Write the seconds of an interval.", "currency": "Write a currency."}
    found = {name: words for name, words in missing.items() if getattr(rate, name) in (None, "")}
    try:
        rate.clean_fields(exclude=["account", "card", *found])
    except ValidationError as error:
        found |= {name: " ".join(words) for name, words in error.message_dict.items() if name != NON_FIELD_ERRORS}
    return found


def _words(moment: datetime) -> str:
    return "the beginning" if moment == BEGINNING else f"{moment:%Y-%m-%d %H:%M} UTC"


def rates_of(owner: Account | RateCard) -> list[Rate]:
    """All there are, were and will be, the newest first."""
    whose = Q(account=owner) if isinstance(owner, Account) else Q(account=None, card=owner)
    return list(Rate.objects.filter(whose).select_related("account", "card").order_by("-valid_from"))
