"""Which price is in force, whatever the order and number of changes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.price import BEGINNING, CURRENCIES, DEFAULT, Price, Term, currency_problem, price_at, term_at

START = datetime(2026, 11, 1, tzinfo=UTC)


def price(amount: int) -> Price:
    return Price(Decimal(amount), 60, "USD")


@given(days=st.lists(st.integers(0, 50), unique=True), day=st.integers(-1, 51))
def test_the_last_one_that_has_begun_is_in_force(days, day) -> None:
    terms = [Term(START + timedelta(days=one), price(one)) for one in sorted(days)]
    found = term_at(terms, START + timedelta(days=day))
    begun = [one for one in days if one <= day]
    assert (found.price.amount if found else None) == (max(begun) if begun else None)


def test_before_the_first_one_and_without_any_it_is_the_default() -> None:
    assert price_at([], {}, START) == price_at([Term(START, price(9))], {}, START - timedelta(seconds=1)) == DEFAULT


def test_a_card_is_asked_for_its_own_history() -> None:
    own = [Term(BEGINNING, price(1)), Term(START, None, 7), Term(START + timedelta(days=9), price(2))]
    cards = {7: [Term(BEGINNING, price(10)), Term(START + timedelta(days=3), price(11))]}
    moments = [START - timedelta(seconds=1), START, START + timedelta(days=3), START + timedelta(days=9)]
    assert [price_at(own, cards, moment).amount for moment in moments] == [1, 10, 11, 2]
    assert price_at(own, {}, START) == DEFAULT


@pytest.mark.parametrize("code", ["USD", "EUR", "JPY", "KWD", "CLF"])
def test_a_currency_in_which_somebody_pays(code) -> None:
    assert currency_problem(code) == "" and code in CURRENCIES


@pytest.mark.parametrize("code", ["", "usd", "US", "USDT", "XXX", "XTS", "XAU", "BTC", "U\u0405D"])
def test_what_is_no_currency_is_refused_with_a_sentence(code) -> None:
    assert "ISO 4217" in currency_problem(code)
