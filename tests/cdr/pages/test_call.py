"""The page of a call: its facts, the sentences, and the same number of queries whatever happened."""

from datetime import timedelta

import pytest

from cdr.pages.call import call_page
from streams.models import Call, Gateway
from streams.pure.lifecycle import EventKind, Level
from tests.cdr.call_script import STARTED, CallScript, make_gateway
from tests.cdr.factories import KINDS, bad_answer_call, closed_call, good_call, live_call, reaped_call

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=5)
QUERIES = 4


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def facts_of(page) -> dict[str, str]:
    return {fact.label: fact.value for fact in page.facts}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_call_in_four_queries_and_one_for_prices_of_live_streams(kind, gateway, django_assert_max_num_queries) -> None:
    call = kind(gateway)
    with django_assert_max_num_queries(QUERIES + (call.state == "live")):
        page = call_page(str(call.uuid), NOW)
    assert page is not None and page.uuid == call.uuid and page.live is (call.state == "live")


def test_many_streams_take_no_more_queries(gateway, django_assert_num_queries) -> None:
    script = CallScript(gateway).answered(streams=20)
    for index in range(20):
        script.stream_ended(script.streaming(0.2 + index / 100), 30.0 + index, "call_ended", "The gateway hung up.")
    call = script.save()
    with django_assert_num_queries(QUERIES):
        page = call_page(str(call.pk), NOW)
    assert len(page.streams) == 20


def test_the_facts_of_an_ended_call(gateway) -> None:
    call = good_call(gateway)
    assert facts_of(call_page(str(call.uuid), NOW)) == {
        "Call UUID": str(call.uuid),
        "Account": "Acme Robotics",
        "Gateway": "pbx-1",
        "Application": "support bot",
        "From": "+14155550123",
        "To": "+18005550100",
        "Direction": "inbound",
        "Start time (UTC)": "2024-11-23 14:01:37",
        "End time (UTC)": "2024-11-23 14:02:18",
        "Duration": "0:41",
        "Hangup cause": "4000 Normal Hangup",
        "Hangup source": "Unknown",
        "Gateway's audio": "mulaw 8000 Hz",
        "Gateway's call id": f"pbx-1-{int(STARTED.timestamp())}.117",
    }


def test_the_story_of_a_stream_that_died(gateway) -> None:
    page = call_page(str(closed_call(gateway).uuid), NOW)
    assert page.story[1] == (
        "The stream to bot.example.com ran for 25 s and ended at 14:02:02 with Connection error. "
        "The customer's service closed the connection: 1011 (internal error), “worker crashed”."
    )


def test_a_live_call(gateway) -> None:
    page = call_page(str(live_call(gateway).uuid), NOW)
    assert (facts_of(page)["End time (UTC)"], facts_of(page)["Duration"], facts_of(page)["Hangup cause"]) == ("–", "5:00 so far", "–")
    assert [stream.live for stream in page.streams] == [True, True]


def test_a_call_without_streams_says_why(gateway) -> None:
    page = call_page(str(bad_answer_call(gateway).uuid), NOW)
    assert "The application gave no usable answer: The document is HTML" in page.story[0]
    assert page.story[0].endswith("No stream was made for this call.")
    assert [line.words.partition(":")[0] for line in page.timeline.lines if line.level.word == "error"] == [
        "The application gave no usable answer",
        "The call ended",
    ]


def test_what_a_stream_says_already_is_not_said_of_the_call(gateway) -> None:
    page = call_page(str(reaped_call(gateway).uuid), NOW)
    assert "".join(page.story).count("stopped without a word") == 1


def test_a_lost_gateway_is_told_with_its_words(gateway) -> None:
    script = CallScript(gateway)
    script.add(EventKind.CALL_STARTED, 0)
    script.add(EventKind.CALL_ENDED, 5, level=Level.ERROR, code=5000, name="Network Error", source="Error", words="The gateway vanished.")
    assert "with 5000 Network Error. The gateway vanished." in call_page(str(script.save().uuid), NOW).story[0]


def test_a_call_whose_gateway_and_application_are_gone(gateway) -> None:
    call = good_call(gateway)
    Call.objects.update(gateway=None, application=None)
    facts = facts_of(call_page(str(call.uuid), NOW))
    assert (facts["Gateway"], facts["Application"]) == ("–", "–")


@pytest.mark.parametrize("key", ["", "0", "01205b9f-8e51-40f2-b768-aca3aa357a73", "nonsense"])
def test_there_is_no_such_call(key) -> None:
    assert call_page(key, NOW) is None
