"""The line a support person reads out when a customer asks what a stream cost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cdr.pure.bill_words import Charged, explained, plain
from cdr.pure.billing import bill
from streams.pure.price import Price

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def explained_after(seconds: float, rate: str = "0.00300", interval: int = 60) -> str:
    sums = bill(START, START + timedelta(seconds=seconds), Price(Decimal(rate), interval, "USD"))
    return explained(Charged(sums.seconds, sums.billed_seconds, interval, Decimal(rate), sums.amount, "USD"))


def test_one_interval_and_several() -> None:
    assert explained_after(20.1) == "21 s → rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD"
    assert explained_after(121) == "121 s → rounded up to 180 s (3 intervals of 60 s) × 0.003 USD per interval = 0.00900 USD"
    assert explained_after(60) == "60 s → rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD"


def test_a_plan_by_the_second_and_one_that_costs_nothing() -> None:
    assert explained_after(21, "0.00005", 1) == "21 s → rounded up to 21 s (21 intervals of 1 s) × 0.00005 USD per interval = 0.00105 USD"
    assert explained_after(21, "0") == "21 s → rounded up to 60 s (1 interval of 60 s) × 0 USD per interval = 0.00000 USD"


def test_what_is_free_and_what_is_billed_at_least() -> None:
    plan = (60, Decimal("0.003"), Decimal("0.00300"), "USD", True)
    rest = "→ rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD"
    assert explained(Charged(21, 60, *plan, 0, 10)) == f"21 s − 10 s free {rest}"
    assert explained(Charged(21, 60, *plan, 30, 0)) == f"21 s, billed as 30 s at least {rest}"
    assert explained(Charged(41, 60, *plan, 30, 10)) == f"41 s − 10 s free {rest}"
    free = Charged(9, 0, 60, Decimal("0.003"), Decimal("0.00000"), "USD", True, 30, 10)
    assert explained(free) == "9 s, of which the first 10 s are free = 0.00000 USD"


def test_a_stream_that_never_started() -> None:
    charged = Charged(0, 0, 60, Decimal("0.003"), Decimal("0.00000"), "EUR", started=False)
    assert explained(charged) == "0.00000 EUR, for the stream never sent a packet"


@pytest.mark.parametrize(("rate", "printed"), [("0.00300", "0.003"), ("1.00000", "1"), ("100.00000", "100"), ("12.50000", "12.5")])
def test_a_rate_without_the_zeros_at_its_end(rate, printed) -> None:
    assert plain(Decimal(rate)) == printed
