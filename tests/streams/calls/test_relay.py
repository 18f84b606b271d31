"""A relay between a gateway's line and real customer services: what is told to it is carried out at once, to the end, and only once.

Its clock stands still unless a test is about the clock, so that nothing is carried out only because a tick came by."""

import asyncio
import gc
import json
import logging
import weakref
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from streams.calls import relay as module
from streams.calls.answer_acts import AnswerUnavailable
from streams.calls.relay import Relay, RelayContext
from streams.customers import links
from streams.customers.dial import DialSettings
from streams.customers.open_socket import CustomerSocket
from streams.gateways.line import GatewayLine
from streams.log_subject import speak_of_call, spoken_of
from streams.pure.call.limits import StreamLimits
from streams.pure.call.notes import CallFacts, Note
from streams.pure.call.session import CallSession
from streams.pure.customer.answer_xml import Answer
from streams.pure.gateway.dialects import CallIdentity
from streams.pure.lifecycle import API_HANGUP, NORMAL_HANGUP, PROCESS_LOST, EndCause, EventKind, Level
from streams.pure.messages import AudioFormat, Dtmf, Encoding, GatewayMessage, Started, StreamRequest
from streams.simulate.customer import Behaviour, Customer
from streams.simulate.waiting import Changing
from tests.streams.calls.written_line import CALL, MEDIA_START, METADATA, STARTED, WrittenLine, caller
from tests.streams.customer_services import REACH, TLS

NEVER_SECONDS = 3600.0
FRAMES = [bytes([number]) * 160 for number in range(1, 6)]


@pytest.fixture(autouse=True)
def clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", NEVER_SECONDS)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, clock_stands_still: None) -> None:
    """It ticks often."""
    monkeypatch.setattr(module, "TICK_SECONDS", 0.01)


def asking(customer: Customer, **changes: Any) -> StreamRequest:
    return StreamRequest(customer.url, content_type="audio/x-mulaw;rate=8000", **changes)


class Stage(Changing):
    """The surroundings of a relay: everything it hands out is kept. `answer` is what the application says, or the error it is."""

    def __init__(self, *requests: StreamRequest, **limits: Any) -> None:
        super().__init__()
        self.answer: Answer | Exception = Answer(requests, ())
        self.limits = StreamLimits(**{"retry_seconds": (), **limits})
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.notes: list[Note] = []
        self.of: set[UUID] = set()
        self.asked = self.waited_for_the_disk = 0
        self.disk = asyncio.Event()
        self.disk.set()
        self.over: list[Relay] = []
        self.relay: Relay | None = None
        self.problem = ""

    def line(self, dialect_name: str = "asterisk", **ids: int) -> WrittenLine:
        return WrittenLine(caller(dialect_name, **ids), self.bring)

    def bring(self, line: GatewayLine, who: CallIdentity, first: GatewayMessage | None) -> Relay:
        if self.relay is not None:
            self.problem = self.relay.continue_on(line, first)
            return self.relay
        facts = CallFacts(UUID(CALL), 3, 1, 2, who.from_number, who.to_number, who.direction, "gw1-1", 1_700_000_000.0)
        context = RelayContext(
            self.limits, DialSettings(REACH, 20.0), TLS, self.record, self._answer, lambda: ("token",), self._over, self._kept
        )
        relay = self.relay = Relay(line, facts, context)
        relay.begin(who)
        if first is not None:
            relay.hear(first, asyncio.get_running_loop().time())
        return relay

    def record(self, facts: CallFacts, note: Note) -> None:
        self.of.add(facts.call_id)
        self.notes.append(note)
        self.changed()

    async def _kept(self) -> None:
        self.waited_for_the_disk += 1
        self.changed()
        await self.disk.wait()

    async def _answer(self, relay: Relay) -> tuple[Answer, dict[str, Any]]:
        self.asked += 1
        self.changed()
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, {"source": "XML"}

    def _over(self, relay: Relay) -> None:
        self.over.append(relay)
        self.changed()

    def kinds(self) -> list[EventKind]:
        return [note.kind for note in self.notes]

    def last(self, kind: EventKind) -> Note:
        return [note for note in self.notes if note.kind is kind][-1]

    async def until_noted(self, kind: EventKind, times: int = 1) -> Note:
        await self.until(lambda: self.kinds().count(kind) >= times, f"{kind}, {times} times")
        return self.last(kind)


