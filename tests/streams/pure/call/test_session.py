"""A call and its streams, driven by hand: messages and moments in, effects out."""

import base64
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.pure.call.effects import CloseCustomer, CloseGateway, Dial, TellGateway
from streams.pure.call.limits import StreamLimits
from streams.pure.customer.connection import Closure, Failure
from streams.pure.lifecycle import API_HANGUP, END_OF_XML, MEDIA_TIMEOUT, EndCause, EventKind, Level, StreamState
from streams.pure.messages import (
    Audio,
    Dtmf,
    Ended,
    GatewayMessage,
    GatewayReport,
    HangUp,
    Mark,
    MarkPlayed,
    Paused,
    Play,
    StreamRequest,
    Unreadable,
    Unsupported,
)
from tests.streams.pure.call.driven import FACTS, FRAME, REQUEST, Driven


def test_notes_are_numbered_from_one_and_timed_by_the_wall_clock_of_the_start() -> None:
    call = Driven()
    call.now = 103.5
    call.session.hear(Dtmf("5"), call.now)
    call.collect()
    assert [note.number for note in call.notes] == [1, 2, 3]
    assert call.notes[-1].at == pytest.approx(1_700_000_003.5)


def test_audio_reaches_the_customer_byte_for_byte_after_the_start_event() -> None:
    call = Driven()
    stream_id = call.connected()
    call.frames(3)
    start, *media = call.texts(stream_id)
    assert start["event"] == "start"
    assert [base64.b64decode(text["media"]["payload"]) for text in media] == [FRAME] * 3
    assert [text["sequenceNumber"] for text in (start, *media)] == [1, 2, 3, 4]


