"""Statements are closed once, in order, and stay as they are; every charge is in one of them."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, connections, transaction

from cdr import ledger
from cdr.audit import Actor
from cdr.models import Adjustment, AuditEntry, Charge, Statement
from cdr.statements import stored
from cdr.statements.closing import NotClosed, close_statement
from cdr.statements.correcting import NotCorrected, correct
from cdr.statements.drafts import draft, open_month, open_months
from streams import rates
from streams.models import Account, Application, Rate
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import live_call
from tests.cdr.statements.charged import account_of, charged
from tests.moved_clock import database_goes_with_it
from tests.streams.rows import priced

pytestmark = pytest.mark.django_db

CLARA = Actor("clara", "192.0.2.7")
OCTOBER, NOVEMBER, SEPTEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 9, 1)
MIDNIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
"""The end of October in Berlin."""
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def in_november(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(datetime(2026, 11, 2, 9, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def account() -> Account:
    made = make_gateway(rate="0.00300").account
    Account.objects.update(time_zone="Europe/Berlin")
    made.refresh_from_db()
    return made


def closed(month: date = OCTOBER, currency: str = "USD") -> Statement:
    return close_statement(account_of(), currency, month, CLARA)


def months(account: Account) -> list[tuple[str, date]]:
    return [(one.currency, one.month) for one in open_months(account)]


def test_a_month_is_closed_with_its_sums_lines_and_charges(account) -> None:
    charges = [charged(MIDNIGHT - SECOND), charged(MIDNIGHT - 90 * SECOND, seconds=61), charged(MIDNIGHT)]
    statement = closed()
    assert (statement.streams, statement.seconds, statement.billed_seconds) == (2, 121, 180)
    assert (statement.charged, statement.corrected, statement.amount) == (Decimal("0.00900"), Decimal(0), Decimal("0.00900"))
    assert set(statement.charges.all()) == set(charges[:2])
    sums = stored.sums_in(Statement.objects.get())
    assert [(line.words, line.counted.streams) for line in sums.days] == [("2026-10-31", 2)]
    assert [(line.words, line.counted.amount) for line in sums.applications] == [("support bot", Decimal("0.00900"))]
    assert (statement.begins_at, statement.ends_at) == (datetime(2026, 9, 30, 22, tzinfo=UTC), MIDNIGHT)
    assert Account.objects.get().closed_until == MIDNIGHT
    entry = AuditEntry.objects.get(act="close a statement")
    assert (entry.by, entry.subject, entry.details["amount"]) == ("clara", "Acme Robotics, October 2026, USD", "0.00900 USD")
    assert months(account) == [("USD", NOVEMBER)]


def test_the_draft_says_what_the_statement_then_says(account) -> None:
    charged(MIDNIGHT - SECOND)
    correct(Adjustment(account=account, amount=Decimal("-0.001"), currency="USD", reason="A goodwill", at=MIDNIGHT - SECOND), CLARA)
    before = draft(open_month(account, "USD", OCTOBER))
    assert stored.sums_in(closed()) == before and before.amount == Decimal("0.00200")


def test_what_comes_after_the_closing_is_a_line_of_the_next(account) -> None:
    """A stream of a process that died, ended in October and billed in November."""
    charged(MIDNIGHT - 2 * SECOND)
    first = closed()
    late = charged(MIDNIGHT - SECOND)
    assert months(account) == [("USD", NOVEMBER)]
    found = draft(open_month(account, "USD", NOVEMBER))
    assert [(line.words, line.late) for line in found.days] == [("2026-10-31", True)]
    charged(MIDNIGHT + SECOND)
    with time_machine.travel(datetime(2026, 12, 1, 0, 0, tzinfo=UTC)):
        second = closed(NOVEMBER)
    late.refresh_from_db()
    assert late.statement == second and second.streams == 2 and second.begins_at == first.ends_at
    first.refresh_from_db()
    assert first.streams == 1 and first.charges.count() == 1


@pytest.mark.parametrize(
    ("month", "words"),
    [(NOVEMBER, "The month is not over: in Europe/Berlin it ends at 2026-11-30 23:00 UTC"), (date(2026, 8, 1), "There is nothing in it")],
)
def test_what_cannot_be_closed(account, month, words) -> None:
    charged(MIDNIGHT - SECOND)
    with pytest.raises(NotClosed, match=words):
        closed(month)
    assert not Statement.objects.exists()


def test_the_last_moment_of_the_month_where_the_customer_lives(account) -> None:
    charged(MIDNIGHT - SECOND)
    with time_machine.travel(MIDNIGHT - SECOND, tick=False), pytest.raises(NotClosed, match="not over"):
        closed()
    with time_machine.travel(MIDNIGHT, tick=False):
        closed()


def test_months_are_closed_one_after_the_other(account) -> None:
    charged(MIDNIGHT - timedelta(days=40))
    charged(MIDNIGHT - SECOND)
    with pytest.raises(NotClosed, match="September 2026 is still open"):
        closed(OCTOBER)
    closed(SEPTEMBER)
    closed(OCTOBER)
    with pytest.raises(NotClosed, match="closed already, by clara at 2026-11-02 09:00 UTC"):
        closed(SEPTEMBER)
    with pytest.raises(NotClosed, match="A later month is closed already"):
        closed(date(2026, 8, 1))
    assert Statement.objects.count() == 2 and AuditEntry.objects.count() == 2


def test_months_in_which_nothing_was_charged_are_passed_over(account) -> None:
    charged(MIDNIGHT - timedelta(days=100))
    charged(MIDNIGHT - SECOND)
    assert [month for _, month in months(account)] == [date(2026, 7, 1), OCTOBER]
    closed(date(2026, 7, 1))
    assert closed(OCTOBER).begins_at == datetime(2026, 9, 30, 22, tzinfo=UTC)


def test_two_currencies_have_statements_of_their_own(account) -> None:
    charged(MIDNIGHT - timedelta(days=3))
    priced(account, "0.04", 60, "EUR", valid_from=MIDNIGHT - timedelta(days=2))
    charged(MIDNIGHT - SECOND)
    assert months(account) == [("EUR", OCTOBER), ("USD", OCTOBER)]
    assert (closed().amount, closed(currency="EUR").amount) == (Decimal("0.00300"), Decimal("0.04000"))


def test_an_account_that_moves_to_another_zone_loses_nothing_and_pays_nothing_twice(account) -> None:
    """Its November begins where its October ended, whatever the clocks there say."""
    moments = [MIDNIGHT + hours * timedelta(hours=1) for hours in range(-30, 31, 3)]
    for moment in moments:
        charged(moment)
    first = closed()
    for zone_name in ("Pacific/Kiritimati", "Pacific/Honolulu"):
        Account.objects.update(time_zone=zone_name)
        assert months(account_of()) == [("USD", NOVEMBER)]
        assert open_month(account_of(), "USD", NOVEMBER).begins_at == first.ends_at
        assert draft(open_month(account_of(), "USD", NOVEMBER)).counted.streams == len(moments) - first.streams
    with time_machine.travel(datetime(2026, 12, 2, tzinfo=UTC)):
        assert first.streams + closed(NOVEMBER).streams == len(moments)
    assert not Charge.objects.filter(statement=None).exists()


def test_a_month_with_a_change_of_clocks_by_days_of_the_customer(account) -> None:
    """The 25th has 25 hours in Berlin."""
    begin = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    for hours in range(-1, 27):
        charged(begin + timedelta(hours=hours))
    days = {line.words: line.counted.streams for line in stored.sums_in(closed()).days}
    assert days == {"2026-10-24": 1, "2026-10-25": 25, "2026-10-26": 2}


def test_a_rate_cannot_be_dated_into_what_is_closed(account) -> None:
    charged(MIDNIGHT - SECOND)
    closed()
    plan = {"amount": Decimal(1), "interval_seconds": 60, "currency": "USD"}
    with pytest.raises(rates.NotAdded, match="Statements are closed until 2026-10-31 23:00 UTC"):
        rates.add(Rate(account=account_of(), valid_from=MIDNIGHT - SECOND, **plan))


def test_an_application_that_was_removed_still_has_its_line(account) -> None:
    charge = charged(MIDNIGHT - SECOND)
    Charge.objects.update(application_id=charge.application_id + 99)
    assert Application.objects.count() == 1
    assert stored.sums_in(closed()).applications[0].words == f"application {charge.application_id + 99}, removed"


def test_huge_amounts_are_added_exactly(account) -> None:
    """SQLite has no decimals."""
    amounts = [Decimal("9999999999.99999"), Decimal("0.00001"), Decimal("0.00029"), Decimal("1234567.89123")]
    for amount in amounts:
        Charge.objects.filter(pk=charged(MIDNIGHT - SECOND).pk).update(amount=amount)
    assert closed().charged == sum(amounts)


# Corrections -----------------------------------------------------------------------------------------------------------
def adjustment(account: Account, amount: str = "-1", at: datetime = MIDNIGHT, **changes: object) -> Adjustment:
    return Adjustment(**{"account": account, "amount": Decimal(amount), "currency": "USD", "reason": "Our fault", "at": at, **changes})


def test_a_credit_alone_makes_a_statement(account) -> None:
    correct(adjustment(account, "-12.5", MIDNIGHT - SECOND), CLARA)
    statement = closed()
    assert (statement.streams, statement.amount) == (0, Decimal("-12.50000"))
    assert [(one.reason, one.amount) for one in stored.sums_in(statement).corrections] == [("Our fault", Decimal("-12.50000"))]
    entry = AuditEntry.objects.get(act="correct what is owed")
    assert entry.details == {"amount": "-12.50000 USD", "reason": "Our fault", "day": "2026-10-31"}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"amount": "0"}, "amount", "more than 0"),
        ({"amount": "10000000000"}, "amount", "at most"),
        ({"currency": "DOGE"}, "currency", "ISO 4217"),
        ({"reason": "  "}, "reason", "Write why"),
        ({"at": datetime(2026, 11, 3, tzinfo=UTC)}, "at", "not in the future"),
        ({"at": MIDNIGHT - SECOND}, "at", "October 2026 is closed"),
    ],
)
def test_what_is_no_correction_is_refused_and_nothing_is_written(account, changes, field, words) -> None:
    charged(MIDNIGHT - SECOND)
    closed()
    with pytest.raises(NotCorrected, match=words) as error:
        correct(adjustment(account, **changes), CLARA)
    assert error.value.field == field and not Adjustment.objects.exists()


# Several at once -------------------------------------------------------------------------------------------------------
def in_threads(*acts) -> list[object]:
    """What each returns or raises, all begun at one moment."""
    together, found = threading.Barrier(len(acts), timeout=30), []

    def run(act) -> None:
        try:
            together.wait()
            found.append(act())
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            found.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.mark.django_db(transaction=True)
def test_two_who_close_the_same_statement_close_it_once(account) -> None:
    for number in range(20):
        charged(MIDNIGHT - number * SECOND)
    found = in_threads(*[closed] * 3)
    assert sum(isinstance(one, Statement) for one in found) == 1, found
    assert Statement.objects.get().streams == Charge.objects.filter(statement__isnull=False).count()
    assert AuditEntry.objects.filter(act="close a statement").count() == 1


@pytest.mark.django_db(transaction=True)
def test_streams_that_end_while_a_card_is_changed_and_a_month_closed_are_charged_by_when_they_began(account) -> None:
    began = MIDNIGHT - timedelta(hours=1)
    charged(began)
    streams = [stream for _ in range(20) for stream in live_call(make_gateway()).streams.all()]
    for stream in streams:
        stream.started_at, stream.ended_at = began, MIDNIGHT - SECOND

    def end() -> None:
        for begin in range(0, len(streams), 4):
            with transaction.atomic():
                ledger.charge(streams[begin : begin + 4])

    def change() -> None:
        for minute in range(10):
            priced(account, "9", valid_from=MIDNIGHT + timedelta(minutes=minute))

    found = in_threads(end, change, closed)
    # SQLite has one writer: who waits too long is told so, and nothing of his is written.
    assert all(one is None or isinstance(one, Statement) for one in found) or connection.vendor == "sqlite", found
    ledger.charge(streams)
    assert set(Charge.objects.values_list("rate", flat=True)) == {Decimal("0.00300")}
    assert Charge.objects.count() == len(streams) + 1
    for statement in Statement.objects.all():
        assert statement.streams == statement.charges.count()
    assert months(account) in ([("USD", NOVEMBER)], [("USD", OCTOBER)], [])