@asynccontextmanager
async def on(stage: Stage, dialect_name: str = "asterisk") -> AsyncIterator[tuple[WrittenLine, Relay]]:
    """A line whose media has started, and its call; hung up at the end unless that happened before, and then over."""
    line = stage.line(dialect_name)
    line.feed(MEDIA_START if dialect_name == "asterisk" else METADATA)
    relay = stage.relay
    assert relay is not None
    try:
        yield line, relay
    finally:
        relay.finish(EndCause.CALL_ENDED, NORMAL_HANGUP, "The test is over.", 1000)
        async with asyncio.timeout(30):
            await relay.done.wait()


# The beginning ---------------------------------------------------------------------------------------------------------------
async def test_the_first_note_says_who_brings_which_call() -> None:
    stage = Stage()
    query = {"call_uuid": CALL, "from": "+14155550123", "to": "18005550100", "direction": "sideways"}
    line = WrittenLine(caller(query=query), stage.bring)
    line.feed(MEDIA_START)
    first, second = stage.notes[:2]
    assert (first.number, first.kind, first.level, first.stream_id) == (1, EventKind.CALL_STARTED, Level.INFO, None)
    problem = first.details.pop("problem")
    assert first.details == {
        "gateway": "pbx",
        "dialect": "asterisk",
        "address": "192.0.2.7:4000",
        "from": "+14155550123",
        "to": "18005550100",
        "direction": "inbound",
    }
    assert "sideways" in problem
    assert second.kind is EventKind.CALL_MEDIA_STARTED
    assert first.at == pytest.approx(1_700_000_000, abs=10)
    line.closed(1000)
    assert stage.of == {UUID(CALL)}


async def test_a_call_without_a_problem_mentions_none() -> None:
    stage = Stage()
    async with on(stage):
        assert "problem" not in stage.notes[0].details


async def test_the_application_is_asked_once_and_what_it_answers_is_done() -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer))
        async with on(stage) as (_, relay):
            relay.hear(STARTED, asyncio.get_running_loop().time())
            await stage.until_noted(EventKind.CONNECTED)
            assert stage.asked == 1
    assert stage.kinds().count(EventKind.CALL_ANSWERED) == 1


async def test_an_application_is_not_asked_for_a_call_that_did_not_begin_or_is_over() -> None:
    stage = Stage()
    line = stage.line()
    line.feed(MEDIA_START.replace("format:ulaw", "format:speex"))
    relay = stage.relay
    assert relay is not None and not relay.live
    relay.hear(STARTED, asyncio.get_running_loop().time())
    await asyncio.sleep(0)
    assert stage.asked == 0
    assert line.closes == [(4415, stage.last(EventKind.CALL_GATEWAY_ERROR).details["text"][:120])]


async def test_a_digit_before_the_media_asks_nobody() -> None:
    stage = Stage()
    line = stage.line()
    relay = stage.bring(line, CallIdentity(UUID(CALL), "", "", "inbound", ""), None)
    relay.hear(Dtmf("5"), asyncio.get_running_loop().time())
    await asyncio.sleep(0)
    assert stage.asked == 0
    relay.finish(EndCause.CALL_ENDED, NORMAL_HANGUP, "The test is over.", 1000)


