"""The page of one host."""

from datetime import timedelta

import pytest

from cdr.pages.host import HostPage, find_host, host_page
from streams.models import Account, Callback, Stream
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call, refused_call, tried

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=20)


def page_of(host: str = "bot.example.com", account: str = "Acme Robotics") -> HostPage | None:
    rows = find_host(Account.objects.get(name=account).auth_id, host)
    assert rows is not None
    return host_page(rows, NOW)


def test_what_it_is_how_it_did_and_what_failed(django_assert_num_queries) -> None:
    gateway = make_gateway()
    good_call(gateway), live_call(gateway), closed_call(gateway, NOW - timedelta(hours=2)), closed_call(gateway, NOW - timedelta(minutes=2))
    rows = find_host(gateway.account.auth_id, "bot.example.com")
    with django_assert_num_queries(13):
        page = host_page(rows, NOW)
    assert page is not None and page.state.word == "fails now" and page.live == 1
    assert [figure.words for figure in page.figures] == ["1", "100 %", "33.3 %", "50.0 %"]
    assert [(line.hour, line.streams, line.failed) for line in page.hours if line.streams] == [
        ("2024-11-23 14:00", 3, 1),
        ("2024-11-23 12:00", 1, 1),
    ]
    assert "from=2024-11-23+14%3A00&to=2024-11-23+14%3A59" in page.hours[0].query
    assert len(page.failures) == 2 and "worker crashed" in page.failures[0].words
    assert page.latest == Stream.objects.latest("requested_at").uuid
    assert [fact.value for fact in page.facts if fact.label.startswith("Slowest response")] == ["6.2 s"], "of those that conversed"


@pytest.mark.parametrize("written", ["BOT.example.com", "bot.example.com.", " Bot.Example.COM. "])
def test_however_the_host_is_spelled(written) -> None:
    good_call(make_gateway())
    page = page_of(written)
    assert page is not None and page.host == "bot.example.com"


def test_its_callbacks_by_port_with_the_tries_that_failed() -> None:
    gateway = make_gateway()
    good_call(gateway), refused_call(gateway)
    dropped = Callback.objects.get(event="DroppedStream")
    tried(dropped, 0.1, 31, status=500, error="The endpoint answered 500.")
    page = page_of("hooks.example.com")
    assert page is not None
    (line,), error = page.endpoints, page.tries[0]
    assert (
        line.host == "hooks.example.com:443"
        and line.waiting.words == "1"
        and line.failed[2].title == "failed: 1 of 3 callbacks of the last 24 hours"
    )
    assert error.callback == dropped.pk and "500" in error.words
    assert page.latest is None and page.facts == ()


def test_where_nobody_conversed_nothing_is_said_of_it() -> None:
    closed_call(make_gateway())
    page = page_of()
    assert page is not None and not [fact for fact in page.facts if fact.label.startswith("Slowest response")]


def test_what_begins_alike_is_another_host() -> None:
    gateway = make_gateway()
    good_call(gateway)
    Callback.objects.update(host="hooks.example.com.au:443")
    Stream.objects.update(service_host="bot.example.com.au")
    assert page_of("hooks.example.com") is None and page_of("bot.example.com") is None


def test_a_host_of_two_accounts_is_told_apart() -> None:
    good_call(make_gateway()), closed_call(make_gateway("pbx-2", "Globex"), NOW - timedelta(minutes=1))
    mine, other = page_of(), page_of(account="Globex")
    assert mine is not None and other is not None
    assert mine.failures == [] and len(other.failures) == 1
    assert [(use.account, use.streams) for use in mine.others] == [("Globex", 1)]


def test_what_nobody_ever_streamed_to_has_no_page() -> None:
    good_call(make_gateway())
    assert page_of("other.example.com") is None
    assert find_host("MA00000000000000000X", "bot.example.com") is None
    assert find_host(Account.objects.get().auth_id, "\x00") is None
