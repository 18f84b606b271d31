"""Rates of a provisioning file: with dates, of cards, said and audited; and with one problem nothing."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from cdr.models import AuditEntry
from streams.models import Account, Rate, RateCard
from streams.provision import InvalidFile, provision
from streams.pure.price import BEGINNING, DEFAULT, Price
from streams.rate_plans import Change
from streams.rates import PriceList, price_now
from tests.moved_clock import database_goes_with_it

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
FIRST = {"valid_from": "beginning", "rate": "0.003", "billing_interval": 60, "currency": "USD"}
NEXT = {"valid_from": "2026-12-01", "rate": "0.004", "billing_interval": 30, "currency": "EUR", "minimum_seconds": 10, "free_seconds": 5}
CARD = {"name": "Standard", "rates": [FIRST, NEXT]}


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(NOW, tick=False):
        yield


def file(*accounts: dict[str, Any], cards: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"accounts": list(accounts), "rate_cards": cards or []}


def apply(document: dict[str, Any]) -> list[Change]:
    return [change for change in provision(json.dumps(document).encode()).changes if change.what.startswith("rate")]


def complaints(document: dict[str, Any]) -> dict[str, str]:
    before = list(Rate.objects.values()), list(RateCard.objects.values()), Account.objects.count()
    with pytest.raises(InvalidFile) as error:
        apply(document)
    assert (list(Rate.objects.values()), list(RateCard.objects.values()), Account.objects.count()) == before
    return {problem.place: problem.words for problem in error.value.problems}


def prices(name: str = "Acme") -> tuple[Price, Price]:
    """Now, and after the first of December."""
    account = Account.objects.get(name=name)
    listed = PriceList([account.pk])
    return listed.at(account.pk, NOW), listed.at(account.pk, datetime(2026, 12, 2, tzinfo=UTC))


def test_rates_with_dates_are_added_said_and_audited_and_the_same_file_changes_nothing() -> None:
    document = file({"name": "Acme", "time_zone": "America/New_York", "rates": [FIRST, NEXT]})
    assert [(change.action, change.what) for change in apply(document)] == [
        ("created", "rate of Acme, from the beginning"),
        ("created", "rate of Acme, from 2026-12-01 05:00 UTC"),
    ]
    assert prices() == (Price(Decimal("0.003"), 60, "USD"), Price(Decimal("0.004"), 30, "EUR", 10, 5))
    entries = AuditEntry.objects.filter(kind="rate")
    assert {(entry.by, entry.act) for entry in entries} == {("provisioning file", "add")} and entries.count() == 2
    assert "0.004 EUR per 30 s" in entries[0].details["price"][1]
    assert {change.action for change in apply(document)} == {"left"}
    assert AuditEntry.objects.filter(kind="rate").count() == 2


def test_a_rate_to_come_is_replaced_and_one_that_has_begun_is_not() -> None:
    apply(file({"name": "Acme", "rates": [FIRST, NEXT]}))
    changed = apply(file({"name": "Acme", "rates": [FIRST, NEXT | {"rate": "0.005"}]}))
    assert [change.action for change in changed] == ["changed", "left"] and prices()[1].amount == Decimal("0.005")
    found = complaints(file({"name": "Acme", "rates": [FIRST | {"rate": "0.009"}]}))
    assert "which has begun and stays" in found["accounts[0].rates[0].valid_from"]


def test_the_present_keys_follow_what_is_in_force_and_leave_what_is_to_come() -> None:
    apply(file({"name": "Acme", "rates": [FIRST, NEXT]}))
    provision(json.dumps(file({"name": "Acme", "rate": "0.007"})).encode())
    assert prices() == (Price(Decimal("0.007"), 60, "USD"), Price(Decimal("0.004"), 30, "EUR", 10, 5))
    assert Rate.objects.get(valid_from=NOW).amount == Decimal("0.007")
    assert AuditEntry.objects.get(kind="account", act="change").details == {"rate": ["0.00300", "0.007"]}
    provision(json.dumps(file({"name": "Acme", "rate": "0.007"})).encode())
    assert Rate.objects.count() == 3


def test_a_card_of_the_same_file_is_what_its_accounts_pay() -> None:
    apply(
        file(
            {"name": "Acme", "rate_card": "Standard"},
            {"name": "Globex", "rates": [{"valid_from": "2026-12-01", "rate_card": "Standard"}]},
            cards=[CARD],
        )
    )
    assert prices() == (Price(Decimal("0.003"), 60, "USD"), Price(Decimal("0.004"), 30, "EUR", 10, 5))
    assert prices("Globex") == (DEFAULT, Price(Decimal("0.004"), 30, "EUR", 10, 5))
    before = list(Rate.objects.values())
    apply(file({"name": "Acme", "rate_card": "Standard"}, cards=[CARD]))
    assert list(Rate.objects.values()) == before


def test_an_account_goes_from_its_own_price_to_a_card_from_now_on() -> None:
    apply(file({"name": "Acme", "rate": "0.009"}, cards=[CARD]))
    provision(json.dumps(file({"name": "Acme", "rate_card": "Standard"})).encode())
    account = Account.objects.get()
    assert price_now(account).amount == Decimal("0.003")
    assert PriceList([account.pk]).at(account.pk, BEGINNING).amount == Decimal("0.009")


@pytest.mark.parametrize(
    ("account", "place", "words"),
    [
        ({"rates": [NEXT, NEXT]}, "rates[1].valid_from", "There is a rate from 2026-12-01 00:00 UTC on already."),
        ({"rates": [NEXT | {"rate": "-0.1"}]}, "rates[0].rate", "greater than or equal to 0"),
        ({"rates": [NEXT | {"rate": "0.000001"}]}, "rates[0].rate", "no more than 5 decimal places"),
        ({"rates": [NEXT | {"rate": "100000"}]}, "rates[0].rate", "less than or equal to 99999.99999"),
        ({"rates": [NEXT | {"currency": "XYZ"}]}, "rates[0].currency", "ISO 4217"),
        ({"rates": [NEXT | {"currency": "usd"}]}, "rates[0].currency", "Did you mean USD?"),
        ({"rates": [NEXT | {"billing_interval": 0}]}, "rates[0].billing_interval", "greater than or equal to 1"),
        ({"rates": [{"valid_from": "2026-12-01", "billing_interval": 60, "currency": "USD"}]}, "rates[0].rate", "Write a price."),
        ({"rates": [NEXT | {"valid_from": "soon"}]}, "rates[0].valid_from", "Write a day as 2026-12-01"),
        ({"rates": [{"rate": 1}]}, "rates[0].valid_from", "is missing"),
        ({"rates": [NEXT | {"valid_from": "2026-03-29 02:30"}], "time_zone": "Europe/Berlin"}, "rates[0].valid_from", "There is no 02:30"),
        ({"rates": [NEXT], "time_zone": "Mars/Olympus"}, "time_zone", "A time zone is one of the IANA database"),
        ({"rate_card": "Standart"}, "rate_card", "Did you mean Standard?"),
        ({"rate_card": "Standard", "rate": 1}, "rate_card", "leave out rate"),
        ({"rate_card": "Empty"}, "rate_card", "has no price for then"),
        ({"rate": "1", "currency": "ABC"}, "currency", "ISO 4217"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands_and_nothing_is_saved(account: dict[str, Any], place: str, words: str) -> None:
    found = complaints(file({"name": "Acme", **account}, cards=[CARD, {"name": "Empty"}]))
    assert list(found) == [f"accounts[0].{place}"] and words in found[f"accounts[0].{place}"]


def test_a_date_inside_a_closed_statement_is_refused() -> None:
    apply(file({"name": "Acme", "rate_card": "Standard"}, cards=[CARD]))
    Account.objects.update(closed_until=datetime(2026, 11, 1, tzinfo=UTC))
    early = NEXT | {"valid_from": "2026-10-15"}
    for document, place in (
        (file({"name": "Acme", "rates": [early]}), "accounts[0].rates[0].valid_from"),
        (file(cards=[{"name": "Standard", "rates": [early]}]), "rate_cards[0].rates[0].valid_from"),
    ):
        assert "Statements are closed until 2026-11-01 00:00 UTC" in complaints(document)[place]
    assert apply(file({"name": "Acme", "rates": [NEXT | {"valid_from": "2026-11-01"}]}))
