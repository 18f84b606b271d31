"""A service that closes its socket after its last words is heard to the end, within bounds."""

import base64
from typing import Any
from uuid import UUID

import pytest

from streams.pure.call.effects import CloseGateway
from streams.pure.call.limits import StreamLimits
from streams.pure.customer.connection import Closure
from streams.pure.lifecycle import API_HANGUP, END_OF_XML, EndCause, EventKind
from streams.pure.messages import Clear, Ended, HangUp, Mark, MarkPlayed, Paused, Play, StreamRequest
from tests.streams.pure.call.driven import Driven

BOT = StreamRequest("wss://bot.example/audio", content_type="audio/x-mulaw;rate=8000", bidirectional=True, keep_call_alive=True)
GUEST = StreamRequest("wss://guest.example/audio", content_type="audio/x-mulaw;rate=8000", bidirectional=True)
POLITE = StreamLimits(goodbye_seconds=10)
CLOSED = Closure(True, 1000, "")


def says(call: Driven, stream_id: UUID, ms: int, sound: bytes = b"\x11", **media: Any) -> None:
    payload = base64.b64encode(sound * (8 * ms)).decode()
    call.says(stream_id, event="playAudio", media={"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload, **media})


def talking(limits: StreamLimits = POLITE, marks: bool = False, request: StreamRequest = BOT, **started: Any) -> tuple[Driven, UUID]:
    call = Driven(limits, marks=marks, **started)
    stream_id = call.connected(request)
    call.told()
    return call, stream_id


def heard(commands: list[Any]) -> bytes:
    return b"".join(command.payload for command in commands if isinstance(command, Play))


@pytest.mark.parametrize("closure", [CLOSED, Closure(True, 1001, "going away"), Closure(False, 1006, "")])
@pytest.mark.parametrize("ms", [20, 137, 2000, 9000])
def test_what_a_bot_said_last_is_heard_before_the_call_is_hung_up(closure: Closure, ms: int) -> None:
    call, stream_id = talking()
    says(call, stream_id, ms)
    commands = call.told()
    call.customer_closed(stream_id, closure)
    closed_at = call.now
    commands += call.told()
    while call.session.over is None and call.now < closed_at + 20:
        commands += call.ticks(0.02)
    assert heard(commands).rstrip(b"\xff") == b"\x11" * (8 * ms)
    assert Clear() not in commands and commands[-1] == HangUp()
    assert call.session.over == END_OF_XML
    assert ms / 1000 <= call.now - closed_at <= ms / 1000 + 0.7
    assert call.last(EventKind.STREAM_ENDED).at == pytest.approx(call.last(EventKind.LAST_WORDS).at)
    assert call.last(EventKind.LAST_WORDS).details == {"waiting_ms": pytest.approx(ms, abs=20), "within_seconds": 10}
    assert call.last(EventKind.LAST_WORDS_HEARD).details["seconds"] == pytest.approx(call.now - closed_at, abs=0.03)


@pytest.mark.parametrize("ms", [20, 137, 2000, 7000])
def test_a_gateway_that_plays_files_gets_all_of_it_and_the_time_to_play_it(ms: int) -> None:
    call, stream_id = talking(plays_files=True)
    says(call, stream_id, ms)
    commands = call.told()
    call.customer_closed(stream_id, CLOSED)
    closed_at = call.now
    while call.session.over is None and call.now < closed_at + 20:
        commands += call.ticks(0.02)
    assert heard(commands).rstrip(b"\xff") == b"\x11" * (8 * ms)
    assert Clear() not in commands and commands[-1] == HangUp()
    assert ms / 1000 + 0.1 <= call.now - closed_at <= ms / 1000 + 1.3


def test_a_longer_speech_is_cut_off_at_the_bound() -> None:
    call, stream_id = talking()
    says(call, stream_id, 30_000)
    call.customer_closed(stream_id, CLOSED)
    call.ticks(9.9)
    assert call.session.over is None
    commands = call.ticks(0.2)
    assert commands[-2:] == [Clear(), HangUp()]
    assert call.last(EventKind.LAST_WORDS_CUT_OFF).details == {"within_seconds": 10, "waiting_ms": pytest.approx(20_000, abs=100)}


def test_a_bot_with_nothing_to_say_hangs_up_at_once() -> None:
    call, stream_id = talking()
    says(call, stream_id, 500)
    call.ticks(2)
    call.customer_closed(stream_id, CLOSED)
    assert call.session.over == END_OF_XML
    assert EventKind.LAST_WORDS not in call.kinds()


def test_without_the_option_there_is_silence_at_once() -> None:
    call, stream_id = talking(StreamLimits())
    says(call, stream_id, 2000)
    call.told()
    call.customer_closed(stream_id, CLOSED)
    assert call.told() == [Clear(), HangUp()]


@pytest.mark.parametrize("cause", [EndCause.STOPPED_BY_API, EndCause.STOPPED_BY_OPERATOR])
def test_a_stream_that_is_stopped_is_silent_at_once(cause: EndCause) -> None:
    call, stream_id = talking()
    says(call, stream_id, 2000)
    call.told()
    call.session.stop_stream(stream_id, cause, "anna", call.now)
    assert call.told() == [Clear(), HangUp()]


def test_where_the_gateway_has_marks_its_word_counts() -> None:
    call, stream_id = talking(marks=True)
    says(call, stream_id, 1000)
    call.customer_closed(stream_id, CLOSED)
    marks = [command for command in call.told() + call.ticks(3) if isinstance(command, Mark)]
    assert len(marks) == 1 and call.session.over is None
    call.session.hear(MarkPlayed(marks[0].name), call.now)
    call.ticks(0.04)
    assert call.session.over == END_OF_XML


def test_a_gateway_that_does_not_confirm_holds_the_call_up_to_the_bound() -> None:
    call, stream_id = talking(marks=True)
    says(call, stream_id, 500)
    call.customer_closed(stream_id, CLOSED)
    call.ticks(9.8)
    assert call.session.over is None
    call.ticks(0.3)
    assert call.session.over == END_OF_XML
    assert "waiting_ms" not in call.last(EventKind.LAST_WORDS_CUT_OFF).details
    assert EventKind.CHECKPOINT_UNCONFIRMED not in call.kinds()


def test_a_gateway_that_takes_nothing_more_is_waited_for_up_to_the_bound_only() -> None:
    call, stream_id = talking()
    call.session.hear(Paused(), call.now)
    says(call, stream_id, 2000)
    call.customer_closed(stream_id, CLOSED)
    call.ticks(10.1)
    assert call.session.over == END_OF_XML


def test_who_hangs_up_meanwhile_is_not_held() -> None:
    call, stream_id = talking()
    says(call, stream_id, 5000)
    call.customer_closed(stream_id, CLOSED)
    call.session.hang_up(API_HANGUP, "Hung up by anna.", call.now)
    assert call.session.over == API_HANGUP
    again, stream_id = talking()
    says(again, stream_id, 5000)
    again.customer_closed(stream_id, CLOSED)
    again.session.hear(Ended(lost=False, code=1000, words="The gateway hung up."), again.now)
    count = len(again.kinds())
    again.ticks(12)
    assert len(again.kinds()) == count
    assert sum(isinstance(effect, CloseGateway) for effect in again.effects) == 0


def test_a_guest_says_goodbye_and_the_call_goes_on() -> None:
    call, bot = talking()
    guest = call.connected(GUEST)
    says(call, guest, 1000, b"\x22")
    call.customer_closed(guest, CLOSED)
    commands = call.told() + call.ticks(3)
    assert heard(commands) == b"\x22" * 8000 and call.session.over is None
    says(call, bot, 100)
    assert heard(call.told() + call.ticks(1)) == b"\x11" * 800


def test_all_last_words_are_heard_when_several_close_one_after_another() -> None:
    call, bot = talking()
    guest = call.connected(GUEST)
    says(call, bot, 1000)
    says(call, guest, 2000, b"\x22")
    commands = call.told()
    call.customer_closed(bot, CLOSED)
    call.customer_closed(guest, CLOSED)
    commands += call.told() + call.ticks(4)
    assert heard(commands) == b"\x11" * 8000 + b"\x22" * 16000
    assert call.session.over == END_OF_XML


def test_another_stream_that_keeps_the_call_alive_takes_over() -> None:
    call, bot = talking()
    says(call, bot, 1000)
    call.customer_closed(bot, CLOSED)
    other = call.connected(BOT)
    call.ticks(5)
    assert call.session.over is None
    call.customer_closed(other, CLOSED)
    assert call.session.over == END_OF_XML


def test_whoever_has_nothing_with_the_gateway_cuts_nobody_off() -> None:
    call, bot = talking()
    guest = call.connected(GUEST)
    says(call, guest, 100, b"\x22")
    call.ticks(1)
    says(call, bot, 1000)
    call.told()
    call.says(guest, event="clearAudio")
    call.session.stop_stream(guest, EndCause.STOPPED_BY_API, "API", call.now)
    assert Clear() not in call.told()
