"""The ways to the comparison of two streams, and what is said when there is nothing to compare."""

from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from streams.models import Gateway, Stream
from tests.cdr.admin.reading import read
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call

COMPARE, LIST = "/admin/cdr/streamdetail/compare/", "/admin/cdr/streamdetail/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


@pytest.fixture
def pair(gateway) -> tuple[Stream, Stream]:
    return good_call(gateway).streams.get(), closed_call(gateway, STARTED + timedelta(hours=1)).streams.get()


def test_two_streams_side_by_side(support, pair) -> None:
    good, bad = pair
    page = read(support, f"{COMPARE}?a={good.uuid}&b={bad.uuid}")
    assert "They part here ↓" in page.text and "parting" in page.ids and not page.inline
    assert "Hangup reason ≠ differs Call hangup Connection error" in page.text
    assert "4155550123" not in page.text and "•••••••0123" in page.text
    assert f"{COMPARE}?a={bad.uuid}&b={good.uuid}" in page.links
    assert any(link.startswith(f"{LIST}{bad.uuid}/debug-log/#n") for link in page.links)


def test_two_ticked_in_the_list_lead_there_the_better_one_first(support, pair) -> None:
    good, bad = pair
    answer = support.post(LIST, {"action": "compare_selected", ACTION_CHECKBOX_NAME: [bad.pk, good.pk]})
    assert (answer.status_code, answer["Location"]) == (302, f"{COMPARE}?a={good.uuid}&b={bad.uuid}")


@pytest.mark.parametrize(("ticked", "words"), [(1, "only one is ticked"), (3, "more are ticked")])
def test_one_or_three_ticked_are_not_compared(support, pair, gateway, ticked, words) -> None:
    live_call(gateway)
    keys = Stream.objects.values_list("pk", flat=True)[:ticked]
    answer = support.post(LIST, {"action": "compare_selected", ACTION_CHECKBOX_NAME: list(keys)}, follow=True)
    assert f"Tick exactly two streams to compare them: {words}." in answer.content.decode()


def test_one_stream_is_offered_its_yardstick(support, pair) -> None:
    good, bad = pair
    page = read(support, f"{COMPARE}?a={bad.uuid}")
    assert f"{COMPARE}?a={good.uuid}&b={bad.uuid}" in page.links
    assert "Compare with the last good stream of the same account to bot.example.com" in page.text
    assert "No good stream of the same account" in read(support, f"{COMPARE}?b={good.uuid}").text
    for address in (f"{LIST}{bad.uuid}/change/", f"{LIST}{bad.uuid}/debug-log/"):
        assert f"{COMPARE}?a={bad.uuid}" in read(support, address).links


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Give the UUIDs of two streams"),
        ("a={good}&b={good}", "A and B are the same stream"),
        ("a={good}&b=7aea0680-1f8c-46c2-a04f-990e2e0d52eb", "There is no such stream: B."),
        ("a={call}&b=teapot", "There is no such stream: A and B. Give the whole UUID of a stream, not of its call."),
    ],
)
def test_nothing_to_compare_is_said(support, pair, query, words) -> None:
    good, _ = pair
    assert words in read(support, f"{COMPARE}?{query.format(good=good.uuid, call=good.call.uuid)}").text


def test_only_for_those_who_may_see_streams(stranger, pair) -> None:
    assert stranger.get(COMPARE).status_code == 403