@pytest.mark.parametrize(("size", "count"), [(80, 100), (240, 33), (320, 25), (480, 17), (101, 60), (8000, 2), (1, 500)])
def test_whatever_a_gateways_frames_hold_each_media_message_holds_20_ms(size: int, count: int) -> None:
    call = Driven(StreamLimits())
    stream_id = call.connected()
    for _ in range(count):
        call.now += size / 8000
        call.session.audio(Audio(FRAME[:1] * size), call.now)
    media = [text["media"] for text in call.texts(stream_id) if text["event"] == "media"]
    assert {len(base64.b64decode(frame["payload"])) for frame in media} == {160}
    assert [frame["chunk"] for frame in media] == list(range(1, size * count // 160 + 1))
    stamps = [int(frame["timestamp"]) for frame in media]
    assert [stamp - stamps[0] for stamp in stamps] == [20 * index for index in range(len(stamps))]
    call.session.hear(Ended(lost=False, code=1000, words="The gateway hung up."), call.now)
    rest = [base64.b64decode(text["media"]["payload"]) for text in call.texts(stream_id) if text["event"] == "media"]
    assert [len(payload) for payload in rest] == ([size * count % 160] if size * count % 160 else [])


def test_audio_before_the_answer_is_kept_for_the_streams_it_names() -> None:
    call = Driven(answered=False)
    call.frames(10)
    stream_id = uuid4()
    call.session.follow([(stream_id, REQUEST)], call.now)
    call.session.streams[stream_id].dialling(call.now)
    call.session.streams[stream_id].connect_succeeded(call.now, FACTS)
    call.frames(2)
    media = [text["media"] for text in call.texts(stream_id) if text["event"] == "media"]
    assert len(media) == 12
    stamps = [int(frame["timestamp"]) for frame in media]
    assert stamps == sorted(stamps) and stamps[-1] - stamps[0] == 220


def test_audio_that_was_held_until_the_gateway_said_who_calls_keeps_its_pace_in_the_timestamps() -> None:
    call = Driven(StreamLimits(), answered=False)
    for _ in range(50):
        call.session.audio(Audio(FRAME), call.now)
    stream_id = uuid4()
    call.session.follow([(stream_id, REQUEST)], call.now)
    call.session.streams[stream_id].dialling(call.now)
    call.session.streams[stream_id].connect_succeeded(call.now, FACTS)
    call.frames(50)
    stamps = [int(text["media"]["timestamp"]) for text in call.texts(stream_id) if text["event"] == "media"]
    assert [stamp - stamps[0] for stamp in stamps] == [20 * index for index in range(100)]
    assert stamps[50] == pytest.approx(1_700_000_000_020, abs=1)


def test_of_a_very_late_answer_the_first_audio_is_not_kept_and_that_is_said() -> None:
    call = Driven(answered=False)
    call.frames(100)
    stream_id = uuid4()
    call.session.follow([(stream_id, REQUEST)], call.now)
    assert call.session.streams[stream_id].live
    assert call.session.streams[stream_id].backlog.held_ms == 500
    assert "first 1.5 s" in call.last(EventKind.CALL_ANSWER_WARNING).details["problem"]


def test_the_stream_starts_with_its_first_audio_not_with_its_connection() -> None:
    call = Driven()
    stream_id = call.connected()
    call.texts(stream_id)
    assert call.session.streams[stream_id].state is StreamState.CONNECTED
    call.frames(1)
    call.texts(stream_id)
    assert call.session.streams[stream_id].state is StreamState.STREAMING
    assert call.kinds().count(EventKind.STREAM_STARTED) == 1


def test_audio_waits_while_the_stream_connects_and_nothing_is_lost() -> None:
    call = Driven()
    stream_id = call.stream()
    call.session.streams[stream_id].dialling(call.now)
    call.frames(40)
    assert call.texts(stream_id) == []
    call.session.streams[stream_id].connect_succeeded(call.now, FACTS)
    assert len(call.texts(stream_id)) == 41
    assert call.last(EventKind.STREAM_STARTED).details["buffered_ms"] == 780


def test_no_level_is_noted_before_the_stream_has_started() -> None:
    call = Driven()
    stream_id = call.stream()
    call.session.streams[stream_id].dialling(call.now)
    call.frames(45)
    call.session.streams[stream_id].measure(0, call.now)
    assert EventKind.BUFFER_DEGRADED not in call.kinds()


def test_a_failed_attempt_is_tried_again_after_one_and_three_seconds_then_dropped() -> None:
    call = Driven()
    stream_id = call.stream()
    for _ in range(3):
        call.session.streams[stream_id].dialling(call.now)
        call.session.streams[stream_id].connect_failed(call.now, Failure("refused", 5, "192.0.2.1"))
    dials = [effect for effect in call.collect() if isinstance(effect, Dial)]
    assert [(dial.attempt, dial.after_seconds) for dial in dials] == [(1, 0), (2, 1), (3, 3)]
    ended = call.last(EventKind.STREAM_ENDED)
    assert ended.details["cause"] == EndCause.CONNECT_FAILED
    assert ended.level is Level.ERROR
    assert CloseCustomer(stream_id, flush=False) in call.effects


def test_an_address_that_may_not_be_dialled_is_not_tried_again() -> None:
    call = Driven()
    stream_id = call.stream()
    call.session.streams[stream_id].dialling(call.now)
    call.session.streams[stream_id].connect_failed(call.now, Failure("10.0.0.1 is private", 1, final=True))
    assert len([effect for effect in call.collect() if isinstance(effect, Dial)]) == 1
    assert call.last(EventKind.STREAM_ENDED).details["cause"] == EndCause.ADDRESS_REFUSED


def test_a_host_that_is_blocked_is_not_tried_again_and_the_cause_is_its_own() -> None:
    call = Driven()
    stream_id = call.stream()
    call.session.streams[stream_id].dialling(call.now)
    call.session.streams[stream_id].connect_failed(call.now, Failure("The host is blocked.", 1, final=True, blocked=True))
    assert len([effect for effect in call.collect() if isinstance(effect, Dial)]) == 1
    assert call.last(EventKind.STREAM_ENDED).details["cause"] == EndCause.HOST_BLOCKED


def test_levels_count_what_is_held_and_what_is_in_flight() -> None:
    call = Driven()
    stream_id = call.connected()
    call.frames(1)
    call.texts(stream_id)
    stream = call.session.streams[stream_id]
    call.frames(10)  # 200 ms held
    stream.measure(int(110 * stream.sent.bytes_per_ms), call.now)
    degraded = call.last(EventKind.BUFFER_DEGRADED)
    assert (degraded.details["percent"], degraded.details["capacity_ms"]) == (30, 1000)
    assert degraded.details["buffered_ms"] == pytest.approx(310, abs=3)
    call.texts(stream_id)
    stream.measure(0, call.now)
    assert call.last(EventKind.BUFFER_RECOVERED).details["percent"] == 30


def test_a_full_buffer_ends_the_stream_and_says_how_much_waited() -> None:
    call = Driven()
    slow, good = call.connected(), call.connected(StreamRequest("wss://other.example/", content_type="audio/x-l16;rate=8000"))
    call.frames(1)
    call.texts(slow)
    for _ in range(60):
        call.frames(1)
        call.texts(good)
        call.session.streams[slow].measure(0, call.now)
    call.session.settle(call.now)
    ended = call.last(EventKind.STREAM_ENDED)
    assert ended.stream_id == slow
    assert ended.details["cause"] == EndCause.SLOW_CONNECTION
    assert ended.details["discarded_ms"] == 1000
    percents = [note.details["percent"] for note in call.notes if note.kind is EventKind.BUFFER_DEGRADED]
    assert percents == [30, 60, 90]
    assert call.session.streams[good].state is StreamState.STREAMING


def test_memory_is_bounded_even_if_nobody_measures() -> None:
    call = Driven()
    stream_id = call.stream()
    call.session.streams[stream_id].dialling(call.now)
    call.frames(500)
    stream = call.session.streams[stream_id]
    assert not stream.live
    assert len(stream.backlog.waiting) == 0


def test_a_hangup_sends_what_waits_then_stop_then_closes() -> None:
    call = Driven()
    stream_id = call.connected()
    call.frames(3)
    call.session.hear(Ended(lost=False, code=1000, words="The gateway hung up."), call.now)
    assert [text["event"] for text in call.texts(stream_id)] == ["start", "media", "media", "media", "stop"]
    call.collect()
    assert CloseCustomer(stream_id, flush=True) in call.effects
    assert call.last(EventKind.STREAM_ENDED).details["cause"] == EndCause.CALL_ENDED
    assert call.last(EventKind.CALL_ENDED).details["code"] == 4000


def test_a_lost_gateway_is_told_from_a_hangup() -> None:
    call = Driven()
    call.connected()
    call.session.hear(Ended(lost=True, code=None, words="The gateway vanished."), call.now)
    assert call.last(EventKind.STREAM_ENDED).details["cause"] == EndCause.GATEWAY_LOST
    assert call.last(EventKind.CALL_ENDED).level is Level.ERROR
    assert "silent_seconds" not in call.last(EventKind.STREAM_ENDED).details


def test_a_gateway_whose_loss_is_noticed_late_was_there_until_it_was_heard_last() -> None:
    call = Driven()
    call.connected()
    call.frames(3)
    call.now += 20
    call.session.hear(Ended(lost=True, code=None, words="The gateway vanished."), call.now)
    assert call.last(EventKind.STREAM_ENDED).details["silent_seconds"] == pytest.approx(20, abs=0.1)


def test_stopping_a_stream_closes_its_socket_without_a_stop_event_and_the_call_goes_on() -> None:
    call = Driven()
    stream_id = call.connected()
    call.frames(1)
    call.session.stop_stream(stream_id, EndCause.STOPPED_BY_OPERATOR, "anna", call.now)
    assert [text["event"] for text in call.texts(stream_id)] == ["start", "media"]
    assert call.session.over is None
    assert call.last(EventKind.STOP_REQUESTED).details["by"] == "anna"
    call.session.stop_stream(stream_id, EndCause.STOPPED_BY_OPERATOR, "anna", call.now)
    assert call.kinds().count(EventKind.STREAM_ENDED) == 1


def test_the_stream_timeout_counts_from_the_connection() -> None:
    call = Driven()
    stream_id = call.connected(StreamRequest("wss://bot.example/", stream_timeout_seconds=5))
    call.session.tick(call.now + 4.9)
    assert call.session.streams[stream_id].live
    call.session.tick(call.now + 5.09)
    ended = call.last(EventKind.STREAM_ENDED)
    assert ended.details["cause"] == EndCause.TIMED_OUT
    assert ended.at == call.last(EventKind.CONNECTED).at + 5


@pytest.mark.parametrize(
    ("closure", "cause", "words"),
    [
        (Closure(True, 1011, "worker crashed"), EndCause.CUSTOMER_CLOSED, "closed the connection: 1011 (internal error), “worker crashed”"),
        (Closure(True, None, ""), EndCause.CUSTOMER_CLOSED, "closed the connection without a close code"),
        (Closure(False, 1006, "Connection reset by peer"), EndCause.CUSTOMER_LOST, "lost without a close frame (1006): Connection reset"),
    ],
)
def test_who_closed_is_told_from_what_was_lost(closure: Closure, cause: EndCause, words: str) -> None:
    call = Driven()
    stream_id = call.connected()
    call.customer_closed(stream_id, closure)
    ended = call.last(EventKind.STREAM_ENDED)
    assert ended.details["cause"] == cause
    assert words in ended.details["words"]
    assert ended.details.get("close_code") == closure.code


def test_a_socket_that_we_closed_for_what_the_customer_sent_is_ours() -> None:
    call = Driven(StreamLimits(goodbye_seconds=10))
    stream_id = call.connected()
    call.customer_closed(stream_id, Closure(False, 1009, "over size limit", by_us=True))
    ended = call.last(EventKind.STREAM_ENDED)
    assert (ended.details["cause"], ended.details["close_code"], ended.level) == (EndCause.MESSAGE_REFUSED, 1009, Level.ERROR)
    assert ended.details["words"] == (
        "We closed the connection to the customer's service, because a message of it is too large: 1009 (message too big), "
        "“over size limit”."
    )


def test_a_gateway_whose_socket_we_closed_is_told_from_one_that_closed() -> None:
    ours, theirs = Driven(), Driven()
    ours.session.hear(Ended(lost=True, code=1007, words="We closed it.", ours=True), ours.now)
    theirs.session.hear(Ended(lost=False, code=1009, words="The gateway refused a message as too large."), theirs.now)
    assert ours.last(EventKind.CALL_ENDED).details["our_close_code"] == 1007
    assert "close_code" not in ours.last(EventKind.CALL_ENDED).details
    assert theirs.last(EventKind.CALL_ENDED).details["close_code"] == 1009
    assert "our_close_code" not in theirs.last(EventKind.CALL_ENDED).details


def test_digits_go_to_the_customer_in_their_place_between_the_frames() -> None:
    call = Driven()
    stream_id = call.connected()
    call.frames(1)
    call.session.hear(Dtmf("#"), call.now)
    call.frames(1)
    assert [text["event"] for text in call.texts(stream_id)] == ["start", "media", "dtmf", "media"]


def test_a_digit_right_after_the_frame_that_ended_its_stream_is_not_forwarded() -> None:
    """The call forgets the stream at its next tick only."""
    call = Driven()
    call.connected()
    call.frames(50)
    call.session.hear(Dtmf("#"), call.now)
    assert call.last(EventKind.STREAM_ENDED).details["cause"] == EndCause.SLOW_CONNECTION
    assert call.kinds()[-2:] == [EventKind.STREAM_ENDED, EventKind.CALL_DTMF]


def test_digits_towards_the_call_are_tones_in_the_gateways_format() -> None:
    call = Driven()
    call.session.send_dtmf("12#", call.now)
    told = call.told() + call.ticks(1)
    assert sum(len(command.payload) for command in told if isinstance(command, Play)) == 3 * 200 * 8


def test_a_hangup_of_ours_tells_the_gateway_then_closes_it() -> None:
    call = Driven()
    call.connected()
    call.session.hang_up(API_HANGUP, "Hung up.", call.now)
    call.session.hang_up(API_HANGUP, "Hung up.", call.now)
    acts = [effect for effect in call.collect() if isinstance(effect, TellGateway | CloseGateway)]
    assert [type(act) for act in acts] == [TellGateway, CloseGateway]
    assert isinstance(acts[0], TellGateway) and isinstance(acts[0].command, HangUp)
    assert call.kinds().count(EventKind.CALL_ENDED) == 1


def test_the_call_is_over_when_the_stream_that_kept_it_alive_ends() -> None:
    call = Driven()
    plain = call.connected()
    keeper = call.connected(StreamRequest("wss://bot.example/keeper", keep_call_alive=True))
    call.customer_closed(plain, Closure(True, 1000, ""))
    assert call.session.over is None
    call.customer_closed(keeper, Closure(True, 1000, ""))
    assert call.session.over == END_OF_XML


def test_each_stream_gets_its_own_format_from_one_conversion() -> None:
    call = Driven()
    wanted = [("audio/x-mulaw;rate=8000", 160), ("audio/x-l16;rate=8000", 320), ("audio/x-l16;rate=16000", 640)]
    streams = [call.connected(StreamRequest(f"wss://bot.example/{number}", content_type=name)) for number, (name, _) in enumerate(wanted)]
    call.frames(20)
    for stream_id, (_, size) in zip(streams, wanted, strict=True):
        sizes = {len(base64.b64decode(text["media"]["payload"])) for text in call.texts(stream_id) if text["event"] == "media"}
        assert sizes == {size}


def test_an_outbound_stream_gets_nothing_of_the_inbound_track() -> None:
    call = Driven()
    stream_id = call.connected(StreamRequest("wss://bot.example/", audio_track="outbound"))
    call.frames(3)
    assert [text["event"] for text in call.texts(stream_id)] == ["start"]


def test_what_is_not_the_dialect_is_noted_ten_times_then_counted() -> None:
    call = Driven()
    for _ in range(25):
        call.session.hear(Unreadable("not a MEDIA word", "BOGUS"), call.now)
    call.session.hear(Ended(False, 1000, "bye"), call.now)
    assert call.kinds().count(EventKind.CALL_GATEWAY_UNREADABLE) == 10
    assert call.last(EventKind.CALL_ENDED).details["unreadable"] == 25


def test_media_we_do_not_speak_ends_the_call_with_what_to_configure() -> None:
    call = Driven()
    call.session.hear(Unsupported("The gateway brings opus; configure c(ulaw)."), call.now)
    assert call.last(EventKind.CALL_ENDED).details["words"] == "The gateway brings opus; configure c(ulaw)."
    assert any(isinstance(effect, CloseGateway) for effect in call.effects)


def test_nonsense_from_a_customer_is_noted_and_ends_nothing() -> None:
    call = Driven()
    stream_id = call.connected()
    for text in ("{", '{"event":"who"}', "x" * 10, b"\x00\xff", '{"event":"clearAudio"}', "[]", "null"):
        call.session.customer_said(call.session.streams[stream_id], text, call.now)
    assert call.session.streams[stream_id].live
    assert call.kinds().count(EventKind.CUSTOMER_MESSAGE_IGNORED) == 5


def test_an_error_of_ours_ends_one_stream_only() -> None:
    call = Driven()
    broken, other = call.connected(), call.connected(StreamRequest("wss://other.example/"))
    call.session.streams[broken].broke(call.now)
    assert not call.session.streams[broken].live
    assert call.session.streams[other].live


def test_details_never_hold_empty_facts() -> None:
    call = Driven()
    call.connected()
    call.session.hear(Ended(False, None, "bye"), call.now)
    call.collect()
    assert not [note for note in call.notes if None in note.details.values()]


def test_a_gateway_that_brings_no_audio_after_its_start_is_named_once() -> None:
    call = Driven()
    call.ticks(4.9)
    assert EventKind.CALL_NO_AUDIO not in call.kinds()
    call.ticks(10)
    assert call.kinds().count(EventKind.CALL_NO_AUDIO) == 1
    assert call.last(EventKind.CALL_NO_AUDIO).details == {"after_seconds": 5.0}
    call.frames(1)
    assert call.last(EventKind.CALL_FIRST_AUDIO).level is Level.DEBUG


def test_a_gateway_whose_audio_comes_in_time_is_not() -> None:
    call = Driven()
    call.ticks(4.5)
    call.frames(1)
    call.ticks(10)
    assert EventKind.CALL_NO_AUDIO not in call.kinds()


TIMEOUT = StreamLimits(media_timeout_seconds=60)


@pytest.mark.parametrize("fill_silence", [True, False])
def test_a_gateway_that_forgot_its_call_loses_it_after_a_minute(fill_silence: bool) -> None:
    call = Driven(StreamLimits(buffer_ms=100_000, media_timeout_seconds=60, fill_silence=fill_silence))
    stream_id = call.connected()
    call.frames(10)
    call.ticks(59.9)
    assert call.session.over is None
    call.ticks(0.2)
    assert call.session.over == MEDIA_TIMEOUT
    ended, of_stream = call.last(EventKind.CALL_ENDED), call.last(EventKind.STREAM_ENDED)
    assert (ended.details["code"], ended.details["name"], ended.details["our_close_code"]) == (6020, "Media Timeout", 4408)
    assert "neither audio nor any other message for 60 s" in ended.details["words"]
    assert (of_stream.stream_id, of_stream.details["cause"]) == (stream_id, EndCause.MEDIA_TIMEOUT)
    assert of_stream.details["silent_seconds"] == pytest.approx(60, abs=0.2)
    assert call.texts(stream_id)[-1]["event"] == "stop"
    assert TellGateway(HangUp()) in call.effects and any(isinstance(effect, CloseGateway) for effect in call.effects)


@pytest.mark.parametrize("message", [Dtmf("5"), MarkPlayed("m1"), GatewayReport("STATUS"), Unreadable("No JSON."), Paused()])
def test_whoever_says_anything_has_not_forgotten_the_call(message: GatewayMessage) -> None:
    call = Driven(TIMEOUT)
    call.connected()
    for _ in range(5):
        call.ticks(40)
        call.session.hear(message, call.now)
    assert call.session.over is None
    call.ticks(61)
    assert call.session.over == MEDIA_TIMEOUT


def test_a_gateway_that_never_brings_anything_after_its_start_times_out_and_zero_waits_for_ever() -> None:
    never, for_ever = Driven(TIMEOUT), Driven(StreamLimits())
    never.ticks(60.1)
    for_ever.ticks(600)
    assert (never.session.over, for_ever.session.over) == (MEDIA_TIMEOUT, None)


def test_one_that_is_away_is_waited_for_by_its_own_rule_and_counted_anew_when_it_is_back() -> None:
    call = Driven(StreamLimits(media_timeout_seconds=10, resume_seconds=30))
    call.frames(10)
    call.ticks(8)
    call.session.hear(Ended(lost=True, code=None, words="The connection to the gateway was lost."), call.now)
    call.ticks(20)
    assert call.session.over is None
    assert call.session.media is not None
    call.session.resume(call.session.media, "192.0.2.7:1", call.now)
    call.ticks(9)
    assert call.session.over is None
    call.ticks(1.2)
    assert call.session.over == MEDIA_TIMEOUT


# A tick that would find nothing to do may be left out ------------------------------------------------------------------------
WHAT = ["audio", "both tracks", "silence", "stuck", "play", "play", "checkpoint", "clear", "digit", "leave"]
STEPS = st.lists(st.tuples(st.sampled_from(WHAT), st.integers(1, 40), st.integers(0, 60)), min_size=4, max_size=15)


class Ticking(Driven):
    """Two streams of a call, ticked as a relay does it. `spared`: how many ticks were left out, where they may be."""

    def __init__(self, limits: StreamLimits, spares: bool, **of_gateway: Any) -> None:
        super().__init__(limits, **of_gateway)
        request = replace(REQUEST, bidirectional=True, stream_timeout_seconds=3)
        self.spares, self.spared, self.steps = spares, 0, 0
        self.fills = self.stuck = False
        self.ids = [self.connected(request), self.connected(replace(request, stream_timeout_seconds=60, audio_track="both"))]
        self.seen: list[object] = []

    def does(self, what: str, size: int, steps: int) -> None:
        """Something, and then so many frames come or do not."""
        place, self.stuck = int(size < 10), what == "stuck"
        match what:
            case "play":
                payload = base64.b64encode(FRAME * size + FRAME[:50]).decode()
                media = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload}
                self.says(self.ids[place], event="playAudio", media=media)
            case "checkpoint":
                self.says(self.ids[place], event="checkpoint", name=str(size))
            case "clear":
                self.says(self.ids[place], event="clearAudio")
            case "digit":
                self.session.hear(Dtmf("5"), self.now)
            case "leave":
                self.customer_closed(self.ids[place], Closure(True, 1000, ""))
        tracks = {"silence": (), "both tracks": ("inbound", "outbound")}.get(what, ("inbound",))
        for _ in range(steps):
            self.step(tracks)

    def step(self, tracks: tuple[str, ...]) -> None:
        self.now, self.steps = self.now + 0.02, self.steps + 1
        for track in tracks:
            self.session.audio(Audio(FRAME, track), self.now)
        if self.fills:
            self.session.fill(self.now)
        self.carry_out()
        if self.steps % 5 == 0:
            self.tick()
            self.fills = self.session.filling
            self.carry_out()

    def tick(self) -> None:
        live = [stream for stream in self.session.streams.values() if stream.live]
        calm = self.session.is_calm(self.now) and all(stream.is_calm(self.now) for stream in live)
        if self.spares and self.session.leaves_out(calm, self.now):
            self.spared += 1
            return
        for stream in live:
            stream.measure(0, self.now)
        self.session.tick(self.now)

    def carry_out(self) -> None:
        for command in self.told():
            self.seen.append((self.now, command))
            if isinstance(command, Mark):
                self.session.hear(MarkPlayed(command.name), self.now)
        for place in (0, 1) if not self.stuck else ():
            self.seen += [(self.now, place, text["event"], text.get("name")) for text in self.texts(self.ids[place])]
        self.collect()

    def told_of(self) -> list[object]:
        self.session.finish(EndCause.CALL_ENDED, API_HANGUP, "", self.now)
        self.collect()
        places = {self.ids[0]: 0, self.ids[1]: 1, None: None}
        return [*self.seen, *((note.kind, note.at, places[note.stream_id], note.details, note.measured) for note in self.notes)]


@given(STEPS, st.booleans(), st.sampled_from([{"marks": True}, {"marks": False}, {"plays_files": True}]))
@example([("audio", 1, 20), ("silence", 1, 57)], False, {"marks": False})
@example([("audio", 1, 20), ("play", 30, 3), ("checkpoint", 30, 1), ("audio", 1, 60)], False, {"marks": False})
@example([("audio", 1, 20), ("play", 40, 60), ("audio", 1, 60)], False, {"plays_files": True})
@example([("audio", 1, 20), ("play", 20, 3), ("leave", 20, 60), ("audio", 1, 60)], False, {"marks": False})
@settings(max_examples=40, deadline=None)
def test_a_call_goes_as_it_would_with_every_tick(steps: list[tuple[str, int, int]], fills: bool, of_gateway: dict[str, bool]) -> None:
    limits = StreamLimits(buffer_ms=1000, fill_silence=fills, media_timeout_seconds=2, goodbye_seconds=2)
    whole, spared = Ticking(limits, False, **of_gateway), Ticking(limits, True, **of_gateway)
    for call in (whole, spared):
        for what, size, frames in steps:
            call.does(what, size, frames)
    assert spared.told_of() == whole.told_of()


def test_of_a_call_whose_audio_comes_and_goes_four_ticks_in_five_are_left_out() -> None:
    call = Ticking(StreamLimits(fill_silence=True), True)
    call.does("audio", 1, 100)
    assert call.spared == 16
