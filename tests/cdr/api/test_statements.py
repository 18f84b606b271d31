"""An account's statements by API: which there are, and what stands in one, closed or not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cdr.audit import Actor
from cdr.models import Adjustment, Statement
from cdr.statements.closing import close_statement
from streams.models import Account
from tests.cdr.api.customers import Customer
from tests.cdr.statements.charged import charged
from tests.streams.rows import priced

SEPTEMBER, OCTOBER = datetime(2026, 9, 3, 12, tzinfo=UTC), datetime(2026, 10, 3, 12, tzinfo=UTC)
STAFF = "anna.smith@operator.example"
ACTOR = Actor(STAFF, None)


def owing(customer: Customer, at: datetime, seconds: float = 60) -> None:
    charged(at, seconds, customer.account.name, customer.gateway.name)


def credited(customer: Customer, at: datetime, amount: str, currency: str = "USD") -> None:
    of = {"account": customer.account, "currency": currency, "at": at, "created_by": STAFF}
    Adjustment.objects.create(**of, amount=amount, reason="An hour of trouble")


@pytest.fixture
def owed(acme: Customer, globex: Customer) -> Customer:
    """September closed, October open with a credit, in Berlin's days; another account has other months."""
    Account.objects.filter(pk=acme.account.pk).update(time_zone="Europe/Berlin")
    acme.account.refresh_from_db()
    owing(acme, SEPTEMBER)
    close_statement(acme.account, "USD", SEPTEMBER.date().replace(day=1), ACTOR)
    owing(acme, OCTOBER)
    owing(acme, OCTOBER, 61)
    owing(acme, SEPTEMBER + timedelta(days=1), 5)
    credited(acme, OCTOBER + timedelta(days=2), "-0.00100")
    owing(globex, OCTOBER - timedelta(days=90))
    credited(globex, OCTOBER, "7.00000", "EUR")
    return acme


