"""What a stream costs by the second, and which of several prices with a date is in force at a moment.

Owns the choice among terms. Must not know accounts, rows, or how seconds become money."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import iso4217

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Valid from here on is valid from the beginning."""
DECIMALS = 5
HIGHEST = Decimal("99999.99999")
"""Of one interval. With more, a stream of some years would cost what no column of a charge holds, and could not be ended."""
CURRENCIES = frozenset(currency.code for currency in iso4217.Currency if currency.exponent is not None)
"""ISO 4217, without metals, tests and units of account, in which nobody pays."""


class Price(NamedTuple):
    """`amount` of `currency` for each started interval. Of each stream the first `free_seconds` are not billed, and of what is left,
    if anything is, at least `minimum_seconds`."""

    amount: Decimal
    interval_seconds: int
    currency: str
    minimum_seconds: int = 0
    free_seconds: int = 0


DEFAULT = Price(Decimal("0.00300"), 60, "USD")
"""Of an account that was never given another."""


class Term(NamedTuple):
    """From `valid_from` on, until the next term begins: this price, or whatever the card with this key says."""

    valid_from: datetime
    price: Price | None
    card: int | None = None


def term_at(terms: Sequence[Term], at: datetime) -> Term | None:
    """That in force, of terms in the order of their dates; None before the first."""
    place = bisect_right(terms, at, key=lambda term: term.valid_from)
    return terms[place - 1] if place else None


def price_at(own: Sequence[Term], cards: Mapping[int, Sequence[Term]], at: datetime) -> Price:
    """The price in force for an account with those terms of its own; DEFAULT where nothing says another."""
    term = term_at(own, at)
    if term is not None and term.card is not None:
        term = term_at(cards.get(term.card, ()), at)
    return term.price if term is not None and term.price is not None else DEFAULT


def currency_problem(code: str) -> str:
    """Why that is no currency; "" when it is one."""
    if code in CURRENCIES:
        return ""
    small = f" Did you mean {code.upper()}?" if code.upper() in CURRENCIES else ""
    return f"A currency is three capital letters of ISO 4217, such as USD or EUR.{small}"
