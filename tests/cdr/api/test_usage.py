"""What an account used, by API: days of its own time zone, each currency by itself."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from streams.models import Account
from tests.cdr.api.customers import Customer
from tests.cdr.statements.charged import charged
from tests.moved_clock import database_goes_with_it
from tests.streams.rows import priced

NOON = datetime(2026, 10, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def used(acme: Customer) -> Customer:
    """Two days of October and one moment that is November in Berlin; one of another account."""
    Account.objects.filter(pk=acme.account.pk).update(time_zone="Europe/Berlin")
    name, gateway = acme.account.name, acme.account.gateways.first().name
    for at, seconds in ((NOON, 60), (NOON, 61), (NOON + timedelta(days=1), 10), (datetime(2026, 10, 31, 23, 0, tzinfo=UTC), 5)):
        charged(at, seconds, name, gateway)
    charged(NOON, 60, "Somebody else", "elsewhere")
    return acme


def lines(customer: Customer, **asked: str) -> list[tuple[object, ...]]:
    answer = customer.get("Usage/", asked)
    assert answer.status_code == 200, answer.content
    found = answer.json()["objects"]
    return [
        (one["day"] or one["month"] or one["application"], one["streams"], one["rounded_bill_duration"], one["billed_amount"])
        for one in found
    ]


OCTOBER = {"from": "2026-10-01", "to": "2026-11-01"}


def test_by_day_month_application_and_in_all(used: Customer) -> None:
    assert lines(used, **OCTOBER, by="day") == [("2026-10-03", 2, 180, "0.00900"), ("2026-10-04", 1, 60, "0.00300")]
    assert lines(used, **{**OCTOBER, "to": "2026-11-02"}, by="month") == [("2026-10", 3, 240, "0.01200"), ("2026-11", 1, 60, "0.00300")]
    assert lines(used, **OCTOBER) == [(None, 3, 240, "0.01200")]
    ((name, *figures),) = lines(used, **OCTOBER, by="application")
    assert name == used.account.applications.first().name and figures == [3, 240, "0.01200"]


def test_the_end_is_excluded_and_days_are_the_customers(used: Customer) -> None:
    body = used.get("Usage/", {"from": "2026-10-31", "to": "2026-11-01"}).json()
    assert (body["from"], body["to"], body["time_zone"], body["by"], body["objects"]) == (
        "2026-10-31",
        "2026-11-01",
        "Europe/Berlin",
        "total",
        [],
    )
    assert lines(used, **{"from": "2026-11-01", "to": "2026-11-02"}) == [(None, 1, 60, "0.00300")]


def test_two_currencies_are_two_lines(used: Customer) -> None:
    priced(used.account, "0.04", 60, "EUR", valid_from=NOON + timedelta(days=5))
    charged(NOON + timedelta(days=6), 60, used.account.name, used.account.gateways.first().name)
    found = used.get("Usage/", OCTOBER).json()["objects"]
    assert [(one["currency"], one["billed_amount"]) for one in found] == [("EUR", "0.04000"), ("USD", "0.01200")]


def test_without_days_it_is_this_month_to_today(used: Customer, monkeypatch) -> None:
    database_goes_with_it(monkeypatch)
    with time_machine.travel(datetime(2026, 10, 4, 22, 30, tzinfo=UTC), tick=False):
        body = used.get("Usage/").json()
    assert (body["from"], body["to"]) == ("2026-10-01", "2026-10-06") and body["objects"][0]["streams"] == 3


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"from": "yesterday"}, "write a day as YYYY-MM-DD"),
        ({"from": "2026-10-01T00:00"}, "write a day as YYYY-MM-DD"),
        ({"from": "20261001"}, "write a day as YYYY-MM-DD"),
        ({"to": "2026-02-30"}, "write a day as YYYY-MM-DD"),
        ({"from": "0001-01-01", "to": "2026-01-01"}, "write a day as YYYY-MM-DD"),
        ({"from": "2026-10-01", "to": "2026-10-01"}, "`to` is the first day that is not counted"),
        ({"from": "2026-10-02", "to": "2026-10-01"}, "`to` is the first day that is not counted"),
        ({"from": "2025-01-01", "to": "2026-10-01"}, "at most 366 days"),
        ({"by": "hour"}, "by: "),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(used: Customer, asked: dict[str, str], words: str) -> None:
    answer = used.get("Usage/", asked)
    assert answer.status_code == 400 and words in answer.json()["error"]


def test_it_takes_as_many_queries_for_many_streams(used: Customer, django_assert_max_num_queries) -> None:
    for minute in range(20):
        charged(NOON + timedelta(minutes=minute), 5, used.account.name, used.account.gateways.first().name)
    with django_assert_max_num_queries(6):
        assert lines(used, **OCTOBER, by="application")[0][1] == 23
