"""What rates may be added, withdrawn and looked up; and what nobody may do to them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction

from streams import rates
from streams.models import Account, Rate, RateCard
from streams.pure.price import BEGINNING, DEFAULT, Price
from tests.moved_clock import database_goes_with_it
from tests.streams.rows import priced

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
PLAN = {"amount": Decimal("0.004"), "interval_seconds": 60, "currency": "USD"}


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account() -> Account:
    return Account.objects.create(name="Acme")


@pytest.fixture
def card() -> RateCard:
    return RateCard.objects.create(name="Standard")


def problems(rate: Rate) -> dict[str, str]:
    """Of one that is refused; nothing is written."""
    before = list(Rate.objects.values())
    with pytest.raises(rates.NotAdded) as error:
        rates.add(rate)
    assert list(Rate.objects.values()) == before
    return error.value.problems


def test_an_account_that_was_given_none_has_the_default(account) -> None:
    assert rates.price_now(account) == DEFAULT


def test_one_is_added_and_comes_into_force_by_itself(account) -> None:
    priced(account, "0.003")
    rates.add(Rate(account=account, valid_from=LATER, **PLAN))
    listed = rates.PriceList([account.pk])
    assert [listed.at(account.pk, moment).amount for moment in (NOW, LATER)] == [Decimal("0.003"), Decimal("0.004")]


def test_no_two_of_one_moment(account, card) -> None:
    priced(account, valid_from=LATER)
    assert (
        "There is a rate from 2026-11-30 12:00 UTC on already." in problems(Rate(account=account, valid_from=LATER, **PLAN))["valid_from"]
    )
    priced(card, valid_from=LATER)
    assert "already" in problems(Rate(card=card, valid_from=LATER, **PLAN))["valid_from"]
    assert rates.add(Rate(account=Account.objects.create(name="Another"), valid_from=LATER, **PLAN)).pk


@pytest.mark.parametrize("account_of_card", [False, True])
def test_not_even_by_two_at_once(account, card, account_of_card) -> None:
    """Who looked before the other wrote is refused by the database."""
    owner = {"account": account} if account_of_card else {"card": card}
    Rate.objects.create(**owner, valid_from=LATER, **PLAN)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rate.objects.create(**owner, valid_from=LATER, **PLAN)


@pytest.mark.parametrize(
    "columns",
    [
        {"amount": None},
        {"amount": Decimal(-1)},
        {"interval_seconds": 0},
        {"currency": ""},
        {"account": None},
    ],
)
def test_the_database_holds_no_price_that_is_none(account, columns) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Rate.objects.create(**{"account": account, "valid_from": LATER, **PLAN, **columns})


def test_none_inside_what_is_closed_of_the_account_or_of_whoever_has_the_card(account, card) -> None:
    priced(card)
    account.rates.create(card=card, valid_from=BEGINNING)
    Account.objects.update(closed_until=NOW)
    early = NOW - timedelta(seconds=1)
    assert "Statements are closed until 2026-11-27 12:00 UTC" in problems(Rate(account=account, valid_from=early, **PLAN))["valid_from"]
    assert "Statements are closed" in problems(Rate(card=card, valid_from=early, **PLAN))["valid_from"]
    assert rates.add(Rate(card=card, valid_from=NOW, **PLAN)).pk and rates.add(Rate(account=account, valid_from=NOW, **PLAN)).pk


def test_a_card_without_a_price_is_no_price(account, card) -> None:
    assert "no price for then" in problems(Rate(account=account, card=card, valid_from=LATER))["card"]
    priced(card, valid_from=LATER + timedelta(seconds=1))
    assert "no price for then" in problems(Rate(account=account, card=card, valid_from=LATER))["card"]
    priced(card, valid_from=LATER)
    assert rates.add(Rate(account=account, card=card, valid_from=LATER, **PLAN)).amount is None


def test_every_column_says_what_is_wrong_with_it(account) -> None:
    found = problems(Rate(account=account, valid_from=LATER, amount=Decimal("-0.1"), interval_seconds=0, currency="EURO"))
    assert found.keys() == {"amount", "interval_seconds", "currency"}
    assert problems(Rate(account=account, valid_from=LATER)).keys() == {"amount", "interval_seconds", "currency"}


def test_what_has_begun_stays_and_what_has_not_goes(account) -> None:
    begun, coming = priced(account, valid_from=NOW), priced(account, valid_from=NOW + timedelta(seconds=1))
    with pytest.raises(rates.NotWithdrawn, match="has begun"):
        rates.take_back(begun)
    rates.take_back(coming)
    with pytest.raises(rates.NotWithdrawn, match="meanwhile"):
        rates.take_back(coming)
    assert Rate.objects.get() == begun


def test_the_only_price_of_a_card_that_somebody_will_have_stays(account, card) -> None:
    first, second = priced(card, valid_from=LATER), priced(card, valid_from=LATER + timedelta(days=1))
    account.rates.create(card=card, valid_from=LATER)
    with pytest.raises(rates.NotWithdrawn, match="would have no price"):
        rates.take_back(first)
    rates.take_back(second)


def test_prices_of_many_accounts_take_one_question(card, django_assert_num_queries) -> None:
    priced(card, "0.01")
    accounts = [Account.objects.create(name=f"Account {number}") for number in range(20)]
    for one in accounts[::2]:
        one.rates.create(card=card, valid_from=BEGINNING)
    with django_assert_num_queries(1):
        listed = rates.PriceList(one.pk for one in accounts)
        assert {listed.at(one.pk, NOW) for one in accounts} == {DEFAULT, Price(Decimal("0.01"), 60, "USD")}
