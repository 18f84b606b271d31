"""The rarer filters of both lists, and the chips that say what is in force."""

from datetime import timedelta

import pytest
import time_machine

from streams.models import Call, Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import listed, read
from tests.cdr.call_script import STARTED, make_gateway
from tests.rows_again import made_once

CALLS, STREAMS, CALLBACKS = "/admin/cdr/calldetail/", "/admin/cdr/streamdetail/", "/admin/streams/callback/"


@made_once
def each_kind_and_an_outbound_one() -> None:
    factories.one_of_each_kind()
    other = factories.good_call(make_gateway("pbx-2", "Globex"), STARTED + timedelta(hours=1))
    Call.objects.filter(pk=other.pk).update(direction="outbound")


@pytest.fixture
def calls(db) -> Gateway:
    """One of each kind on one gateway, and a good outbound one on another."""
    each_kind_and_an_outbound_one()
    return make_gateway()


def counts(client, query: str) -> tuple[int, int]:
    """How many calls and how many streams the filters leave."""
    found = [len(listed(client, f"{path}?{query}").result_list) for path in (CALLS, STREAMS)]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (10, 10)),
        ("cause=customer_closed", (1, 1)),
        ("cause=call_ended", (2, 2)),
        ("code=1011", (1, 1)),
        ("code=4999", (0, 0)),
        ("attempts=several", (1, 1)),
        ("degraded=30", (1, 1)),
        ("degraded=90", (1, 1)),
        ("callbacks=given-up", (1, 1)),
        ("callbacks=failed", (2, 2)),
        ("gateway=pbx-2", (1, 1)),
        ("gateway=PBX", (10, 10)),
        ("application=support", (10, 10)),
        ("application=sales", (0, 0)),
        ("direction=outbound", (1, 1)),
        ("direction=inbound", (9, 9)),
        ("cause=customer_closed&code=1011&gateway=pbx-1&direction=inbound&attempts=one", (1, 1)),
        ("cause=customer_closed&direction=outbound", (0, 0)),
    ],
)
def test_what_is_left(support, calls, query, expected) -> None:
    assert counts(support, query) == expected


def test_durations_are_those_of_the_list(support, calls) -> None:
    """Every ended call and every stream that began and ended is in exactly one of the lengths."""
    words = ("under-10s", "under-1m", "under-10m", "under-1h", "over-1h")
    found = [counts(support, f"duration={word}") for word in words]
    started = Stream.objects.exclude(started_at=None).exclude(ended_at=None).count()
    assert tuple(map(sum, zip(*found, strict=True))) == (Call.objects.exclude(ended_at=None).count(), started)
    assert found[0][0] == 1 and found[3] == (1, 1)


@pytest.mark.parametrize("code", ["abc", "10", "99999999999999999999", "1011.0", "\u0661\u0660\u0661\u0661"])
def test_a_close_code_that_is_none_is_said_and_shows_nothing(support, calls, code) -> None:
    for path in (CALLS, STREAMS):
        page = read(support, f"{path}?code={code}", 400)
        assert "is not a WebSocket close code" in page.text and page.rows == []


def test_what_is_in_force_stands_above_the_list_and_can_be_taken_away_one_by_one(support, calls) -> None:
    with time_machine.travel(STARTED + timedelta(hours=2), tick=False):
        page = read(support, f"{STREAMS}?q=415&cause=customer_closed&code=1011&when=today&from=14:00&state=&attempts=")
    for words in ("search: 415", "precise end cause: customer closed", "WebSocket close code: 1011", "today", "from 14:00"):
        assert f"{words} × (remove)" in page.text
    assert "state: " not in page.text
    chips = [link for link in page.links if "cause=customer_closed" in link and "code=" not in link and "/saved/" not in link]
    assert chips == [f"{STREAMS}?q=415&cause=customer_closed&when=today&from=14%3A00"]


def test_a_list_that_nothing_narrows_has_no_chips(support, calls) -> None:
    assert "(remove)" not in read(support, f"{STREAMS}?cause=&code=&q=").text


def test_the_callbacks_have_chips_too(support, calls) -> None:
    assert "host: hooks × (remove)" in read(support, f"{CALLBACKS}?host=hooks").text


@pytest.mark.parametrize("path", [CALLS, STREAMS])
def test_all_filters_at_once_take_no_more_queries(support, calls, django_assert_max_num_queries, path) -> None:
    query = "cause=customer_closed&code=1011&attempts=one&callbacks=failed&duration=under-1m&gateway=p&application=s&direction=inbound"
    with django_assert_max_num_queries(8):
        assert len(read(support, f"{path}?{query}").rows) == 2
