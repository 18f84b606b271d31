"""The closing of a statement by a worker: once, whole or not at all, whatever becomes of the worker."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import OperationalError, connections

from cdr.audit import Actor
from cdr.closing_rows import StatementClosing
from cdr.models import AuditEntry, Charge, Statement
from cdr.statements import closing_jobs
from cdr.statements.closing import NotClosed, close_statement
from cdr.statements.closing_jobs import CLAIMED_FOR, MOST_TRIES, ask_to_close, close_next, closing_due_since
from streams import jobs
from streams.database_clock import database_now
from streams.models import Account
from tests.cdr.call_script import make_gateway
from tests.cdr.statements.charged import account_of, charged
from tests.moved_clock import database_goes_with_it

pytestmark = pytest.mark.django_db

OCTOBER, BY = date(2026, 10, 1), Actor("clara", "192.0.2.7")
NOON = datetime(2026, 10, 3, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_november(monkeypatch):
    database_goes_with_it(monkeypatch)
    with time_machine.travel(datetime(2026, 11, 2, 9, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def account() -> Account:
    make_gateway(rate="0.00300")
    charged(NOON)
    return account_of()


def asked(account: Account, month: date = OCTOBER) -> StatementClosing:
    owner = User.objects.filter(username="clara").first() or User.objects.create_superuser("clara")
    return ask_to_close(account, "USD", month, owner.pk, BY)


def test_it_is_closed_by_a_worker_for_whoever_asked(account) -> None:
    job = asked(account)
    assert closing_due_since(database_now()) == job.created_at and not Statement.objects.exists()
    assert close_next() and not close_next()
    entry = AuditEntry.objects.get(act="close a statement")
    assert (entry.by, entry.address, Statement.objects.get().closed_by) == ("clara", "192.0.2.7", "clara")
    job.refresh_from_db()
    assert job.finished_at and not job.problem and closing_due_since(database_now()) is None


def test_of_one_statement_there_is_one_closing(account) -> None:
    assert {asked(account).pk for _ in range(3)} == {StatementClosing.objects.get().pk}
    close_next()
    with pytest.raises(NotClosed, match="It was closed already, by clara"):
        asked(account)
    assert not close_next() and Statement.objects.count() == AuditEntry.objects.count() == 1


@pytest.mark.parametrize(("month", "words"), [(date(2026, 11, 1), "The month is not over"), (date(2026, 9, 1), "There is nothing in it")])
def test_what_cannot_be_closed_is_no_job(account, month, words) -> None:
    with pytest.raises(NotClosed, match=words):
        asked(account, month)
    assert not StatementClosing.objects.exists()


def test_of_a_worker_that_dies_in_the_middle_nothing_is_left_and_another_closes_it(account, monkeypatch, in_november) -> None:
    job = asked(account)

    def killed(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as dying:
        dying.setattr(jobs, "finish_for_others", killed)
        with pytest.raises(OperationalError):
            close_next()
    assert not Statement.objects.exists() and not AuditEntry.objects.exists() and not Charge.objects.exclude(statement=None).exists()
    assert not close_next(), "it is still in the hands of the worker that died"
    in_november.shift(CLAIMED_FOR + timedelta(seconds=1))
    assert close_next() and Statement.objects.get().streams == 1
    job.refresh_from_db()
    assert job.finished_at and AuditEntry.objects.count() == 1


def test_one_that_loses_its_workers_again_and_again_is_left(account, in_november) -> None:
    asked(account)
    StatementClosing.objects.update(tries=MOST_TRIES)
    assert close_next() and not close_next() and not Statement.objects.exists()
    assert StatementClosing.objects.get().problem == f"Its worker went away {MOST_TRIES} times."
    assert asked(account).problem == "", "and can be asked for anew"
    assert close_next() and Statement.objects.exists()


def test_a_worker_that_is_slower_than_its_claim_closes_it_all_the_same_and_once(account, monkeypatch, in_november) -> None:
    """Another takes it up in the middle, and finds it closed."""
    asked(account)

    def slow(*given: Any) -> Statement:
        made = close_statement(*given)
        StatementClosing.objects.update(claimed_by="another", claimed_until=database_now() + CLAIMED_FOR)
        return made

    with monkeypatch.context() as slowly:
        slowly.setattr(closing_jobs, "close_statement", slow)
        assert close_next()
    job = StatementClosing.objects.get()
    assert job.finished_at and not job.problem and not close_next()
    assert Statement.objects.count() == AuditEntry.objects.count() == 1


def test_what_breaks_is_told_and_the_others_are_closed(account, monkeypatch, caplog) -> None:
    charged(NOON, account="Globex", gateway="pbx-2")
    asked(account)
    asked(account_of("Globex"))

    def breaks(closed: Account, *more: Any) -> Statement:
        if closed == account:
            raise ArithmeticError("no such sum")
        return close_statement(closed, *more)

    monkeypatch.setattr(closing_jobs, "close_statement", breaks)
    while close_next():
        pass
    assert StatementClosing.objects.get(account=account).problem == closing_jobs.BROKE and "no such sum" in caplog.text
    assert [row.account.name for row in Statement.objects.all()] == ["Globex"]


@pytest.mark.django_db(transaction=True)
def test_several_workers_close_it_once(account) -> None:
    asked(account)
    together, found = threading.Barrier(3, timeout=30), []

    def work() -> None:
        try:
            together.wait()
            found.append(close_next())
        except OperationalError:
            pass  # SQLite has one writer: a worker that waits too long comes again
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found.count(True) <= 1
    while close_next():
        pass
    assert Statement.objects.count() == AuditEntry.objects.filter(act="close a statement").count() == 1
