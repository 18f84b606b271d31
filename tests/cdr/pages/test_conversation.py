"""How a conversation went, on the page of its stream."""

from datetime import timedelta

import pytest

from cdr.pages.stream_page import stream_page
from streams.models import Gateway, StreamConversation
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=5)


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def page_of(call):
    return stream_page(str(call.streams.first().uuid), NOW)


def test_the_story_the_figures_the_lanes_and_the_slowest_turns(gateway) -> None:
    page = page_of(good_call(gateway))
    assert page.story[-1] == "The bot answered within 0.9 s as a rule; once it took 6.2 s. The caller interrupted it once."
    talk = page.talk
    assert [line.response for line in talk.slowest] == ["6.2 s", "900 ms", "800 ms"]
    assert len(talk.all_turns) == 5
    (row,) = talk.strip.rows
    assert (len(row.caller), len(row.bot), len(row.both), len(row.silent)) == (5, 4, 1, 2)
    assert [mark.kind for mark in row.marks] == ["digit"]
    anchors = {line.anchor for line in page.timeline.lines}
    assert {line.anchor for line in talk.all_turns} <= anchors


def test_it_is_on_the_page_and_nothing_is_there_of_a_stream_without_one(admin_client, gateway) -> None:
    spoke, mute = good_call(gateway).streams.first(), closed_call(gateway).streams.first()
    pages = [admin_client.get(f"/admin/cdr/streamdetail/{stream.pk}/change/").content.decode() for stream in (spoke, mute)]
    assert ["How the conversation went" in page for page in pages] == [True, False]
    assert 'class="both"' in pages[0] and "style=" not in pages[0]


def test_what_another_version_kept_breaks_no_page(gateway) -> None:
    call = good_call(gateway)
    odd: tuple[object, ...] = ({}, [], {"columns": [], "turns": [[1]], "caller": None})
    for course in odd:
        StreamConversation.objects.update(course=course)
        assert page_of(call).talk.all_turns == []
