"""How moments, money and numbers are written."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from cdr.api.forms import amount, api_moment, api_number, exact_moment, whole_seconds

AT = datetime(2026, 11, 23, 14, 1, 37, 250_000, UTC)


def test_moments_are_utc() -> None:
    assert api_moment(AT) == "2026-11-23 14:01:37+00:00"
    assert api_moment(AT.astimezone(timezone(timedelta(hours=5.5)))) == "2026-11-23 14:01:37+00:00"
    assert exact_moment(AT) == "2026-11-23 14:01:37.250000"


@pytest.mark.parametrize(("money", "text"), [(None, "0.00000"), (Decimal("0.003"), "0.00300"), (Decimal("1234567.89"), "1234567.89000")])
def test_amounts_have_five_decimals(money: Decimal | None, text: str) -> None:
    assert amount(money) == text


def test_numbers_have_no_plus() -> None:
    assert [api_number(text) for text in ("+14155550123", "14155550123", "sip:a+b@c", "")] == [
        "14155550123",
        "14155550123",
        "sip:a+b@c",
        "",
    ]


@pytest.mark.parametrize(("seconds", "whole"), [(0, 0), (0.001, 1), (1, 1), (1.000001, 2), (-3, 0)])
def test_seconds_are_rounded_up(seconds: float, whole: int) -> None:
    assert whole_seconds(AT, AT + timedelta(seconds=seconds)) == whole
    assert whole_seconds(AT, None) == 0
