"""A gateway whose socket was lost: waited for, back, or given up; and the call meanwhile."""

import pytest

from streams.pure.call.gateway_absence import NOTED_IN_FULL
from streams.pure.call.limits import StreamLimits
from streams.pure.customer.connection import Closure
from streams.pure.lifecycle import API_HANGUP, GATEWAY_LOST, NORMAL_HANGUP, EndCause, EventKind
from streams.pure.messages import AudioFormat, Encoding, Ended, Play, Started, StreamRequest
from tests.streams.pure.call.driven import MULAW, Driven

LOST = Ended(lost=True, code=1006, words="The connection to the gateway was lost.")
AGAIN = Started(MULAW, 20, "gw-1")
WAITING = StreamLimits(buffer_ms=1000, resume_seconds=5)
LOSSES = (EventKind.CALL_GATEWAY_AWAITED, EventKind.CALL_GATEWAY_RESUMED)


def lost_call(limits: StreamLimits = WAITING) -> Driven:
    call = Driven(limits)
    call.frames(3)
    call.session.hear(LOST, call.now)
    return call


def test_a_lost_gateway_is_waited_for_and_its_stream_goes_on() -> None:
    call = lost_call()
    stream_id = call.connected()
    call.ticks(2)
    assert call.session.resume(AGAIN, "192.0.2.7:1", call.now) == ""
    call.ticks(60)
    call.frames(2)
    assert (call.session.over, len(call.texts(stream_id))) == (None, 3)
    assert [call.kinds().count(kind) for kind in LOSSES] == [1, 1]
    assert call.last(EventKind.CALL_GATEWAY_RESUMED).details == {"gap_ms": 2000, "address": "192.0.2.7:1"}
    assert call.last(EventKind.CALL_GATEWAY_AWAITED).details == {"close_code": 1006, "awaited_seconds": 5}


def test_a_gateway_that_does_not_come_back_is_given_up() -> None:
    call = lost_call()
    stream_id = call.connected()
    call.ticks(4.96)
    assert call.session.over is None
    call.ticks(0.1)
    assert call.session.over == GATEWAY_LOST
    ended = call.last(EventKind.STREAM_ENDED)
    assert (ended.stream_id, ended.details["cause"]) == (stream_id, EndCause.GATEWAY_LOST)
    assert ended.details["words"] == "The connection to the gateway was lost. No other socket of its came within 5 s."
    assert call.last(EventKind.CALL_ENDED).details["close_code"] == 1006


@pytest.mark.parametrize(
    ("limits", "ended", "hangup"),
    [
        (StreamLimits(buffer_ms=1000), LOST, GATEWAY_LOST),
        (WAITING, Ended(lost=False, code=1000, words="The gateway hung up."), NORMAL_HANGUP),
    ],
    ids=["nobody is waited for", "a clean close"],
)
def test_other_ends_are_ends(limits: StreamLimits, ended: Ended, hangup) -> None:
    call = Driven(limits)
    call.session.hear(ended, call.now)
    assert call.session.over == hangup


def test_a_second_socket_while_the_first_looks_well_is_a_gap_of_nothing() -> None:
    call = Driven(WAITING)
    call.frames(1)
    call.session.resume(AGAIN, "192.0.2.7:1", call.now)
    call.ticks(10)
    assert call.session.over is None
    assert call.last(EventKind.CALL_GATEWAY_RESUMED).details["gap_ms"] == 0


@pytest.mark.parametrize(
    "media",
    [Started(AudioFormat(Encoding.L16, 16_000), 20, "gw-1"), Started(MULAW, 20, "gw-1", {"mix": "stereo"})],
    ids=["another rate", "another mix"],
)
def test_another_format_is_refused_in_words_and_the_gateway_still_waited_for(media: Started) -> None:
    call = lost_call()
    problem = call.session.resume(media, "192.0.2.7:1", call.now)
    assert problem.startswith("The call's audio is mulaw 8000 Hz; another socket has to bring the same")
    assert call.last(EventKind.CALL_GATEWAY_ERROR).details["text"] == problem
    call.ticks(5.1)
    assert call.session.over == GATEWAY_LOST


def test_what_customers_play_meanwhile_waits_for_the_gateway() -> None:
    call = Driven(WAITING)
    stream_id = call.connected(StreamRequest("wss://bot.example/", bidirectional=True, content_type="audio/x-mulaw;rate=8000"))
    call.session.hear(LOST, call.now)
    call.says(stream_id, event="playAudio", media={"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": "AAAA" * 400})
    assert not [command for command in call.ticks(1) if isinstance(command, Play)]
    call.session.resume(AGAIN, "192.0.2.7:1", call.now)
    played = [command for command in call.told() + call.ticks(1) if isinstance(command, Play)]
    assert sum(len(command.payload) for command in played) == 1280  # 1200 bytes, and silence to a whole frame


def test_a_hangup_and_the_end_of_the_last_stream_do_not_wait() -> None:
    call = lost_call()
    call.session.hang_up(API_HANGUP, "Hung up.", call.now)
    assert call.session.over == API_HANGUP
    call = lost_call()
    keeper = call.connected(StreamRequest("wss://bot.example/", keep_call_alive=True))
    call.customer_closed(keeper, Closure(True, 1000, ""))
    assert call.session.over is not None


def test_a_gateway_that_comes_and_goes_fills_no_log() -> None:
    call = lost_call()
    for _ in range(100):
        call.session.resume(AGAIN, "192.0.2.7:1", call.now)
        call.session.hear(LOST, call.now)
    assert [call.kinds().count(kind) for kind in LOSSES] == [NOTED_IN_FULL] * 2
