"""The page of a stream: the sentences, its card with what was measured, and its time line."""

from datetime import timedelta

import pytest

from cdr.pages.stream_page import stream_page
from streams.models import Gateway, StreamMeasure
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call, refused_call, slow_call

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=5)


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def page_of(call):
    return stream_page(str(call.streams.first().uuid), NOW)


def facts(parts) -> dict[str, str]:
    return {fact.label: fact.value for fact in parts}


def test_it_says_what_happened_and_who_closed_with_which_code(gateway) -> None:
    page = page_of(closed_call(gateway))
    assert page.story[1].endswith("The customer's service closed the connection: 1011 (internal error), “worker crashed”.")
    more = facts(page.card.more)
    assert more["Closed by"] == "the customer's service"
    assert more["WebSocket close code"] == "1011 (internal error), “worker crashed”"
    assert [line.words for line in page.card.attempts] == [
        "Connected to 203.0.113.9:443 on attempt 1 after 169 ms, subprotocol audio.drachtio.org."
    ]


def test_a_socket_that_we_closed_has_its_code_too(gateway) -> None:
    more = facts(page_of(good_call(gateway)).card.more)
    assert (more["Closed by"], more["WebSocket close code"]) == ("Streamdesk", "1000 (normal closure)")


def test_a_stream_that_was_never_connected_lists_its_attempts(gateway) -> None:
    card = page_of(refused_call(gateway)).card
    assert facts(card.more)["Closed by"] == "never opened"
    assert [line.words.partition(":")[0] for line in card.attempts] == [f"Connection attempt {number} failed" for number in (1, 2, 3)]
    assert card.bill == "0.00000 USD, for the stream never sent a packet"


def test_an_attempt_that_still_goes_on(gateway) -> None:
    connecting = live_call(gateway).streams.order_by("pk").last()
    card = stream_page(str(connecting.uuid), NOW).card
    assert [line.words for line in card.attempts] == ["Connecting to wss://recorder.example.com:8443/in, attempt 1 of 3."]
    assert (card.bill, card.chart) == ("", None)


def test_the_bill_is_explained(gateway) -> None:
    assert page_of(closed_call(gateway)).card.bill == (
        "25 s → rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD"
    )


def test_what_was_measured(gateway) -> None:
    card = page_of(slow_call(gateway)).card
    assert card.chart.tone == "bad" and "It passed 30 % at 14:02:09, 60 % at 14:02:21 and 90 % at 14:02:33." in card.chart.words
    timing = facts(card.timing)
    assert timing["Arrival gap, frame to frame from the gateway"].startswith("p50 20 ms, p99 21 ms, longest 61 ms; 1 of ")
    assert timing["Send latency, from arrival to the service's socket"] == "p50 0.2 ms, p99 0.3 ms, longest 40.1 s"


def test_a_stream_from_before_anything_was_measured(gateway) -> None:
    call = good_call(gateway)
    StreamMeasure.objects.all().delete()
    call.measure.delete()
    card = page_of(call).card
    assert card.chart is None and {fact.value for fact in card.timing} == {"–"}


@pytest.mark.parametrize("kind", [good_call, slow_call, live_call, refused_call])
def test_three_queries(kind, gateway, django_assert_num_queries) -> None:
    stream = kind(gateway).streams.first()
    with django_assert_num_queries(3):
        stream_page(str(stream.uuid), NOW)


def test_the_time_of_the_state_is_told_and_there_is_no_page_of_nothing(gateway) -> None:
    assert page_of(live_call(gateway)).state_at == "14:06:37"
    assert stream_page("nonsense", NOW) is None and stream_page("987654321", NOW) is None


def test_details_that_are_no_object_do_no_harm(gateway) -> None:
    call = closed_call(gateway)
    call.events.update(details=["odd"])
    assert facts(page_of(call).card.more)["WebSocket close code"] == "1011 (internal error)"