async def test_an_answer_that_comes_after_the_end_is_not_followed() -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer))
        stage.may_answer.clear()
        async with on(stage) as (line, relay):
            await stage.until(lambda: stage.asked, "the question")
            line.closed(1000)
            count = len(stage.notes)
            stage.may_answer.set()
            for _ in range(5):
                await asyncio.sleep(0)
            assert (len(stage.notes), relay.session.streams) == (count, {})
        assert customer.attempts == 0


async def test_an_answer_that_cannot_be_had_hangs_the_call_up() -> None:
    stage = Stage()
    stage.answer = AnswerUnavailable("The answer URL says 500.", {"status": 500})
    async with on(stage) as (line, relay):
        await stage.until(lambda: stage.over, "the end")
        assert (line.sent[-1], line.closes) == ("HANGUP", [(4000, "The answer URL says 500.")])
    assert stage.last(EventKind.CALL_ANSWER_FAILED).details["status"] == 500
    assert stage.last(EventKind.CALL_ENDED).details["code"] == 7011


# Both ways ---------------------------------------------------------------------------------------------------------------------
async def test_audio_goes_to_the_customer_frame_by_frame_and_needs_no_clock() -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer))
        async with on(stage) as (line, _):
            line.feed(FRAMES[0])
            assert stage.kinds()[-1] is EventKind.CALL_FIRST_AUDIO
            conversation = await customer.conversation()
            await conversation.until_media(1)
            assert (await stage.until_noted(EventKind.STREAM_STARTED)).stream_id == UUID(conversation.stream_id)
            for count, frame in enumerate(FRAMES[1:], 2):
                line.feed(frame)
                await conversation.until_media(count)
    assert conversation.audio == b"".join(FRAMES)
    assert conversation.call_id == CALL


async def test_a_customer_hears_of_a_stream_when_the_disk_has_it_and_then_of_all_its_audio() -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer))
        stage.disk.clear()
        async with on(stage) as (line, _):
            await stage.until(lambda: stage.waited_for_the_disk == 1, "the disk was waited for")
            for frame in FRAMES:
                line.feed(frame)
            assert EventKind.STREAM_REQUESTED in stage.kinds() and EventKind.CONNECT_STARTED not in stage.kinds()
            assert not customer.conversations
            stage.disk.set()
            conversation = await customer.conversation()
            await conversation.until_media(len(FRAMES))
    assert conversation.audio == b"".join(FRAMES)


async def test_digits_and_what_the_customer_wants_go_their_ways_at_once() -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer, bidirectional=True))
        async with on(stage) as (line, _):
            conversation = await customer.conversation()
            line.feed("DTMF_END digit:7 duration_ms:100")
            await conversation.until(lambda: conversation.digits == "7", "the digit")
            await conversation.say({"event": "clearAudio"})
            await conversation.until(lambda: conversation.messages[-1]["event"] == "clearedAudio", "the reply")
            await conversation.say({"event": "sendDTMF", "dtmf": "1"})
            await stage.until_noted(EventKind.CALL_DTMF_SENT)
            assert [len(data) for data in line.sent if isinstance(data, bytes)] == [2 * 100 * 8]


async def test_a_fact_from_outside_is_written_at_once() -> None:
    stage = Stage()
    async with on(stage) as (_, relay):
        relay.note(EventKind.CALL_ANSWER_REQUESTED, Level.DEBUG, url="https://app.example/")
        note = stage.notes[-1]
        assert (note.kind, note.level, note.stream_id, note.details) == (
            EventKind.CALL_ANSWER_REQUESTED,
            Level.DEBUG,
            None,
            {"url": "https://app.example/"},
        )
        relay.note(EventKind.CALL_ANSWER_REQUESTED)
        assert stage.notes[-1].level is Level.INFO


async def test_a_control_request_is_noted_and_carried_out_at_once() -> None:
    stage = Stage()
    async with on(stage) as (line, relay):
        relay.carry_out("hang_up", "anna", lambda session, now: session.hang_up(API_HANGUP, "Hung up by anna.", now))
        assert (line.sent[-1], line.closes) == ("HANGUP", [(4000, "Hung up by anna.")])
        assert stage.over == [relay]
    assert stage.last(EventKind.CALL_CONTROL_REQUESTED).details == {"kind": "hang_up", "by": "anna"}
    assert stage.last(EventKind.CALL_ENDED).details["source"] == "API Request"


