"""Seconds -> intervals -> money, in Decimal. Must not know accounts, rows or currencies."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

CENT_THOUSANDTH = Decimal("0.00001")


class Bill(NamedTuple):
    """`seconds`: duration rounded up to whole seconds; `billed_seconds`: rounded up to the interval; `amount`: 5 decimals."""

    seconds: int
    billed_seconds: int
    amount: Decimal


def bill(started_at: datetime | None, ended_at: datetime | None, rate: Decimal, interval_seconds: int) -> Bill:
    """The bill of a stream at `rate` for each started interval. A stream that never started costs nothing."""
    if started_at is None or ended_at is None:
        return Bill(0, 0, Decimal("0.00000"))
    # A stream whose clock went backwards lasted no time; it is never billed for less than nothing.
    seconds = max(math.ceil((ended_at - started_at) / timedelta(seconds=1)), 0)
    intervals = -(-seconds // interval_seconds)
    amount = (rate * intervals).quantize(CENT_THOUSANDTH, rounding=ROUND_HALF_UP)
    return Bill(seconds, intervals * interval_seconds, amount)


def totals(amounts: Iterable[tuple[Decimal, str]]) -> dict[str, Decimal]:
    """The sum of the amounts of each currency."""
    sums: dict[str, Decimal] = {}
    for amount, currency in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums
