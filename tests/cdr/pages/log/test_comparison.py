"""Two streams side by side, in a fixed number of queries, and the stream that offers itself as a yardstick."""

from datetime import timedelta

import pytest

from cdr.pages.log import comparison
from cdr.pages.log.comparison import Comparison, better_first, compared, yardstick_of
from cdr.pages.stream_card import find_shown
from streams.models import Call, Gateway, Stream
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call, refused_call, slow_call

pytestmark = pytest.mark.django_db
LATER = STARTED + timedelta(hours=2)


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def stream_of(call: Call) -> Stream:
    return find_shown(str(call.streams.order_by("pk")[0].uuid))


def both(good: Call, bad: Call, whole_numbers: bool = True) -> Comparison:
    return compared(stream_of(good), stream_of(bad), LATER, whole_numbers=whole_numbers)


def test_facts_in_pairs_and_which_of_them_differ(gateway) -> None:
    facts = {fact.label: fact for fact in both(good_call(gateway), closed_call(gateway, LATER)).facts}
    assert (facts["Hangup reason"].a, facts["Hangup reason"].b) == ("Call hangup", "Connection error")
    differing = {label for label, fact in facts.items() if fact.differs}
    assert differing == {"Duration", "Hangup reason", "Closed by", "WebSocket close code", "End"}


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        (closed_call, "The stream ended: The gateway", "The stream ended: The customer's service closed"),
        (refused_call, "Connected to 203.0.113.9:443", None),
        (slow_call, None, "The customer's service is slow: the buffer passed 30"),
    ],
)
def test_where_a_bad_stream_parts_from_a_good_one(gateway, kind, a, b) -> None:
    parting = both(good_call(gateway), kind(gateway, LATER)).parting
    assert (parting.a and parting.a.words[: len(a)], parting.b and parting.b.words[: len(b)]) == (a, b)


def test_two_good_streams_do_not_part(gateway) -> None:
    made = both(good_call(gateway), good_call(gateway, LATER))
    assert made.parting is None and not made.cut


@pytest.mark.parametrize("kind", [closed_call, refused_call, slow_call, live_call, good_call])
def test_the_same_number_of_queries_for_any_two(gateway, kind, django_assert_num_queries) -> None:
    a, b = stream_of(good_call(gateway)), stream_of(kind(gateway, LATER))
    with django_assert_num_queries(6):
        compared(a, b, LATER, whole_numbers=False)


def test_long_logs_are_compared_from_their_beginning(gateway, monkeypatch) -> None:
    monkeypatch.setattr(comparison, "MOST_LINES", 3)
    made = both(good_call(gateway), good_call(gateway, LATER))
    assert made.cut and len(made.steps) == 3


def test_the_numbers_of_both_calls_are_hidden(gateway) -> None:
    made = repr(both(good_call(gateway), good_call(gateway, LATER, caller="+14155559999"), whole_numbers=False))
    assert "4155550123" not in made and "4155559999" not in made and "9999" in made


def test_the_last_good_stream_of_the_account_and_host_is_the_yardstick(gateway) -> None:
    bad = stream_of(closed_call(gateway, LATER))
    assert yardstick_of(bad) is None
    good_call(gateway)
    last = stream_of(good_call(gateway, STARTED + timedelta(hours=1)))
    slow_call(gateway, STARTED + timedelta(minutes=70))
    good_call(gateway, LATER + timedelta(hours=1))
    good_call(make_gateway("other", "Globex"), STARTED + timedelta(minutes=90))
    assert yardstick_of(bad) == (last.uuid, "2024-11-23 15:01:37", "bot.example.com")
    Stream.objects.filter(pk=last.pk).update(service_url="wss://bot.example.com.evil.example/audiostream")
    assert yardstick_of(bad).uuid != last.uuid
    for url in ("wss://bot.example.com", "ws://bot.example.com?x=1"):
        Stream.objects.filter(pk=last.pk).update(service_url=url)
        assert yardstick_of(bad).uuid == last.uuid


def test_only_streams_near_before_it_are_looked_through(gateway, monkeypatch, django_assert_num_queries) -> None:
    good_call(gateway)
    slow_call(gateway, STARTED + timedelta(minutes=1))
    bad = stream_of(closed_call(gateway, LATER))
    with django_assert_num_queries(1):
        assert yardstick_of(bad)
    monkeypatch.setattr(comparison, "LOOKED_THROUGH", 1)
    assert yardstick_of(bad) is None


def test_the_better_one_comes_first(gateway) -> None:
    bad, good = stream_of(closed_call(gateway)), stream_of(good_call(gateway, LATER))
    assert better_first([bad, good]) == better_first([good, bad]) == [good, bad]