async def test_what_is_asked_before_the_media_or_after_the_end_is_nothing_at_all() -> None:
    stage, asked = Stage(), list[str]()
    line = stage.line()
    relay = stage.bring(line, CallIdentity(UUID(CALL), "", "", "inbound", ""), None)
    for _ in range(2):
        count = len(stage.notes)
        relay.carry_out("hang_up", "anna", lambda session, now: asked.append("once"))
        assert (len(stage.notes), asked) == (count, [])
        relay.hear(STARTED, asyncio.get_running_loop().time())
        relay.finish(EndCause.CALL_ENDED, NORMAL_HANGUP, "The test is over.", 1000)


# Silence -----------------------------------------------------------------------------------------------------------------------
async def test_while_the_gateway_is_silent_frames_go_on_at_the_pace_of_audio(clock: None) -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer), fill_silence=True)
        async with on(stage) as (line, _):
            line.feed(FRAMES[0])
            conversation = await customer.conversation()
            await conversation.until_media(50)
            stamps = [frame.timestamp_ms for frame in conversation.media]
            took_seconds = conversation.media[49].arrived_at - conversation.media[19].arrived_at
    assert conversation.audio.startswith(FRAMES[0] + b"\xff" * 49 * 160)
    assert {later - earlier for earlier, later in zip(stamps, stamps[1:], strict=False)} == {20}
    assert took_seconds > 0.5
    assert stage.last(EventKind.CALL_ENDED).details["filled_ms"] >= 980


async def test_a_gateway_that_keeps_its_socket_and_forgets_its_call_is_closed(clock: None) -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer), media_timeout_seconds=1.0)
        async with on(stage) as (line, _):
            connected = asyncio.ensure_future(customer.conversation())
            while not connected.done():  # until then it has not forgotten the call, however long connecting takes
                line.feed(FRAMES[0])
                await asyncio.wait([connected], timeout=0.02)
            conversation = await connected
            await stage.until(lambda: stage.over, "the end")
            await conversation.until_closed()
            assert line.sent[-1] == "HANGUP" and line.closes[0][0] == 4408
    assert stage.last(EventKind.CALL_ENDED).details["code"] == 6020
    assert (conversation.stop or {})["reason"] == "call ended"


# Another socket ------------------------------------------------------------------------------------------------------------------
async def test_a_call_goes_on_on_the_second_socket_and_its_gateway_is_told_things_there() -> None:
    async with Customer() as customer:
        stage = Stage(StreamRequest(customer.url, bidirectional=True))
        async with on(stage, "audio_stream") as (line, relay):
            line.settled()
            second = stage.line("audio_stream")
            second.feed(METADATA)
            assert (stage.problem, relay.line) == ("", second)
            assert line.closes == [(4410, "Another socket of the gateway has taken this call over.")]
            assert stage.kinds()[-1] is EventKind.CALL_GATEWAY_RESUMED
            assert stage.notes[-1].details["address"] == "192.0.2.7:4000"
            conversation = await customer.conversation()
            await conversation.say({"event": "sendDTMF", "dtmf": "1"})
            await stage.until_noted(EventKind.CALL_DTMF_SENT)
            assert (json.loads(second.sent[0])["type"], line.sent) == ("streamAudio", [])
            relay.finish(EndCause.PLATFORM_STOPPED, PROCESS_LOST, "The platform stops.", 4012)
            assert second.closes == [(4012, "The platform stops.")]
            second.closed(None)


STARTED_AGAIN = Started(AudioFormat(Encoding.L16, 8000), 20, "", {"mix": "mono"})


