"""The nightly comparison finds what does not agree, says so, and repairs nothing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from cdr.audit import Actor
from cdr.models import Adjustment, Charge, MoneyCheck, Statement
from cdr.statements.checking import KEPT, check_all, check_due
from cdr.statements.closing import close_statement
from cdr.statements.correcting import correct
from config import work_troubles
from streams.models import Account, Stream
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import KINDS
from tests.cdr.statements.charged import account_of, charged
from tests.moved_clock import database_goes_with_it
from tests.rows_again import made_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
CLARA = Actor("clara", None)


@pytest.fixture(autouse=True)
def at_night(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(NOW, tick=False):
        yield


@made_once
def october_and_a_charge_of_november() -> None:
    charged(datetime(2026, 10, 3, tzinfo=UTC))
    charged(datetime(2026, 10, 4, tzinfo=UTC), seconds=61)
    row = Adjustment(account=account_of(), amount=Decimal(-1), currency="USD", reason="Why", at=datetime(2026, 10, 5, tzinfo=UTC))
    correct(row, CLARA)
    close_statement(account_of(), "USD", date(2026, 10, 1), CLARA)
    charged(datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def statement() -> Statement:
    """Of October, closed."""
    october_and_a_charge_of_november()
    return Statement.objects.get()


def test_all_agrees_of_every_kind_of_call() -> None:
    for number, kind in enumerate(KINDS):
        kind(make_gateway(f"pbx-{number}"))
    row = check_all()
    assert row.problems == [] and row.charges == Charge.objects.count() > 5 and row.finished_at == NOW
    assert work_troubles.disagreeing_money(NOW) == []


def test_what_agrees_is_marked_with_the_time(statement) -> None:
    row = check_all()
    assert (row.problems, row.charges, row.statements) == ([], 3, 1)
    statement.refresh_from_db()
    assert statement.checked_at == NOW
    assert check_all().charges == 1, "of a statement that was found right only the sum is looked at again"


FAULTS = {
    "an amount": (lambda: Charge.objects.filter(seconds=61).update(amount=Decimal("0.00601")), "does not agree with its charges"),
    "an open amount": (lambda: Charge.objects.filter(statement=None).update(amount=Decimal("0.00299")), "was charged 0.00299 USD"),
    "seconds": (lambda: Charge.objects.filter(statement=None).update(seconds=7), "for 7 s"),
    "a stream without a charge": (lambda: Charge.objects.filter(statement=None).delete(), "1 stream ended without a charge"),
    "a charge in no statement": (lambda: Charge.objects.filter(seconds=61).update(statement=None), "does not agree with its charges"),
    "a stream's times": (lambda: Stream.objects.update(ended_at=NOW), "of another account or end than the stream"),
    "a charge of a live stream": (lambda: Stream.objects.update(state="streaming"), "of a stream that has not ended"),
    "a statement's sum": (lambda: Statement.objects.update(charged=Decimal(5)), "does not agree with its charges"),
    "a correction": (lambda: Adjustment.objects.update(amount=Decimal(-2)), "does not agree with its credits and corrections"),
    "a line": (lambda: Statement.objects.update(sums={"days": [], "applications": [], "corrections": []}), "does not agree with its days"),
    "another's charge": (
        lambda: Statement.objects.update(account=Account.objects.create(name="Other")),
        "in a statement of another account, currency or time",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_agree_is_said_and_troubles_the_status(statement, fault) -> None:
    harm, words = FAULTS[fault]
    harm()
    row = check_all()
    assert any(words in problem for problem in row.problems), row.problems
    assert Statement.objects.get().checked_at is None
    (trouble,) = work_troubles.disagreeing_money(NOW)
    assert trouble.about == "money" and "do not agree" in trouble.what
    assert "Acme" not in f"{trouble}", "/status names no customer"


def test_a_statement_that_was_right_is_found_wrong_again(statement) -> None:
    check_all()
    Charge.objects.filter(seconds=61).update(amount=Decimal("0.00601"))
    assert check_all().problems


def test_it_is_done_once_a_day_and_after_a_worker_died_again(statement) -> None:
    assert check_due() is not None and check_due() is None
    with time_machine.travel(NOW + timedelta(hours=23, minutes=59)):
        assert check_due() is None
    with time_machine.travel(NOW + timedelta(hours=24, seconds=1)):
        MoneyCheck.objects.create(started_at=NOW + timedelta(hours=24))
        assert check_due() is None, "another worker is at it"
    with time_machine.travel(NOW + timedelta(hours=31)):
        assert check_due() is not None


def test_old_ones_are_forgotten(statement) -> None:
    MoneyCheck.objects.create(started_at=NOW - KEPT - timedelta(seconds=1), finished_at=NOW)
    check_all()
    assert MoneyCheck.objects.count() == 1


def test_many_problems_are_not_told_one_by_one(statement) -> None:
    for number in range(30):
        charged(datetime(2026, 11, 1, 1, number, tzinfo=UTC))
    Charge.objects.update(amount=Decimal("7.00000"))
    assert check_all().problems[-1] == "And 14 more." and len(MoneyCheck.objects.get().problems) == 21
