"""A gateway's line: how long it waits for a gateway to say what it brings, and that nothing said meanwhile is lost."""

import asyncio
import base64
import json

import pytest

from streams.gateways import line as module
from streams.pure.call.session import CLOSE_CALL_OVER
from streams.pure.gateway import freeswitch, numbered_media, twilio
from streams.pure.gateway.dialects import CallIdentity
from streams.pure.lifecycle import EndCause, HangupCause
from streams.pure.messages import Audio, Ended, FrameFaults, GatewayMessage, Started
from streams.simulate.waiting import Changing
from tests.streams.calls.written_line import WrittenLine, caller

NEVER_SECONDS = 3600.0
FRAME = bytes(range(160)) * 2


class HeardCall(Changing):
    """The call that a line brings, as what it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.who: CallIdentity | None = None
        self.heard: list[GatewayMessage] = []
        self.finished: list[str] = []

    def bring(self, line: module.GatewayLine, who: CallIdentity, first: GatewayMessage | None) -> "HeardCall":
        self.who = who
        self.heard += [first] if first is not None else []
        self.changed()
        return self

    def audio(self, frame: Audio, now: float) -> None:
        self.heard.append(frame)

    def hear(self, message: GatewayMessage, now: float) -> None:
        self.heard.append(message)

    def finish(self, cause: EndCause, hangup: HangupCause, words: str, code: int) -> None:
        self.finished.append(words)
        self.changed()

    @property
    def kinds(self) -> list[type]:
        return [type(message) for message in self.heard]


def line_of(call: HeardCall, dialect: str = "audio_stream", **query: str) -> WrittenLine:
    return WrittenLine(caller(dialect, query), call.bring)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is given up before the test has seen what it waits for."""
    monkeypatch.setattr(freeswitch, "HOLD_SECONDS", NEVER_SECONDS)


@pytest.mark.parametrize("dialect", ["audio_stream", "audio_fork"])
async def test_what_comes_before_the_metadata_waits_for_it_and_no_longer_than_it_has_to(dialect: str, monkeypatch) -> None:
    monkeypatch.setattr(freeswitch, "HOLD_SECONDS", 0.05)
    call = HeardCall()
    line = line_of(call, dialect, rate="16000")
    line.feed(FRAME)
    line.feed(FRAME)
    assert call.heard == []
    await call.until(lambda: call.who, "the beginning without metadata")
    assert call.kinds == [Started, Audio, Audio]
    line.feed(FRAME)
    line.closed(1000)
    assert call.kinds == [Started, Audio, Audio, Audio, Ended]


async def test_the_time_runs_from_the_first_message_on_and_ends_with_the_metadata(patient: None) -> None:
    call = HeardCall()
    line = line_of(call)
    line.feed(FRAME)
    hold = line._hold
    assert hold is not None
    line.feed('{"call_uuid":"7aea0680-1f8c-46c2-a04f-990e2e0d52eb","rate":8000}')
    assert call.kinds == [Started, Audio]
    assert hold.cancelled()
    line.closed(1000)


@pytest.mark.parametrize("code", [1000, 1006, None])
async def test_a_call_that_ends_while_its_audio_is_held_is_a_call_with_that_audio(patient: None, code: int | None) -> None:
    call = HeardCall()
    line = line_of(call)
    line.feed(FRAME)
    hold = line._hold
    line.closed(code)
    assert call.kinds == [Started, Audio, Ended]
    assert hold is not None and hold.cancelled()


async def test_a_fork_that_is_shut_down_while_its_audio_is_held(patient: None) -> None:
    call = HeardCall()
    line = line_of(call, "audio_fork")
    line.feed(FRAME)
    line.feed(b"")
    assert call.kinds == [Started, Audio, Ended]
    assert line.closes == [(CLOSE_CALL_OVER, "The gateway shut its fork down.")]
    line.closed(1000)


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        ("asterisk", b"a" * 160),
        ("twilio", json.dumps({"event": "media", "media": {"payload": "AAAA"}})),
    ],
)
async def test_what_cannot_begin_without_its_first_message_waits_until_the_line_is_given_up(dialect: str, message, monkeypatch) -> None:
    monkeypatch.setattr(module, "MEDIA_START_SECONDS", 0.2)
    call = HeardCall()
    line = line_of(call, dialect)
    line.feed(message)
    await call.until(lambda: call.finished, "the end of waiting")
    assert call.finished == ["The gateway did not begin its media within 0.2 s."]
    assert call.heard == []
    line.closed(1000)


async def test_a_line_that_is_refused_begins_nothing_any_more(monkeypatch) -> None:
    monkeypatch.setattr(freeswitch, "HOLD_SECONDS", 0.01)
    call = HeardCall()
    line = line_of(call)
    line.feed(FRAME)
    line.refuse(4409, "not this one", after_seconds=NEVER_SECONDS)
    await asyncio.sleep(0.05)
    line.closed(None)
    assert (call.who, call.heard) == (None, [])


# Frames that wait for one before them -------------------------------------------------------------------------------------------
START = json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": {"callSid": "CA1"}})


def numbered_media_message(number: int) -> str:
    payload = base64.b64encode(bytes([number]) * 160).decode()
    return json.dumps({"event": "media", "sequenceNumber": str(number), "media": {"payload": payload}})


def heard_numbers(call: HeardCall) -> list[int]:
    return [message.payload[0] for message in call.heard if isinstance(message, Audio)]


async def test_a_frame_that_waits_for_one_that_never_comes_is_heard_in_a_tenth_of_a_second() -> None:
    call = HeardCall()
    line = line_of(call, "twilio")
    for text in (START, numbered_media_message(2), numbered_media_message(4)):
        line.feed(text)
    assert heard_numbers(call) == [2]
    async with asyncio.timeout(30):
        while heard_numbers(call) != [2, 4]:
            await asyncio.sleep(0.01)
    assert call.heard[-1] == FrameFaults(lost=1)
    line.closed(1000)


@pytest.mark.parametrize("last", ["the socket", "stop"])
async def test_what_waits_at_the_end_is_heard_before_the_end(last: str, monkeypatch) -> None:
    monkeypatch.setattr(twilio, "HELD_SECONDS", NEVER_SECONDS)
    call = HeardCall()
    line = line_of(call, "twilio")
    for text in (START, numbered_media_message(2), numbered_media_message(5), numbered_media_message(4)):
        line.feed(text)
    if last == "stop":
        line.feed('{"event":"stop","sequenceNumber":"6"}')
    line.closed(1000)
    assert heard_numbers(call) == [2, 4, 5]
    ends = [number for number, message in enumerate(call.heard) if isinstance(message, Ended)]
    assert ends[0] > max(number for number, message in enumerate(call.heard) if isinstance(message, Audio))


async def test_one_that_came_in_time_is_waited_for_no_longer(monkeypatch) -> None:
    monkeypatch.setattr(twilio, "HELD_SECONDS", NEVER_SECONDS)
    call = HeardCall()
    line = line_of(call, "twilio")
    for text in (START, numbered_media_message(2), numbered_media_message(4)):
        line.feed(text)
    hold = line._hold
    line.feed(numbered_media_message(3))
    assert hold is not None and hold.cancelled()
    assert heard_numbers(call) == [2, 3, 4]
    line.closed(1000)
    assert numbered_media.HELD_SECONDS == 0.1