@pytest.mark.parametrize(
    ("dialect_name", "first", "gateway_id", "says"),
    [
        ("asterisk", STARTED, 1, "This call_uuid is live already."),
        ("audio_stream", None, 1, "This call_uuid is live already."),
        ("audio_stream", Dtmf("5"), 1, "This call_uuid is live already."),
        ("audio_stream", STARTED_AGAIN, 8, "This call_uuid is live already."),
        ("audio_stream", Started(AudioFormat(Encoding.L16, 16_000), 20, "", {"mix": "mono"}), 1, "has to bring the same, not l16 16000 Hz"),
    ],
    ids=["a dialect that does not resume", "silence", "a digit", "another gateway", "another format"],
)
async def test_what_does_not_fit_leaves_the_call_where_it_is(dialect_name: str, first: Any, gateway_id: int, says: str) -> None:
    stage = Stage()
    async with on(stage, "audio_stream") as (line, relay):
        line.settled()
        problem = relay.continue_on(stage.line(dialect_name, gateway_id=gateway_id), first)
        assert says in problem
        assert (relay.line, line.closes, relay.live) == (line, [], True)
        errors = [note.details["text"] for note in stage.notes if note.kind is EventKind.CALL_GATEWAY_ERROR]
        assert errors == ([problem] if "the same" in says else [])


async def test_a_young_socket_is_not_taken_over_unless_it_is_gone() -> None:
    stage = Stage(resume_seconds=NEVER_SECONDS)
    async with on(stage, "audio_stream") as (line, relay):
        young = "This call_uuid is live already, on a socket that is younger than 1 s."
        assert relay.continue_on(stage.line("audio_stream"), STARTED_AGAIN) == young
        assert relay.line is line
        line.closed(1006)
        assert stage.kinds()[-1] is EventKind.CALL_GATEWAY_AWAITED
        assert relay.continue_on(stage.line("audio_stream"), STARTED_AGAIN) == ""
        assert line.closes == []


async def test_a_call_that_is_over_goes_on_nowhere() -> None:
    stage = Stage()
    async with on(stage, "audio_stream") as (line, relay):
        line.settled().closed(1000)
        count = len(stage.notes)
        assert relay.continue_on(stage.line("audio_stream"), STARTED_AGAIN) == "This call has ended."
        assert (relay.line, len(stage.notes)) == (line, count)


# Time ----------------------------------------------------------------------------------------------------------------------------
async def test_a_streams_time_runs_out_although_nothing_happens(clock: None) -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer, stream_timeout_seconds=1))
        async with on(stage) as (_, relay):
            ended = await stage.until_noted(EventKind.STREAM_ENDED)
            assert (ended.details["cause"], relay.live) == ("timed_out", True)
            await (await customer.conversation()).until_closed()


async def test_a_customer_that_takes_nothing_is_noticed_by_the_clock(clock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "FLUSH_SECONDS", 0.1)  # it will not take the close either
    behaviour = Behaviour(stop_reading_after=1, receive_buffer_bytes=4096)
    async with Customer(behaviour) as customer:
        stage = Stage(asking(customer), buffer_ms=4000)
        async with on(stage) as (line, _):
            await stage.until_noted(EventKind.CONNECTED)
            while EventKind.BUFFER_DEGRADED not in stage.kinds():
                line.feed(FRAMES[0])
                await asyncio.sleep(0.001)  # between two ticks comes less than would fill the buffer
                assert EventKind.STREAM_ENDED not in stage.kinds()
            assert stage.last(EventKind.BUFFER_DEGRADED).details["percent"] == 30


async def test_a_failure_at_one_tick_does_not_stop_the_clock(clock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(str(context["exception"])))
    async with Customer() as customer:
        stage = Stage(asking(customer, stream_timeout_seconds=1))
        async with on(stage) as (_, relay):
            measure = relay.links.measure

            def measure_badly(now: float) -> None:
                monkeypatch.setattr(relay.links, "measure", measure)
                raise RuntimeError("the socket is broken")

            monkeypatch.setattr(relay.links, "measure", measure_badly)
            await stage.until_noted(EventKind.STREAM_ENDED)
    assert failures == ["the socket is broken"]


