"""A bill explained in one line: seconds -> rounded up -> rate -> amount, for the person who has to explain it on the phone.

Owns the wording. The sums are cdr.pure.billing's; nothing is calculated anew here, so that what is shown is what was charged."""

from decimal import Decimal
from typing import NamedTuple

from cdr.pure.figures import counted, money


class Charged(NamedTuple):
    """What was charged, and how it came about; `rate` is the price of each started `interval_seconds`."""

    seconds: int
    billed_seconds: int
    interval_seconds: int
    rate: Decimal
    amount: Decimal
    currency: str
    started: bool = True
    minimum_seconds: int = 0
    free_seconds: int = 0


def explained(charged: Charged) -> str:
    """`121 s → rounded up to 180 s (3 intervals of 60 s) × 0.003 USD per interval = 0.00900 USD`."""
    amount = money(charged.amount, charged.currency)
    if not charged.started:
        return f"{amount}, for the stream never sent a packet"
    if charged.free_seconds and charged.seconds <= charged.free_seconds:
        return f"{charged.seconds} s, of which the first {charged.free_seconds} s are free = {amount}"
    intervals = charged.billed_seconds // charged.interval_seconds
    rounded = f"rounded up to {charged.billed_seconds} s ({counted(intervals, 'interval')} of {charged.interval_seconds} s)"
    return f"{_counting(charged)} → {rounded} × {plain(charged.rate)} {charged.currency} per interval = {amount}"


def _counting(charged: Charged) -> str:
    """`121 s`, `121 s − 10 s free`, `5 s, billed as 30 s at least`."""
    free = f" − {charged.free_seconds} s free" if charged.free_seconds else ""
    least = f", billed as {charged.minimum_seconds} s at least" if charged.minimum_seconds > charged.seconds - charged.free_seconds else ""
    return f"{charged.seconds} s{free}{least}"


def plain(rate: Decimal) -> str:
    """A rate without the zeros at its end: `0.003`, `1`, `100`."""
    return f"{rate.normalize():f}"
