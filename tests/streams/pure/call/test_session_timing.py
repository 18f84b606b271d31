"""What a call measures of itself while it is driven by hand."""

from uuid import uuid4

import pytest

from streams.pure.call.measure import percentile_ms
from streams.pure.customer.connection import Closure
from streams.pure.lifecycle import EventKind
from streams.pure.messages import Ended, StreamRequest
from tests.streams.pure.call.driven import FACTS, REQUEST, Driven


def counted(kept: dict) -> int:
    return sum(kept["counts_us"].values())


def test_a_steady_gateway_has_even_gaps() -> None:
    call = Driven()
    call.frames(101)
    arrivals = call.session.measured().arrivals
    assert (counted(arrivals), arrivals["late"]) == (100, 0)
    assert percentile_ms(arrivals["counts_us"], arrivals["max_us"], 99) == pytest.approx(20, abs=1)


def test_a_pause_of_the_gateway_makes_its_next_frame_late() -> None:
    call = Driven()
    call.frames(3)
    call.now += 0.3
    call.frames(3)
    arrivals = call.session.measured().arrivals
    assert (arrivals["late"], arrivals["max_us"]) == (1, pytest.approx(320_000, abs=1))


def test_a_frame_that_waits_is_sent_late() -> None:
    call = Driven()
    stream_id = call.connected()
    call.frames(1)
    call.texts(stream_id)
    call.frames(2)
    call.now += 0.5
    call.texts(stream_id)
    latency = call.session.measured().streams[stream_id]["latency"]
    assert counted(latency) == 3 and latency["max_us"] == pytest.approx(520_000, abs=1)
    assert latency["counts_us"]["0"] == 1


def test_audio_from_before_the_answer_is_as_old_as_it_is() -> None:
    call = Driven(answered=False)
    call.frames(10)
    stream_id = uuid4()
    call.session.follow([(stream_id, REQUEST)], call.now)
    call.session.streams[stream_id].dialling(call.now)
    call.session.streams[stream_id].connect_succeeded(call.now, FACTS)
    call.texts(stream_id)
    assert call.session.measured().streams[stream_id]["latency"]["max_us"] == pytest.approx(180_000, abs=1500)


def test_the_level_rises_while_a_customer_does_not_take_and_the_end_brings_it_along() -> None:
    call = Driven()
    stream_id = call.connected()
    for _ in range(40):
        call.frames(1)
        call.session.tick(call.now)
    levels = call.session.measured().streams[stream_id]["levels"]
    assert levels["peaks_ms"] == [500, 800] and levels["capacity_ms"] == 1000
    call.session.streams[stream_id].closed(Closure(True, 1011, "worker crashed"), call.now)
    measured = call.last(EventKind.STREAM_ENDED).measured or {}
    assert measured["levels"]["peaks_ms"] == [500, 800]
    assert "levels" not in call.last(EventKind.STREAM_ENDED).details


def test_the_moment_a_buffer_is_full_is_measured() -> None:
    call = Driven()
    stream_id = call.connected()
    call.frames(50)
    assert not call.session.streams[stream_id].live
    measured = call.last(EventKind.STREAM_ENDED).measured or {}
    assert measured["levels"]["peaks_ms"][-1] == 1000


def test_only_live_streams_are_measured_and_the_end_of_the_call_has_its_own() -> None:
    call = Driven()
    gone, live = call.connected(), call.connected(StreamRequest("wss://other.example/"))
    call.session.streams[gone].closed(Closure(True, 1000, ""), call.now)
    call.session.settle(call.now)
    assert set(call.session.measured().streams) == {live}
    call.frames(5)
    call.session.hear(Ended(lost=False, code=1000, words="The gateway hung up."), call.now)
    assert counted(call.last(EventKind.CALL_ENDED).measured) == 4
