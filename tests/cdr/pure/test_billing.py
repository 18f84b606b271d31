"""Seconds to money: exact, never below nothing, five decimals."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.billing import MOST, a_minute, bill, bill_of, totals
from streams.pure.price import HIGHEST, Price

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
PRICE = Price(Decimal("0.00300"), 60, "USD")


@pytest.mark.parametrize(
    ("seconds", "duration", "billed", "amount"),
    [
        (0, 0, 0, "0.00000"),
        (0.001, 1, 60, "0.00300"),
        (21, 21, 60, "0.00300"),
        (60, 60, 60, "0.00300"),
        (60.000001, 61, 120, "0.00600"),
        (86_400, 86_400, 86_400, "4.32000"),
    ],
)
def test_each_started_interval_is_billed(seconds, duration, billed, amount) -> None:
    assert bill(START, START + timedelta(seconds=seconds), PRICE) == (duration, billed, Decimal(amount))


@pytest.mark.parametrize(("start", "end"), [(None, START), (START, None), (None, None)])
def test_a_stream_that_never_started_costs_nothing(start, end) -> None:
    assert bill(start, end, PRICE) == (0, 0, Decimal("0.00000"))


def test_a_clock_that_went_backwards_bills_nothing() -> None:
    assert bill(START, START - timedelta(seconds=5), PRICE) == (0, 0, Decimal("0.00000"))


def test_half_of_the_last_decimal_is_rounded_up() -> None:
    assert bill(START, START + timedelta(seconds=1), Price(Decimal("0.000005"), 1, "USD")).amount == Decimal("0.00001")


@given(
    microseconds=st.integers(0, 86_400 * 10**6),
    interval=st.integers(1, 3600),
    rate=st.decimals(0, 100, places=5),
)
def test_the_bill_covers_the_stream_and_no_interval_more(microseconds, interval, rate) -> None:
    made = bill(START, START + timedelta(microseconds=microseconds), Price(rate, interval, "EUR"))
    assert 0 <= made.seconds - microseconds / 10**6 < 1
    assert made.billed_seconds % interval == 0
    assert made.seconds <= made.billed_seconds < made.seconds + interval
    assert made.amount == rate * (made.billed_seconds // interval)


def test_totals_are_kept_apart_by_currency() -> None:
    amounts = [(Decimal("0.003"), "USD"), (Decimal("0.004"), "EUR"), (Decimal("0.006"), "USD")]
    assert totals(amounts) == {"USD": Decimal("0.009"), "EUR": Decimal("0.004")}
    assert totals([]) == {}


@given(seconds=st.integers(0, 86_400), interval=st.integers(1, 3600), free=st.integers(0, 3600), least=st.integers(0, 3600))
def test_what_is_free_is_not_billed_and_the_rest_at_least_the_minimum(seconds, interval, free, least) -> None:
    made = bill_of(seconds, Price(Decimal(1), interval, "USD", minimum_seconds=least, free_seconds=free))
    assert made.seconds == seconds
    if seconds <= free:
        assert made.billed_seconds == 0 and made.amount == 0
    else:
        wanted = max(seconds - free, least)
        assert wanted <= made.billed_seconds < wanted + interval


def test_the_dearest_stream_there_can_be_fits_into_its_column() -> None:
    assert bill_of(86_400, Price(HIGHEST, 1, "USD")).amount < MOST
    assert bill_of(2**31 - 1, Price(HIGHEST, 1, "USD")).amount == MOST


def test_what_a_minute_costs() -> None:
    assert a_minute(Price(Decimal("0.00300"), 60, "USD")) == Decimal("0.00300")
    assert a_minute(Price(Decimal("0.00010"), 7, "USD")) == Decimal("0.00086")
