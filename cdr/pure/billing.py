"""Seconds -> intervals -> money, in Decimal. Must not know accounts or rows."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from streams.pure.price import Price

CENT_THOUSANDTH = Decimal("0.00001")
NO_MONEY = Decimal("0.00000")
MOST = Decimal("9999999999.99999")
"""Of one charge: the 15 digits that every database keeps exactly."""


class Bill(NamedTuple):
    """`seconds`: duration rounded up to whole seconds; `billed_seconds`: those that are not free, at least the minimum, rounded up to the
    interval; `amount`: 5 decimals."""

    seconds: int
    billed_seconds: int
    amount: Decimal


def bill(started_at: datetime | None, ended_at: datetime | None, price: Price) -> Bill:
    """The bill of a stream. One that never started costs nothing."""
    if started_at is None or ended_at is None:
        return Bill(0, 0, NO_MONEY)
    # A stream whose clock went backwards lasted no time; it is never billed for less than nothing.
    seconds = max(math.ceil((ended_at - started_at) / timedelta(seconds=1)), 0)
    return bill_of(seconds, price)


def bill_of(seconds: int, price: Price) -> Bill:
    """The bill of so many whole seconds."""
    left = max(seconds - price.free_seconds, 0)
    billed = max(left, price.minimum_seconds) if left else 0
    intervals = -(-billed // price.interval_seconds)
    amount = (price.amount * intervals).quantize(CENT_THOUSANDTH, rounding=ROUND_HALF_UP)
    return Bill(seconds, intervals * price.interval_seconds, min(amount, MOST))


def a_minute(price: Price) -> Decimal:
    """What a minute costs while it goes on, intervals apart."""
    return (price.amount * 60 / price.interval_seconds).quantize(CENT_THOUSANDTH, rounding=ROUND_HALF_UP)


def totals(amounts: Iterable[tuple[Decimal, str]]) -> dict[str, Decimal]:
    """The sum of the amounts of each currency."""
    sums: dict[str, Decimal] = {}
    for amount, currency in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums
