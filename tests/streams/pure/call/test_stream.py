"""One stream by itself: what it notes, what it asks for and what it has for its customer, for each thing that may happen to it."""

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.call.complaints import IGNORED_IN_FULL
from streams.pure.call.effects import CloseCustomer, Dial, Effect
from streams.pure.call.limits import StreamLimits
from streams.pure.call.stream import UNSAID_AT_MOST, StreamSession
from streams.pure.customer.connection import Closure, Failure
from streams.pure.customer.protocol import protocol_of
from streams.pure.lifecycle import ENDINGS, MOVES, CallbackEvent, EndCause, EventKind, Level, StreamState
from streams.pure.messages import StreamRequest

URL = "wss://bot.example/audio"
FRAME = bytes(range(160))  # 20 ms of mu-law
FACTS = {"address": "192.0.2.1", "duration_ms": 12}
REFUSED = Failure("Nobody listens there.", 5, "192.0.2.1", status=503)
BEGAN = 100.0
EPOCH_MS = 1_700_000_000_000
HEALTHY = [cause for cause in EndCause if ENDINGS[cause].callback is CallbackEvent.STOP_STREAM]
DROPPED = [cause for cause in EndCause if ENDINGS[cause].callback is CallbackEvent.DROPPED_STREAM]


@dataclass(frozen=True)
class Noted:
    kind: EventKind
    level: Level
    stream_id: UUID | None
    at: float
    measured: dict[str, Any] | None
    details: dict[str, Any]


@dataclass
class Alone:
    """A stream without a call around it: what it noted, and what it wants done."""

    limits: StreamLimits = field(default_factory=lambda: StreamLimits(buffer_ms=1000))
    request: StreamRequest = field(default_factory=lambda: StreamRequest(URL, content_type="audio/x-mulaw;rate=8000"))
    notes: list[Noted] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = uuid4()
        protocol = protocol_of(self.id, uuid4(), "MA" + "X" * 18, self.request)
        self.stream = StreamSession(self.id, self.request, protocol, self.limits, BEGAN, self._note, self.effects.append)

    def _note(self, kind, level, stream_id, now, measured=None, /, **details) -> None:
        self.notes.append(Noted(kind, level, stream_id, now, measured, details))

    def connecting(self) -> "Alone":
        self.stream.dial(BEGAN)
        self.stream.dialling(BEGAN)
        return self

    def connected(self) -> "Alone":
        self.connecting()
        self.stream.connect_succeeded(BEGAN, FACTS)
        return self

    def streaming(self) -> "Alone":
        """One frame has gone out."""
        self.connected()
        self.hears(1)
        self.taken()
        return self

    def in_state(self, state: StreamState) -> "Alone":
        ways = {StreamState.CONNECTING: self.connecting, StreamState.CONNECTED: self.connected, StreamState.STREAMING: self.streaming}
        return ways[state]() if state in ways else self

    def hears(self, frames: int, now: float = BEGAN) -> None:
        self.stream.accept([FRAME] * frames, "inbound", EPOCH_MS, now)

    def flown(self, ms: float) -> int:
        """So many bytes on the wire are `ms` of audio, once a frame has gone out."""
        return round(ms * self.stream.sent.bytes_per_ms)

    def taken(self, now: float = BEGAN) -> list[dict[str, Any]]:
        texts = []
        while (text := self.stream.take(now)) is not None:
            texts.append(json.loads(text))
        return texts

    def of(self, kind: EventKind) -> list[Noted]:
        return [note for note in self.notes if note.kind is kind]

    @property
    def end(self) -> Noted:
        (end,) = self.of(EventKind.STREAM_ENDED)
        return end


def events(texts: list[dict[str, Any]]) -> list[str]:
    return [text["event"] for text in texts]


# What it is to begin with --------------------------------------------------------------------------------------------------
def test_the_limits_are_the_documented_ones() -> None:
    assert StreamLimits() == StreamLimits(buffer_ms=40_000, retry_seconds=(1, 3), resume_seconds=0.0)


def test_a_fresh_stream_has_nothing_to_send_and_no_end_in_sight() -> None:
    alone = Alone(request=StreamRequest(URL, audio_track="both"))
    stream = alone.stream
    assert (stream.state, stream.live, stream.connected, stream.waiting) == (StreamState.REQUESTED, True, False, False)
    assert (stream.tracks, stream.until) == (("inbound", "outbound"), None)
    stream.tick(BEGAN + 1_000_000)
    assert stream.live
    assert (alone.notes, alone.effects) == ([], [])


@pytest.mark.parametrize("state", StreamState)
def test_only_what_has_a_socket_is_connected_and_only_what_has_ended_is_not_live(state: StreamState) -> None:
    stream = Alone().stream
    stream.state = state
    assert stream.connected is (state in {StreamState.CONNECTED, StreamState.STREAMING})
    assert stream.live is (state is not StreamState.ENDED)


# Connecting ------------------------------------------------------------------------------------------------------------------
def test_a_dial_is_numbered_and_says_where_to() -> None:
    alone = Alone()
    alone.stream.dial(BEGAN)
    alone.stream.dial(BEGAN, 2.5)
    assert alone.effects == [Dial(alone.id, URL, 1, 0.0), Dial(alone.id, URL, 2, 2.5)]
    assert alone.notes == []


def test_an_attempt_says_which_of_how_many_it_is() -> None:
    alone = Alone(StreamLimits(retry_seconds=(1, 2, 4))).connecting()
    assert alone.stream.state is StreamState.CONNECTING
    (note,) = alone.notes
    assert (note.kind, note.level, note.stream_id, note.at) == (EventKind.CONNECT_STARTED, Level.INFO, alone.id, BEGAN)
    assert note.details == {"attempt": 1, "of": 4, "url": URL}


def test_a_connection_that_succeeds_is_greeted_with_start_and_its_time_begins_to_run() -> None:
    alone = Alone(request=StreamRequest(URL, stream_timeout_seconds=60)).connecting()
    alone.stream.connect_succeeded(BEGAN + 2, FACTS)
    note = alone.notes[-1]
    assert (note.kind, note.level, note.at, note.details) == (EventKind.CONNECTED, Level.INFO, BEGAN + 2, {"attempt": 1, **FACTS})
    assert (alone.stream.state, alone.stream.until, alone.stream.waiting) == (StreamState.CONNECTED, BEGAN + 62, True)
    assert events(alone.taken()) == ["start"]
    assert not alone.stream.waiting
    assert alone.stream.state is StreamState.CONNECTED


@pytest.mark.parametrize("pauses", [(), (1,), (1, 3), (0.5, 1, 2, 4)], ids=str)
def test_each_failed_attempt_is_followed_by_the_next_pause_and_the_last_by_the_end(pauses: tuple[float, ...]) -> None:
    alone = Alone(StreamLimits(retry_seconds=pauses))
    alone.stream.dial(BEGAN)
    for attempt in range(len(pauses) + 1):
        alone.stream.dialling(BEGAN + attempt)
        alone.stream.connect_failed(BEGAN + attempt, REFUSED)
    failures = alone.of(EventKind.CONNECT_FAILED)
    assert [(note.level, note.at, note.details) for note in failures] == [
        (
            Level.WARNING,
            BEGAN + place,
            {
                "attempt": place + 1,
                "problem": "Nobody listens there.",
                "status": 503,
                "address": "192.0.2.1",
                "duration_ms": 5,
                "retry_in_seconds": wait,
            },
        )
        for place, wait in enumerate((*pauses, None))
    ]
    dials = [effect for effect in alone.effects if isinstance(effect, Dial)]
    assert [(dial.attempt, dial.after_seconds) for dial in dials] == list(enumerate((0.0, *pauses), 1))
    assert (alone.end.details["cause"], alone.end.details["words"]) == ("connect_failed", "Nobody listens there.")
    assert (alone.end.details["http_status"], alone.effects[-1]) == (503, CloseCustomer(alone.id, flush=False))


def test_a_final_failure_is_the_end_at_the_first_attempt() -> None:
    alone = Alone().connecting()
    alone.stream.connect_failed(BEGAN, Failure("10.0.0.1 is private.", 1, final=True))
    assert alone.of(EventKind.CONNECT_FAILED)[0].details["retry_in_seconds"] is None
    assert alone.end.details["cause"] == "address_refused"
    assert [type(effect) for effect in alone.effects] == [Dial, CloseCustomer]


@pytest.mark.parametrize("state", [StreamState.REQUESTED, StreamState.CONNECTED, StreamState.STREAMING, StreamState.ENDED])
def test_what_comes_of_an_attempt_counts_only_while_it_is_connecting(state: StreamState) -> None:
    alone = Alone().in_state(state)
    if state is StreamState.ENDED:
        alone.stream.end(EndCause.CALL_ENDED, BEGAN, "The gateway hung up.")
    before = list(alone.notes), list(alone.effects), alone.stream.until
    alone.stream.connect_succeeded(BEGAN + 1, FACTS)
    alone.stream.connect_failed(BEGAN + 1, REFUSED)
    assert (alone.notes, alone.effects, alone.stream.until) == before
    assert alone.stream.state is state


# Audio and digits on their way -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", [StreamState.REQUESTED, StreamState.CONNECTING])
def test_audio_waits_until_there_is_a_socket(state: StreamState) -> None:
    alone = Alone().in_state(state)
    alone.hears(3)
    assert alone.stream.waiting
    assert alone.taken() == []
    assert alone.stream.backlog.held_ms == 60


def test_start_comes_first_and_the_stream_begins_with_the_first_audio_taken() -> None:
    alone = Alone().connecting()
    alone.hears(3)
    alone.stream.connect_succeeded(BEGAN, FACTS)
    assert json.loads(alone.stream.take(BEGAN + 1))["event"] == "start"
    assert alone.of(EventKind.STREAM_STARTED) == []
    assert events(alone.taken(BEGAN + 2)) == ["media"] * 3
    (started,) = alone.of(EventKind.STREAM_STARTED)
    assert (started.level, started.at) == (Level.INFO, BEGAN + 2)
    assert started.details == {"content_type": "audio/x-mulaw;rate=8000", "buffered_ms": 40}
    assert alone.stream.state is StreamState.STREAMING


def test_a_frame_keeps_its_track_its_time_and_its_bytes() -> None:
    alone = Alone(request=StreamRequest(URL, audio_track="both", content_type="audio/x-mulaw;rate=8000")).connected()
    alone.stream.accept([FRAME[:80], FRAME[80:]], "outbound", EPOCH_MS + 7, BEGAN)
    _, *media = alone.taken(BEGAN + 0.05)
    assert [base64.b64decode(text["media"].pop("payload")) for text in media] == [FRAME[:80], FRAME[80:]]
    stamps = {1: EPOCH_MS + 7, 2: EPOCH_MS + 27}
    assert [text["media"] for text in media] == [{"track": "outbound", "timestamp": str(stamps[n]), "chunk": n} for n in (1, 2)]
    assert (alone.stream.sent.frames, alone.stream.sent.audio_ms, alone.stream.backlog.held_ms) == (2, 20, 0)
    assert alone.stream.sent.latency.longest == pytest.approx(0.05)


def test_a_digit_of_its_track_goes_out_between_the_frames_and_does_not_begin_the_stream() -> None:
    alone = Alone().connected()
    alone.stream.digit("#", "inbound", EPOCH_MS, BEGAN + 1)
    alone.stream.digit("5", "outbound", EPOCH_MS, BEGAN + 1)
    start, digit = alone.taken()
    assert digit["dtmf"] == {"track": "inbound", "digit": "#", "timestamp": str(EPOCH_MS)}
    assert alone.stream.state is StreamState.CONNECTED
    (note,) = alone.of(EventKind.DTMF_FORWARDED)
    assert (note.level, note.stream_id, note.at, note.details) == (Level.INFO, alone.id, BEGAN + 1, {"digit": "#"})


def test_a_digit_keeps_the_track_it_came_on() -> None:
    alone = Alone(request=StreamRequest(URL, audio_track="outbound")).connected()
    alone.stream.digit("7", "outbound", EPOCH_MS, BEGAN)
    assert alone.taken()[1]["dtmf"]["track"] == "outbound"


def test_an_ended_stream_takes_neither_audio_nor_digits() -> None:
    """Its call may not have forgotten it yet."""
    alone = Alone()
    alone.stream.end(EndCause.STOPPED_BY_API, BEGAN, "Stopped.")
    alone.hears(100)
    alone.stream.digit("5", "inbound", EPOCH_MS, BEGAN)
    assert not alone.stream.waiting
    assert len(alone.notes) == 1


# The buffer's level ----------------------------------------------------------------------------------------------------------
def test_a_buffer_that_is_exactly_full_ends_the_stream_also_while_connecting() -> None:
    alone = Alone(StreamLimits(buffer_ms=1000)).connecting()
    alone.hears(49)
    assert alone.stream.live
    alone.hears(1, BEGAN + 3)
    assert (alone.end.at, alone.end.level, alone.end.details["cause"]) == (BEGAN + 3, Level.ERROR, "slow_connection")
    assert alone.end.details["words"] == (
        "The customer's service did not take the audio fast enough: 1.0 s were waiting, the buffer holds 1 s."
    )
    assert (alone.end.details["discarded_ms"], alone.end.details["peak_buffered_ms"]) == (1000, 1000)
    assert not alone.stream.waiting


def test_what_is_in_flight_fills_the_buffer_too() -> None:
    alone = Alone(StreamLimits(buffer_ms=1000)).streaming()
    alone.stream.measure(alone.flown(700), BEGAN)
    assert alone.stream.fill.in_flight_ms == pytest.approx(700, abs=0.1)
    alone.hears(14)
    assert alone.stream.live
    alone.hears(2)
    assert alone.end.details["cause"] == "slow_connection"
    full = alone.end.details
    assert (full["buffered_ms"], full["peak_buffered_ms"], full["discarded_ms"]) == (1020, 1020, 320)
    assert "1.0 s were waiting" in alone.end.details["words"]


def test_a_socket_alone_can_be_too_slow() -> None:
    alone = Alone(StreamLimits(buffer_ms=1500)).streaming()
    alone.stream.measure(alone.flown(1499), BEGAN)
    assert alone.stream.live
    alone.stream.measure(alone.flown(1501), BEGAN + 4)
    assert (alone.end.at, alone.end.details["cause"]) == (BEGAN + 4, "slow_connection")
    assert "1.5 s were waiting, the buffer holds 1.5 s" in alone.end.details["words"]


def test_a_level_is_noted_when_it_is_passed_and_when_it_is_over() -> None:
    alone = Alone(StreamLimits(buffer_ms=1000)).streaming()
    alone.hears(10)
    alone.stream.measure(alone.flown(450), BEGAN + 1)
    assert [(note.level, note.stream_id, note.at, note.details) for note in alone.of(EventKind.BUFFER_DEGRADED)] == [
        (Level.WARNING, alone.id, BEGAN + 1, {"percent": percent, "buffered_ms": 650, "capacity_ms": 1000}) for percent in (30, 60)
    ]
    alone.taken()
    alone.stream.measure(alone.flown(400), BEGAN + 2)
    assert [(note.level, note.stream_id, note.at, note.details) for note in alone.of(EventKind.BUFFER_RECOVERED)] == [
        (Level.INFO, alone.id, BEGAN + 2, {"percent": 60, "buffered_ms": 400})
    ]


@pytest.mark.parametrize("state", [StreamState.CONNECTING, StreamState.CONNECTED])
def test_before_it_has_started_the_buffer_fills_without_a_word(state: StreamState) -> None:
    alone = Alone(StreamLimits(buffer_ms=1000)).in_state(state)
    alone.hears(45)
    alone.stream.measure(0, BEGAN)
    assert alone.of(EventKind.BUFFER_DEGRADED) == []
    assert alone.stream.live


def test_what_is_written_before_the_first_frame_is_no_audio() -> None:
    """The upgrade and the greeting are on their way, which nobody can weigh as milliseconds yet."""
    alone = Alone(StreamLimits(buffer_ms=1000)).connected()
    alone.stream.measure(100_000, BEGAN)
    assert (alone.stream.fill.in_flight_ms, alone.stream.live) == (0.0, True)


def test_of_an_ended_stream_nothing_is_measured() -> None:
    alone = Alone(StreamLimits(buffer_ms=1000)).streaming()
    alone.stream.end(EndCause.CALL_ENDED, BEGAN, "The gateway hung up.")
    count = len(alone.notes)
    alone.stream.measure(alone.flown(5000), BEGAN)
    assert (len(alone.notes), alone.stream.fill.in_flight_ms) == (count, 0.0)


def test_each_tick_reads_the_level_and_the_end_reads_it_once_more() -> None:
    alone = Alone(StreamLimits(buffer_ms=10_000)).streaming()
    alone.hears(5)
    alone.stream.measure(alone.flown(400), BEGAN)
    alone.stream.tick(BEGAN + 0.1)
    assert alone.stream.measured()["levels"] == {"width_ms": 500, "capacity_ms": 10_000, "peaks_ms": [500]}
    alone.hears(10)
    alone.stream.end(EndCause.CALL_ENDED, BEGAN + 0.6, "The gateway hung up.")
    assert alone.end.measured == alone.stream.measured()
    assert alone.end.measured["levels"]["peaks_ms"] == [500, 700]
    assert sum(alone.end.measured["latency"]["counts_us"].values()) == 1


# Its time ----------------------------------------------------------------------------------------------------------------------
def test_its_time_is_over_at_the_moment_it_was_due_and_not_when_somebody_looked() -> None:
    alone = Alone(request=StreamRequest(URL, stream_timeout_seconds=60)).connected()
    alone.stream.tick(BEGAN + 59.99)
    assert alone.stream.live
    alone.stream.tick(BEGAN + 60)
    assert (alone.end.at, alone.end.level, alone.end.details["cause"]) == (BEGAN + 60, Level.INFO, "timed_out")
    assert alone.end.details["words"] == "The stream reached its streamTimeout of 60 s."


def test_a_late_look_bills_nothing_more_and_a_second_one_changes_nothing() -> None:
    alone = Alone(request=StreamRequest(URL, stream_timeout_seconds=60)).connected()
    alone.stream.tick(BEGAN + 75)
    alone.stream.tick(BEGAN + 76)
    assert alone.end.at == BEGAN + 60


# What the customer says --------------------------------------------------------------------------------------------------------
def test_a_message_for_the_customer_keeps_its_place_and_gets_its_number_when_it_is_sent() -> None:
    alone = Alone().connected()
    alone.hears(1)
    alone.stream.say(alone.stream.protocol.cleared_audio)
    alone.hears(1)
    texts = alone.taken()
    assert events(texts) == ["start", "media", "clearedAudio", "media"]
    assert [text["sequenceNumber"] for text in texts] == [1, 2, 3, 4]


def test_a_customer_that_does_not_read_is_owed_no_more_messages_than_fit() -> None:
    alone = Alone().connected()
    alone.taken()
    for _ in range(2):  # those that were taken make room for as many
        for _ in range(UNSAID_AT_MOST + 3):
            alone.stream.say(alone.stream.protocol.cleared_audio)
        assert events(alone.taken()) == ["clearedAudio"] * UNSAID_AT_MOST


def test_an_ended_stream_says_nothing_more() -> None:
    alone = Alone().streaming()
    alone.stream.end(EndCause.STOPPED_BY_API, BEGAN, "Stopped.")
    alone.stream.say(alone.stream.protocol.cleared_audio)
    assert alone.taken() == []


def test_what_is_ignored_is_noted_in_full_a_few_times_and_counted_always() -> None:
    alone = Alone().streaming()
    for _ in range(IGNORED_IN_FULL + 2):
        alone.stream.ignore("It is no JSON.", "xyz", BEGAN + 1)
    notes = alone.of(EventKind.CUSTOMER_MESSAGE_IGNORED)
    assert [(note.level, note.stream_id, note.at, note.details) for note in notes] == [
        (Level.WARNING, alone.id, BEGAN + 1, {"problem": "It is no JSON.", "sample": "xyz", "count": count})
        for count in range(1, IGNORED_IN_FULL + 1)
    ]
    alone.stream.end(EndCause.CALL_ENDED, BEGAN, "The gateway hung up.")
    assert (alone.end.details["ignored_messages"], alone.end.details["play_failures"]) == (IGNORED_IN_FULL + 2, 0)


def test_a_failure_to_play_is_said_each_time_and_noted_in_full_a_few_times() -> None:
    alone = Alone().streaming()
    for _ in range(IGNORED_IN_FULL + 2):
        alone.stream.fail_to_play("It is a WAV file.", BEGAN + 1)
    notes = alone.of(EventKind.PLAY_FAILED)
    assert [(note.level, note.stream_id, note.at, note.details) for note in notes] == [
        (Level.WARNING, alone.id, BEGAN + 1, {"problem": "It is a WAV file.", "count": count}) for count in range(1, IGNORED_IN_FULL + 1)
    ]
    said = alone.taken()
    assert [(text["event"], text["reason"]) for text in said] == [("playFailed", "It is a WAV file.")] * (IGNORED_IN_FULL + 2)
    alone.stream.end(EndCause.CALL_ENDED, BEGAN, "The gateway hung up.")
    assert (alone.end.details["ignored_messages"], alone.end.details["play_failures"]) == (0, IGNORED_IN_FULL + 2)


def test_where_the_account_wants_no_such_message_a_failure_is_noted_and_not_said() -> None:
    alone = Alone(StreamLimits(buffer_ms=1000, play_failed_messages=False)).streaming()
    alone.stream.fail_to_play("It is a WAV file.", BEGAN + 1)
    alone.stream.not_confirmed("half", 5, BEGAN + 1)
    assert len(alone.of(EventKind.PLAY_FAILED)) == len(alone.of(EventKind.CHECKPOINT_UNCONFIRMED)) == 1
    assert alone.taken() == [] and alone.stream.complaints.totals()["play_failures"] == 1


def test_a_close_of_the_customers_ends_the_stream_with_its_code_and_its_cleaned_reason() -> None:
    alone = Alone().streaming()
    alone.stream.closed(Closure(True, 1011, "crashed\n" + "x" * 200), BEGAN + 1)
    assert (alone.end.at, alone.end.level, alone.end.details["cause"]) == (BEGAN + 1, Level.ERROR, "customer_closed")
    assert (alone.end.details["close_code"], alone.end.details["close_reason"]) == (1011, "crashed\ufffd" + "x" * 114 + "…")
    assert alone.end.details["words"] == Closure(True, 1011, "crashed\n" + "x" * 200).words


def test_a_socket_that_was_lost_is_told_from_one_that_was_closed() -> None:
    alone = Alone().streaming()
    alone.stream.closed(Closure(False, 1006, "reset"), BEGAN)
    assert alone.end.details["cause"] == "customer_lost"


def test_the_going_of_a_socket_after_the_end_is_a_fact_and_no_end() -> None:
    alone = Alone().streaming()
    alone.stream.end(EndCause.CALL_ENDED, BEGAN, "The gateway hung up.")
    alone.stream.closed(Closure(True, 1000, ""), BEGAN + 1)
    alone.stream.socket_closed(Closure(True, 1000, "bye"), 0.12345, BEGAN + 2)
    assert alone.end.at == BEGAN
    note = alone.notes[-1]
    assert (note.kind, note.level, note.stream_id, note.at) == (EventKind.SOCKET_CLOSED, Level.DEBUG, alone.id, BEGAN + 2)
    assert note.details == {"close_code": 1000, "close_reason": "bye", "seconds": 0.123}


# The end -------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("cause", HEALTHY)
def test_a_healthy_end_lets_out_what_waits_and_says_stop_only_when_the_call_is_gone(cause: EndCause) -> None:
    alone = Alone().streaming()
    alone.hears(2)
    alone.stream.end(cause, BEGAN + 1, "It is over.", by="anna")
    stop = ["stop"] if cause in {EndCause.CALL_ENDED, EndCause.GATEWAY_LOST, EndCause.MEDIA_TIMEOUT} else []
    texts = alone.taken()
    assert events(texts) == ["media", "media", *stop]
    assert [text["reason"] for text in texts if text["event"] == "stop"] == ["call ended"] * len(stop)
    assert alone.effects[-1] == CloseCustomer(alone.id, flush=True)
    assert (alone.end.level, alone.end.stream_id, alone.end.at) == (Level.INFO, alone.id, BEGAN + 1)
    assert alone.end.details == {
        "cause": cause.value,
        "words": "It is over.",
        "by": "anna",
        "buffered_ms": 40,
        "peak_buffered_ms": 40,
        "sent_frames": 1,
        "sent_ms": 20,
        "discarded_ms": 0,
        "ignored_messages": 0,
        "play_failures": 0,
    }


@pytest.mark.parametrize("cause", DROPPED)
def test_a_drop_sends_nothing_more(cause: EndCause) -> None:
    alone = Alone().connected()
    alone.hears(2)
    alone.stream.end(cause, BEGAN, "It broke.")
    assert alone.taken() == []
    assert alone.effects[-1] == CloseCustomer(alone.id, flush=False)
    assert (alone.end.level, alone.end.details["discarded_ms"], alone.end.details["buffered_ms"]) == (Level.ERROR, 40, 40)


@pytest.mark.parametrize("state", [StreamState.REQUESTED, StreamState.CONNECTING])
def test_who_never_connected_has_nothing_to_let_out_however_healthy_the_end(state: StreamState) -> None:
    alone = Alone().in_state(state)
    alone.hears(2)
    alone.stream.end(EndCause.CALL_ENDED, BEGAN, "The gateway hung up.")
    assert alone.taken() == []
    assert alone.effects[-1] == CloseCustomer(alone.id, flush=False)
    assert (alone.end.level, alone.end.details["discarded_ms"]) == (Level.INFO, 40)


def test_the_highest_level_stays_known_at_the_end() -> None:
    alone = Alone(StreamLimits(buffer_ms=1000)).streaming()
    alone.stream.measure(alone.flown(800), BEGAN)
    alone.stream.measure(alone.flown(100), BEGAN)
    alone.stream.end(EndCause.CALL_ENDED, BEGAN, "The gateway hung up.")
    assert (alone.end.details["buffered_ms"], alone.end.details["peak_buffered_ms"]) == (100, 800)


def test_an_error_of_ours_is_an_end_that_says_so() -> None:
    alone = Alone().streaming()
    alone.stream.broke(BEGAN + 1)
    assert (alone.end.at, alone.end.details["cause"], alone.end.level) == (BEGAN + 1, "internal_error", Level.ERROR)
    assert "the log of the process has the details" in alone.end.details["words"]


# Whatever happens in whatever order ------------------------------------------------------------------------------------------------
Move = tuple[str, Any]
begins = st.sampled_from([StreamState.REQUESTED, StreamState.CONNECTING, StreamState.CONNECTED, StreamState.STREAMING])
moves: st.SearchStrategy[Move] = st.one_of(
    st.tuples(st.just("hear"), st.integers(0, 30)),
    st.tuples(st.just("take"), st.integers(1, 40)),
    st.tuples(st.just("measure"), st.integers(0, 900)),
    st.tuples(st.just("press"), st.sampled_from(["inbound", "outbound"])),
    st.tuples(st.just("end"), st.sampled_from(EndCause)),
    st.tuples(
        st.sampled_from(["dialling", "succeed", "fail", "fail for good", "say", "ignore", "refuse to play", "tick", "close"]), st.none()
    ),
)


class Anyhow:
    """Does to a stream what a call, a customer and a clock may do to it."""

    def __init__(self, begins: StreamState) -> None:
        request = StreamRequest(URL, content_type="audio/x-mulaw;rate=8000", stream_timeout_seconds=20)
        self.alone = Alone(StreamLimits(buffer_ms=1000), request).in_state(begins)
        self.stream, self.now, self.texts = self.alone.stream, BEGAN, list[dict[str, Any]]()

    def does(self, what: str, how: Any) -> None:
        self.now += 1
        stream, now = self.stream, self.now
        acts = {
            "hear": lambda: self.alone.hears(how, now),
            "take": lambda: self._take(how),
            "measure": lambda: stream.measure(self.alone.flown(how), now),
            "press": lambda: stream.digit("5", how, EPOCH_MS, now),
            "end": lambda: stream.end(how, now, "It is over."),
            "dialling": lambda: stream.dialling(now) if (stream.state, EventKind.CONNECT_STARTED) in MOVES else None,
            "succeed": lambda: stream.connect_succeeded(now, FACTS),
            "fail": lambda: stream.connect_failed(now, REFUSED),
            "fail for good": lambda: stream.connect_failed(now, Failure("It may not be dialled.", 0, final=True)),
            "say": lambda: stream.say(stream.protocol.cleared_audio),
            "ignore": lambda: stream.ignore("It is no JSON.", "", now),
            "refuse to play": lambda: stream.fail_to_play("It is a WAV file.", now),
            "tick": lambda: stream.tick(now),
            "close": lambda: stream.closed(Closure(True, 1000, ""), now),
        }
        acts[what]()

    def _take(self, at_most: int) -> None:
        for _ in range(at_most):
            if (text := self.stream.take(self.now)) is None:
                return
            self.texts.append(json.loads(text))


@given(begins, st.lists(moves, max_size=30))
def test_in_whatever_order_it_ends_once_and_holds_no_more_than_fits(begins: StreamState, does: list[Move]) -> None:
    anyhow = Anyhow(begins)
    for what, how in does:
        anyhow.does(what, how)
        stream = anyhow.stream
        assert stream.live is (not anyhow.alone.of(EventKind.STREAM_ENDED))
        assert not stream.live or stream.backlog.held_ms + stream.fill.in_flight_ms < 1000
        assert stream.waiting or stream.take(anyhow.now) is None
    kinds = [note.kind for note in anyhow.alone.notes]
    for once in (EventKind.CONNECTED, EventKind.STREAM_STARTED, EventKind.STREAM_ENDED):
        assert kinds.count(once) <= 1
    assert sum(isinstance(effect, CloseCustomer) for effect in anyhow.alone.effects) == kinds.count(EventKind.STREAM_ENDED)
    numbers = [text["sequenceNumber"] for text in anyhow.texts]
    assert [later - earlier for earlier, later in itertools.pairwise(numbers)] == [1] * (len(numbers) - 1 if numbers else 0)
    assert "start" not in events(anyhow.texts)[1:] and "stop" not in events(anyhow.texts)[:-1]


@given(begins, st.lists(moves, max_size=30))
def test_whatever_is_noted_of_its_life_follows_the_table_of_moves(begins: StreamState, does: list[Move]) -> None:
    anyhow = Anyhow(begins)
    for what, how in does:
        anyhow.does(what, how)
    state = StreamState.REQUESTED
    life = {kind for _, kind in MOVES}
    for note in anyhow.alone.notes:
        if note.kind in life:
            state = MOVES[state, note.kind]
        elif note.kind is not EventKind.CUSTOMER_MESSAGE_IGNORED and note.kind is not EventKind.PLAY_FAILED:
            assert state is not StreamState.ENDED, note
    assert state is anyhow.stream.state
