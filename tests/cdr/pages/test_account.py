"""The page of an account: its rows in a fixed number of queries."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cdr.pages import recent_hosts
from cdr.pages.account import SHOWN_HOSTS, AccountPage, account_page
from cdr.spending import spent_this_month
from streams.models import Account, Application, Gateway, Stream
from streams.pure.lifecycle import HangupReason
from tests.cdr.alerts.rows import alert
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call, refused, refused_call
from tests.rows_again import made_once
from tests.streams.rows import main_token, priced

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=20)


@pytest.fixture
def account() -> Account:
    return make_gateway().account


def page_of(account: Account, *, money_too: bool = True) -> AccountPage:
    account.refresh_from_db()
    return account_page(account, NOW, spent_this_month(account, NOW) if money_too else None)


def test_what_is_live_what_failed_and_where(account) -> None:
    gateway = Gateway.objects.get()
    live_call(gateway, NOW - timedelta(minutes=1)), closed_call(gateway, NOW - timedelta(minutes=2)), good_call(gateway)
    closed_call(gateway, NOW - timedelta(hours=2)), refused_call(gateway, NOW - timedelta(days=2))
    other = make_gateway("pbx-2", "Globex")
    live_call(other, NOW - timedelta(minutes=1)), closed_call(other, NOW - timedelta(minutes=2))
    page = page_of(account)
    assert [(figure.words, figure.title) for figure in (*page.calls, *page.streams[:1])] == [
        ("1", "of 500 calls at once"),
        ("2", "of 500 streams at once"),
    ]
    assert [[figure.words for figure in line.figures] for line in page.ends] == [
        ["1", "1", "2"],
        ["0", "0", "0"],
        ["0", "0", "0"],
        ["0", "1", "1"],
    ]
    assert page.ends[0].figures[0].query == f"account={account.auth_id}&reason=Connection+error&when=5min"
    assert [(line.host, [figure.words for figure in line.failed]) for line in page.hosts.rows] == [
        ("bot.example.com", ["50.0 %", "33.3 %", "50.0 %"]),
        ("recorder.example.com", ["0 %", "0 %", "0 %"]),
    ]
    assert page.state.word == "fails now"
    assert page.story == [
        "1 call and 2 streams are live. 1 of the 4 streams of the last hour failed, 2 of the 5 streams of the last 24 hours, "
        "most of them at bot.example.com."
    ]
    assert [call.streams for call in page.last_calls][:2] == ["2 streams", "1 of 1 failed"] and len(page.last_calls) == 5


def test_what_it_spends_is_what_its_limits_are_held_against(account) -> None:
    priced(account, "0.10000")
    good_call(Gateway.objects.get())
    Account.objects.update(spending_stop_at=Decimal(5), spending_stopped_at=NOW)
    page = page_of(account)
    assert page.spending is not None and page.spending.bad
    assert page.spending.spent.endswith(" USD") and Decimal(page.spending.spent[:-4]) > 0
    assert ("Stopped at", "5.00000 USD") in [fact[:2] for fact in page.spending.facts]
    assert page.state.word == "no new streams: spending limit" and "No new stream begins" in page.story[0]
    assert page_of(account, money_too=False).spending is None


def test_an_account_with_nothing_says_so() -> None:
    page = page_of(Account.objects.create(name="Empty"))
    assert page.story == ["Nothing is live. No stream was asked for in the last 24 hours."] and page.state.word == "idle"
    assert not page.last_calls and not page.hosts.rows and not page.gateways.rows and not page.tokens


@made_once
def very_many() -> None:
    """Of everything more than a page shows."""
    gateway = make_gateway()
    account = gateway.account
    for number in range(25):
        Application.objects.create(account=account, name=f"app {number:02}", answer_url="https://app.example.com/answer")
        refused(make_gateway(f"more-{number:02}").name)
        priced(account, "0.10000", valid_from=STARTED - timedelta(days=number))
    for number in range(12):
        live_call(gateway, NOW - timedelta(minutes=number))
    streams = list(Stream.objects.order_by("pk"))
    for number, stream in enumerate(streams):
        stream.service_host = f"bot-{number}.example.com"
    Stream.objects.bulk_update(streams, ["service_host"])
    main_token(account)
    alert()


def test_it_takes_twelve_queries_whatever_is_in_it(django_assert_num_queries) -> None:
    very_many()
    account = Account.objects.get(name="Acme Robotics")
    with django_assert_num_queries(12):
        page = account_page(account, NOW, spent_this_month(account, NOW))
    with django_assert_num_queries(8):
        account_page(account, NOW, None)
    assert len(page.hosts.rows) == SHOWN_HOSTS and page.hosts.more and len(page.last_calls) == 10
    assert len(page.gateways.rows) == len(page.applications.rows) == 20 and page.gateways.more and page.applications.more


def test_of_a_busy_day_the_newest_are_counted_and_that_is_said(account, monkeypatch) -> None:
    monkeypatch.setattr(recent_hosts, "COUNTED_ROWS", 3)
    for minutes in range(5):
        good_call(Gateway.objects.get(), NOW - timedelta(minutes=minutes))
    page = page_of(account)
    assert page.since and page.ends[-1].reason is not None and page.ends[-1].reason.word == HangupReason.CALL_HANGUP
    assert page.ends[-1].figures[-1].words == "4"
