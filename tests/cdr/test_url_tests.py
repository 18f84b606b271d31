"""Tests of service URLs as jobs: asked for in turn, run by one worker, ended for one that has gone, removed after a day."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cdr import url_tests
from cdr.audit import Actor
from cdr.models import AuditEntry, Charge, UrlTest, UrlTestState
from cdr.tasks import remove_old_url_tests, run_url_tests
from streams.models import Account, Call, Callback, Stream
from streams.simulate.customer import Behaviour, Customer
from tests.cdr.call_script import make_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_gateway().account


@pytest.fixture
def person() -> User:
    return User.objects.create_user("maria")


def ask(person: User, account: Account, url: str = "ws://127.0.0.1:1029/") -> UrlTest:
    return url_tests.ask(Actor(person.username, "192.0.2.7"), person.pk, account, url=url, content_type="audio/x-mulaw;rate=8000")


def done(person: User, account: Account, **ago: int) -> UrlTest:
    test = ask(person, account)
    UrlTest.objects.filter(pk=test.pk).update(state=UrlTestState.DONE, created_at=timezone.now() - timedelta(**ago))
    return test


@contextmanager
def service(behaviour: Behaviour) -> Iterator[Customer]:
    """A customer on a loop of its own: the worker under test blocks."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    customer = Customer(behaviour)
    try:
        asyncio.run_coroutine_threadsafe(customer.__aenter__(), loop).result(30)
        try:
            yield customer
        finally:
            asyncio.run_coroutine_threadsafe(customer.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_worker_tests_what_waits_and_nothing_else_comes_of_it(person, account, monkeypatch) -> None:
    monkeypatch.setattr("streams.customers.url_testing.TONE_MS", 200)
    with service(Behaviour(echo=True)) as customer:
        test = ask(person, account, customer.url)
        run_url_tests()
    test.refresh_from_db()
    assert (test.state, (test.report or {})["failure"], (test.report or {})["close_code"]) == (UrlTestState.DONE, "", 1000)
    assert (test.report or {})["said"][0]["event"] == "playAudio" and test.finished_at and test.tries == 1
    assert customer.conversations[0].call_id == str(test.call_id)
    assert not any(model.objects.exists() for model in (Call, Stream, Callback, Charge))


def test_the_audit_log_says_who_which_url_and_for_whom_and_no_password(person, account) -> None:
    ask(person, account, "wss://user:secret@bot.example.com/in")
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.address, entry.act, entry.subject) == ("maria", "192.0.2.7", "test a service URL", account.name)
    assert entry.details["url"] == "wss://***@bot.example.com/in"


def test_one_at_a_time_for_each_person(person, account) -> None:
    ask(person, account)
    with pytest.raises(url_tests.TooMany, match="not over yet"):
        ask(person, account)
    assert ask(User.objects.create_user("ben"), account)
    assert UrlTest.objects.count() == 2 == AuditEntry.objects.count()


def test_only_so_many_a_minute(person, account) -> None:
    for _ in range(url_tests.MOST_A_MINUTE):
        done(person, account, seconds=5)
    with pytest.raises(url_tests.TooMany, match="last minute"):
        ask(person, account)
    UrlTest.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert ask(person, account)


def test_a_test_is_claimed_once_and_only_a_few_of_an_account_run_at_once(account) -> None:
    most = url_tests.URL_TESTS.each
    for number in range(most + 1):
        ask(User.objects.create_user(f"person-{number}"), account)
    taken = [url_tests.claim_next() for _ in range(most + 1)]
    assert len({test.pk for test in taken if test}) == most and taken[-1] is None


def test_services_of_one_account_that_take_long_keep_no_other_waiting(account) -> None:
    for number in range(20):
        ask(User.objects.create_user(f"person-{number}"), account)
    other = ask(User.objects.create_user("somebody"), make_gateway("others", "Other").account)
    taken = [url_tests.claim_next() for _ in range(url_tests.URL_TESTS.each + 1)]
    assert taken[-1].pk == other.pk


def test_a_test_whose_worker_has_gone_ends_and_its_person_may_ask_again(person, account) -> None:
    test = ask(person, account)
    url_tests.claim_next()
    long_ago = timezone.now() - url_tests.CLAIMED_FOR - timedelta(seconds=1)
    UrlTest.objects.update(claimed_until=timezone.now() - timedelta(seconds=1), created_at=long_ago)
    assert ask(person, account)
    run_url_tests()
    test.refresh_from_db()
    assert (test.state, (test.report or {})["failure"]) == (UrlTestState.DONE, url_tests.GONE)


def test_a_bug_of_ours_ends_the_test_with_a_sentence(person, account, monkeypatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("streams.customers.url_testing.run_url_test", broken)
    test = ask(person, account)
    run_url_tests()
    test.refresh_from_db()
    assert (test.report or {})["failure"] == url_tests.BROKE


def test_results_are_removed_after_a_day(person, account) -> None:
    done(person, account, hours=25)
    young = done(person, account, hours=23)
    remove_old_url_tests()
    assert [test.pk for test in UrlTest.objects.all()] == [young.pk]