def listed(customer: Customer, **asked: object) -> Any:
    answer = customer.get("Statements/", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()


def months(body: Any) -> list[tuple[str, str, str, str | None]]:
    return [(one["month"], one["currency"], one["state"], one["total_amount"]) for one in body["objects"]]


def test_closed_ones_and_drafts_are_listed_and_each_is_found_by_its_address(owed: Customer) -> None:
    body = listed(owed)
    assert months(body) == [("2026-10", "USD", "draft", None), ("2026-09", "USD", "closed", "0.00300")]
    found = [owed.get(one["resource_uri"]).json() for one in body["objects"]]
    assert [(one["state"], one["total_amount"]) for one in found] == [("draft", "0.01100"), ("closed", "0.00300")]
    for one, whole in zip(body["objects"], found, strict=True):
        assert {name: whole[name] for name in one if name != "total_amount"} == {name: one[name] for name in one if name != "total_amount"}


def test_a_draft_by_days_and_applications_with_what_came_late_and_credits(owed: Customer) -> None:
    body = owed.get("Statements/2026-10/USD/").json()
    assert (body["begin_time"], body["end_time"]) == ("2026-09-30 22:00:00+00:00", "2026-10-31 23:00:00+00:00")
    assert (body["time_zone"], body["closed_at"]) == ("Europe/Berlin", None)
    figures = [body[name] for name in ("streams", "bill_duration", "rounded_bill_duration", "billed_amount", "corrected_amount")]
    assert figures == [3, 126, 240, "0.01200", "-0.00100"] and body["total_amount"] == "0.01100"
    assert [(day["name"], day["late"], day["streams"], day["billed_amount"]) for day in body["days"]] == [
        ("2026-09-04", True, 1, "0.00300"),
        ("2026-10-03", False, 2, "0.00900"),
    ]
    assert [(one["name"], one["streams"]) for one in body["applications"]] == [("support bot", 3)]
    assert body["corrections"] == [{"day": "2026-10-05", "reason": "An hour of trouble", "amount": "-0.00100"}]


def test_a_closed_one_does_not_change_and_nobody_of_the_operator_is_named(owed: Customer) -> None:
    before = owed.get("Statements/2026-09/USD/").json()
    owing(owed, SEPTEMBER)
    Account.objects.filter(pk=owed.account.pk).update(time_zone="UTC")
    after = owed.get("Statements/2026-09/USD/").json()
    assert {**before, "api_id": ""} == {**after, "api_id": ""} and after["closed_at"]
    close_statement(owed.account, "USD", OCTOBER.date().replace(day=1), ACTOR)
    closed = owed.get("Statements/2026-10/USD/").json()
    assert (closed["state"], closed["total_amount"]) == ("closed", "0.01400")
    assert "smith" not in f"{before} {closed} {listed(owed)}"


def test_a_currency_is_a_statement_of_its_own(owed: Customer) -> None:
    priced(owed.account, "0.04", 60, "EUR", valid_from=OCTOBER + timedelta(days=5))
    owing(owed, OCTOBER + timedelta(days=6))
    assert [one[:2] for one in months(listed(owed))] == [("2026-10", "EUR"), ("2026-10", "USD"), ("2026-09", "USD")]
    assert owed.get("Statements/2026-10/EUR/").json()["total_amount"] == "0.04000"
    assert owed.get("Statements/2026-10/USD/").json()["total_amount"] == "0.01100"


def test_pages_follow_each_other(owed: Customer) -> None:
    first = listed(owed, limit=1)
    second = owed.get(first["meta"]["next"]).json()
    assert [one[0] for one in months(first) + months(second)] == ["2026-10", "2026-09"]
    assert (second["meta"]["next"], second["meta"]["total_count"]) == (None, 2)
    assert listed(owed, offset=1_000_000_000)["objects"] == []


NOT_THERE = (
    *("2026-07/USD", "2026-10/EUR", "2026-11/USD", "2026-10/usd", "2026-10/US", "2026-10/US%20", "2026-13/USD", "2026-1/USD", "x/y"),
    *("0000-00/USD", "1999-12/USD", "9999-12/USD", "2026-10/USD%00", "2026-10%00/USD", "%D9%A2%D9%A0%D9%A2%D9%A6-10/USD"),
    "2026-10/%EF%BC%B5SD",
)


def test_what_is_not_its_own_is_not_there(owed: Customer) -> None:
    """The other account has July in USD and October in EUR: that is answered like what nobody has."""
    for path in NOT_THERE:
        answer = owed.get(f"Statements/{path}/")
        assert (answer.status_code, answer.json()["error"]) == (404, "The requested resource was not found."), path


def test_of_another_account_there_is_nothing(owed: Customer, globex: Customer) -> None:
    assert owed.get(f"{globex.base}Statements/").status_code == owed.get(f"{globex.base}Statements/2026-10/EUR/").status_code == 401
    assert [one[:2] for one in months(listed(globex))] == [("2026-10", "EUR"), ("2026-07", "USD")]


def test_as_many_queries_for_many_streams_and_closed_months(owed: Customer, django_assert_num_queries: Any) -> None:
    assert owed.get("").status_code == 200  # the token's use is noted
    for more in (True, False):
        with django_assert_num_queries(10):
            body = listed(owed)
        with django_assert_num_queries(5):
            draft = owed.get("Statements/2026-10/USD/").json()
        with django_assert_num_queries(3):
            assert owed.get("Statements/2026-09/USD/").status_code == 200
        if more:
            more_months(owed.account)
            for minute in range(5):
                owing(owed, OCTOBER + timedelta(minutes=minute))
    assert (draft["streams"], body["meta"]["total_count"], len(body["objects"])) == (8, 62, 20)


def more_months(account: Account) -> None:
    """Sixty closed ones before the first, with nothing in them."""
    closed = Statement.objects.filter(account=account).first()
    assert closed is not None
    for number in range(60):
        closed.pk, closed.month = None, closed.month.replace(year=2020 - number // 12, month=number % 12 + 1)
        Statement.objects.bulk_create([closed])