async def test_an_answer_that_cannot_be_followed_ends_the_call_with_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer))
        monkeypatch.setattr(CallSession, "follow", lambda *_: 1 // 0)
        async with on(stage):
            ended = await stage.until_noted(EventKind.CALL_ENDED)
    assert "failed while following the answer" in stage.last(EventKind.CALL_ANSWER_FAILED).details["problem"]
    assert "failed while following the answer" in ended.details["words"]


async def test_a_customers_message_at_which_we_fail_ends_his_stream_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or nothing of his would be read any more, and nothing say so."""
    said = CallSession.customer_said

    def fails(session: CallSession, stream: Any, text: str | bytes, now: float) -> None:
        if b"boom" in (text if isinstance(text, bytes) else text.encode()):
            raise ZeroDivisionError
        said(session, stream, text, now)

    monkeypatch.setattr(CallSession, "customer_said", fails)
    async with Customer() as customer, Customer() as other:
        stage = Stage(asking(customer, keep_call_alive=True), asking(other, keep_call_alive=True))
        async with on(stage) as (line, _):
            first, second = await customer.conversation(), await other.conversation()
            line.feed(FRAMES[0])
            await first.until_media(1)
            await first.say({"event": "boom"})
            ended = await stage.until_noted(EventKind.STREAM_ENDED)
            assert ended.details["cause"] == EndCause.INTERNAL_ERROR
            line.feed(FRAMES[1])
            await second.until_media(2)


async def test_a_socket_that_cannot_be_closed_holds_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CustomerSocket, "close", lambda *_: 1 // 0)
    async with Customer() as customer:
        stage = Stage(asking(customer))
        async with on(stage):
            await stage.until_noted(EventKind.CONNECTED)


async def test_a_control_request_that_could_not_be_carried_out_is_said_in_the_calls_log() -> None:
    stage = Stage()
    async with on(stage) as (_, relay):
        relay.could_not_carry_out("hang_up", "maria")
    note = stage.last(EventKind.CALL_CONTROL_REQUESTED)
    assert note.level is Level.ERROR and note.details["by"] == "maria" and "could not be done" in note.details["problem"]


# The end -------------------------------------------------------------------------------------------------------------------------
async def test_the_call_is_done_when_its_customers_sockets_are_closed_and_that_is_told_once() -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer), asking(customer))
        async with on(stage) as (line, relay):
            await stage.until_noted(EventKind.CONNECTED, 2)
            line.closed(1000)
            assert (relay.live, relay.done.is_set(), stage.over) == (False, False, [])
            assert stage.kinds()[-1] is EventKind.CALL_ENDED
            async with asyncio.timeout(30):
                await relay.done.wait()
            assert stage.kinds().count(EventKind.SOCKET_CLOSED) == 2
            relay.hear(Dtmf("5"), asyncio.get_running_loop().time())
        assert [conversation.stop is not None for conversation in customer.conversations] == [True, True]
    assert stage.over == [relay]


async def test_the_call_is_over_as_soon_as_the_stream_that_keeps_it_alive_is() -> None:
    async with Customer(Behaviour(close_after=1)) as customer:
        stage = Stage(asking(customer, keep_call_alive=True))
        async with on(stage) as (line, relay):
            line.feed(FRAMES[0])
            await stage.until(lambda: stage.over, "the end")
            assert (line.sent[-1], line.closes[0][0], stage.over) == ("HANGUP", 4000, [relay])
    assert stage.last(EventKind.CALL_ENDED).details["code"] == 4010


async def test_a_customer_that_is_still_dialled_holds_nothing_up() -> None:
    async with Customer(Behaviour(hang=True)) as customer:
        stage = Stage(asking(customer))
        async with on(stage) as (line, relay):
            await customer.until(lambda: customer.attempts, "the upgrade")
            line.closed(1000)
            assert (relay.done.is_set(), stage.over) == (True, [relay])


async def test_nothing_keeps_a_call_that_is_over(clock: None) -> None:
    """Least of all its own clock."""
    stage = Stage()
    async with on(stage) as (line, relay):
        await stage.until_noted(EventKind.CALL_ANSWERED)
        line.closed(1000)
        assert stage.over == [relay]
    gone = weakref.ref(relay)
    stage.relay, line._call = None, None
    stage.over.clear()
    del relay
    gc.collect()
    assert gone() is None


async def test_the_platform_ends_a_call_with_its_own_code_and_words() -> None:
    stage = Stage()
    async with on(stage) as (line, relay):
        relay.finish(EndCause.PLATFORM_STOPPED, PROCESS_LOST, "The platform stops.", 4012)
        assert (line.closes, relay.done.is_set()) == ([(4012, "The platform stops.")], True)
        assert "HANGUP" not in line.sent
    ended = stage.last(EventKind.CALL_ENDED)
    assert (ended.details["code"], ended.details["words"], ended.details["our_close_code"]) == (5010, "The platform stops.", 4012)


async def test_a_call_whose_lease_is_lost_stops_and_writes_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    async with Customer() as customer:
        stage = Stage(asking(customer))
        async with on(stage) as (line, relay):
            await stage.until_noted(EventKind.CONNECTED)
            count = len(stage.notes)
            with caplog.at_level(logging.ERROR):
                relay.lease_lost("Another process has it.")
            assert line.closes == [(4409, "Another process has it.")]
            await (await customer.conversation()).until_closed()
            async with asyncio.timeout(30):
                await relay.done.wait()
    assert len(stage.notes) == count
    assert [record.getMessage() for record in caplog.records] == [f"Call {CALL}: Another process has it."]


class SpokenOf(Stage):
    """Also keeps of which call it was spoken when each note was made."""

    def __init__(self, *requests: StreamRequest) -> None:
        super().__init__(*requests)
        self.spoken: list[tuple[EventKind, str | None]] = []

    def bring(self, line: GatewayLine, who: CallIdentity, first: GatewayMessage | None) -> Relay:
        speak_of_call(UUID(CALL))
        return super().bring(line, who, first)

    def record(self, facts: CallFacts, note: Note) -> None:
        self.spoken.append((note.kind, spoken_of().get("call")))
        super().record(facts, note)


async def test_what_a_frame_brings_about_knows_its_call_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame itself enters no context: what is noted or logged for its sake does, and what is begun."""
    logged, write = list[str | None](), CustomerSocket.write

    def fails_at_the_last(socket: CustomerSocket, text: bytes) -> None:
        if FRAMES[-1] in b64decode(json.loads(text).get("media", {}).get("payload", "")):
            raise ZeroDivisionError
        write(socket, text)

    monkeypatch.setattr(CustomerSocket, "write", fails_at_the_last)
    monkeypatch.setattr(links.log, "exception", lambda *_: logged.append(spoken_of().get("call")))
    async with Customer() as customer:
        stage = SpokenOf(asking(customer))
        async with on(stage) as (line, _):
            for frame in FRAMES[:-1]:
                line.feed(frame)
            await stage.until_noted(EventKind.STREAM_STARTED)
            line.feed(FRAMES[-1])
            await stage.until_noted(EventKind.STREAM_ENDED)
    assert {EventKind.CALL_FIRST_AUDIO, EventKind.STREAM_STARTED, EventKind.STREAM_ENDED} <= {kind for kind, _ in stage.spoken}
    assert [kind for kind, call in stage.spoken if call != CALL] == [EventKind.CALL_ENDED]  # which the test ends
    assert logged == [CALL]
    assert spoken_of() == {}
