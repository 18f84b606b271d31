"""The card of a stream: what Plivo's console shows of it, and what explains it."""

from datetime import timedelta

import pytest

from cdr.pages.stream import find_stream
from cdr.pages.stream_card import stream_card
from streams.models import Gateway, Stream
from tests.cdr.call_script import STARTED, make_gateway
from tests.cdr.factories import closed_call, good_call, live_call, noisy_call, refused_call, slow_call, stopped_call, timed_out_call

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=5)


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def main_of(call) -> list[str]:
    return [fact.value for fact in stream_card(str(call.streams.get().uuid), NOW).main]


def more_of(call) -> dict[str, str]:
    return {fact.label: fact.value for fact in stream_card(str(call.streams.get().uuid), NOW).more}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (good_call, ["2024-11-23 14:01:37", "2024-11-23 14:02:18", "42 s", "60 s", "0.00300 USD", "Call hangup"]),
        (closed_call, ["2024-11-23 14:01:37", "2024-11-23 14:02:02", "25 s", "60 s", "0.00300 USD", "Connection error"]),
        (refused_call, ["never started", "2024-11-23 14:01:41", "0 s", "0 s", "0.00000 USD", "Connection error"]),
        (stopped_call, ["2024-11-23 14:01:37", "2024-11-23 14:03:38", "121 s (2:01)", "180 s", "0.00900 USD", "API request"]),
        (timed_out_call, ["2024-11-23 14:01:37", "2024-11-23 14:11:37", "600 s (10:00)", "600 s", "0.03000 USD", "Stream timeout"]),
    ],
)
def test_what_plivo_shows(kind, values, gateway) -> None:
    assert main_of(kind(gateway)) == values


def test_the_labels_say_utc(gateway) -> None:
    card = stream_card(str(good_call(gateway).streams.get().uuid), NOW)
    assert [fact.label for fact in card.main] == [
        "Stream start time (UTC)",
        "Stream end time (UTC)",
        "Duration",
        "Rounded bill duration",
        "Billed amount",
        "Hangup reason",
    ]


def test_streams_without_a_charge_yet(gateway) -> None:
    streaming, connecting = live_call(gateway).streams.order_by("pk")
    assert [fact.value for fact in stream_card(str(streaming.pk), NOW).main] == [
        "2024-11-23 14:01:37",
        "–",
        "300 s (5:00) so far",
        "–",
        "0.015 USD so far, 0.003 a minute",
        "–",
    ]
    assert [fact.value for fact in stream_card(str(connecting.pk), NOW).main] == ["not yet", "–", "–", "–", "–", "–"]


def test_what_explains_a_stream(gateway) -> None:
    closed, refused, slow = more_of(closed_call(gateway)), more_of(refused_call(gateway)), more_of(slow_call(gateway))
    assert closed["WebSocket close code"] == "1011 (internal error)"
    assert (closed["Connect attempts"], closed["Status callbacks"]) == ("1", "2 delivered")
    assert (refused["WebSocket close code"], refused["Connect attempts"], refused["Status callbacks"]) == ("–", "3", "1 given up")
    assert (closed["Highest buffer level"], slow["Highest buffer level"]) == ("below 30 %", "90 % passed")
    assert (closed["Service URL"], closed["Audio"]) == (
        "wss://bot.example.com/audiostream",
        "inbound track, audio/x-mulaw;rate=8000, bidirectional",
    )


def test_noise_cancellation_is_told_of_a_stream_that_asked_for_it(gateway) -> None:
    full = "A process suppresses the noise of 25 streams of one account at once (half of NOISE_CANCELLATION_STREAMS), and this one does."
    done, undone = more_of(noisy_call(gateway)), more_of(noisy_call(gateway, problem=full))
    assert done["Noise cancellation"] == ("level 90: very high strength, by webrtc-noise-gain; a minute of audio takes 81 ms of CPU")
    assert undone["Noise cancellation"] == f"level 90, not carried out. {full}"
    assert "Noise cancellation" not in more_of(closed_call(gateway))


def test_the_end_in_words(gateway) -> None:
    card = stream_card(str(closed_call(gateway).streams.get().uuid), NOW)
    assert card.end_details == "The customer's service closed the connection: 1011 (internal error), “worker crashed”."
    assert (card.state.word, card.reason.word, card.live) == ("ended", "Connection error", False)


def test_callbacks_that_were_not_asked_for(gateway) -> None:
    live_call(gateway)
    words = {
        more.value for stream in Stream.objects.all() for more in stream_card(str(stream.pk), NOW).more if more.label == "Status callbacks"
    }
    assert words == {"1 delivered", "none asked for"}


def test_a_card_takes_one_query(gateway, django_assert_num_queries) -> None:
    stream = good_call(gateway).streams.get()
    with django_assert_num_queries(1):
        stream_card(str(stream.uuid), NOW)


def test_there_is_no_such_stream() -> None:
    assert find_stream("nonsense") is None
    assert stream_card("17", NOW) is None


def test_the_values_of_extra_headers_are_nowhere_on_the_card(gateway) -> None:
    assert "s3cret" not in repr(stream_card(str(good_call(gateway).streams.get().uuid), NOW))
