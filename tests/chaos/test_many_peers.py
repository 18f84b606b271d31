"""Who brings and hears a steady load: on the wire they are as all others, and see what is wrong with any frame, though they keep none."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from streams.simulate.ending import cancelled
from streams.simulate.listener import serving
from tests.chaos.history import BroughtCall, History
from tests.chaos.invariants import findings
from tests.chaos.many_peers import CountingService, LeanCaller, Voices
from tests.chaos.peers import numbered_frame, read_frame
from tests.chaos.sites import DIALECTS

FRAMES = 60


def media(payload: bytes) -> dict[str, Any]:
    return {"event": "media", "sequenceNumber": 2, "media": {"track": "inbound", "payload": base64.b64encode(payload).decode()}}


async def tell(socket: ClientConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


IN_ORDER = [numbered_frame(1, number, 160) for number in range(FRAMES)]
ALTERED = IN_ORDER[30][:-1] + b"\x00"
START = {"event": "start", "start": {"callId": "call", "streamId": "stream"}}


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (IN_ORDER, ""),
        ([*IN_ORDER[:30], b"\xff" * 160, *IN_ORDER[30:]], ""),
        (IN_ORDER[1:], "frame 1 came where 0 was due"),
        ([*IN_ORDER[:30], *IN_ORDER[31:]], "frame 31 came where 30 was due"),
        (IN_ORDER[:-1], "60 frames were sent, 59 came"),
        ([*IN_ORDER[:31], *IN_ORDER[30:]], "frame 30 came where 31 was due"),
        ([*IN_ORDER[:30], IN_ORDER[31], IN_ORDER[30], *IN_ORDER[32:]], "frame 31 came where 30 was due"),
        ([*IN_ORDER[:30], ALTERED, *IN_ORDER[31:]], "1 frames came otherwise than they were sent"),
        ([*IN_ORDER[:30], numbered_frame(2, 30, 160), *IN_ORDER[30:]], "brought frames of other calls: [2]"),
    ],
)
async def test_a_service_that_keeps_no_frame_sees_each_that_is_wrong(frames: list[bytes], words: str) -> None:
    history = History("steady", injected_at=time.monotonic())
    history.calls = [BroughtCall("call", "Alder", "asterisk", 1, "web", taken=True, began_at=time.monotonic(), sent=FRAMES)]
    async with CountingService("Alder", history) as service, connect(service.url, compression=None) as socket:
        await tell(socket, START, *map(media, frames))
        await socket.close()
        [stream] = history.streams = service.streams["call"]
    assert (stream.close_code, sum(stream.gaps_ms.values())) == (1000, len(frames) - 1)
    found = [finding.words for finding in findings(history) if finding.invariant in ("I1 frames", "I6 isolation", "fault")]
    assert any(words in each for each in found) if words else not found, found


async def test_audio_that_comes_evenly_and_late_is_found_though_no_gap_is_long() -> None:
    history = History("steady", injected_at=time.monotonic())
    history.calls = [call := BroughtCall("call", "Alder", "asterisk", 1, "web", taken=True, sent=FRAMES + 250)]
    async with CountingService("Alder", history) as service, connect(service.url, compression=None) as socket:
        await tell(socket, START, *map(media, IN_ORDER))
        await socket.close()
        [stream] = history.streams = service.streams["call"]
    assert stream.late_ms == {(call.sent - 1 - number) * 20: 1 for number in range(1, FRAMES)}
    assert [finding.words for finding in findings(history) if finding.invariant == "I8 audio"] == [
        "of 100 frames the latest comes 6.16 s after it was sent: this is more than the machine carries"
    ]


@pytest.mark.parametrize("message", ["{", "[1]", "{}", '{"event": "media", "media": {"payload": "!"}}'])
async def test_what_is_no_message_is_told_and_does_not_end_the_hearing(message: str) -> None:
    history = History("steady", injected_at=time.monotonic())
    async with CountingService("Alder", history) as service, connect(service.url, compression=None) as socket:
        await tell(socket, START)
        await socket.send(message)
        await tell(socket, *map(media, IN_ORDER))
        await socket.close()
        assert service.streams["call"][0].runs == [[1, 0, FRAMES - 1]]
    assert [message[:10] in words for words in history.seen_wrong] == [True]


OFFERED = [Subprotocol("media"), Subprotocol("audio.drachtio.org")]


def audio_of(message: str | bytes) -> bytes:
    """What a gateway of any dialect sent; nothing where it was no audio."""
    if isinstance(message, bytes):
        return message
    told = json.loads(message) if message.startswith("{") else {}
    return base64.b64decode(told["media"]["payload"]) if told.get("event") == "media" else b""


@asynccontextmanager
async def platform(heard: dict[str, list[str | bytes]]) -> AsyncIterator[str]:
    async def converse(connection: ServerConnection) -> None:
        dialect = connection.request.path.split("/")[2]
        heard[dialect] = [message async for message in connection]

    async with serving(lambda listener: serve(converse, sock=listener, subprotocols=OFFERED, select_subprotocol=first)) as port:
        yield f"ws://127.0.0.1:{port}"


def first(_: ServerConnection, offered: list[Subprotocol]) -> Subprotocol | None:
    return next(iter(offered), None)


async def test_callers_of_all_dialects_speak_at_the_pace_of_speech_and_every_frame_is_their_own() -> None:
    heard: dict[str, list[str | bytes]] = {}
    async with platform(heard) as url:
        site: Any = SimpleNamespace(webs={"web": url})
        voices = Voices()
        speaking = asyncio.create_task(voices.speak())
        calls = [BroughtCall(f"call-{tag}", "Alder", dialect, tag, "web") for tag, dialect in enumerate(DIALECTS)]
        callers = [LeanCaller(site, call, 60, voices) for call in calls]
        while not all(call.sent >= FRAMES for call in calls):
            assert not speaking.done() and not any(caller.task.done() for caller in callers)
            await asyncio.sleep(0.02)
        for caller in callers:
            caller.hang_up()
        await asyncio.gather(*(caller.task for caller in callers))
        await cancelled(speaking)
    for call in calls:
        assert (call.taken, call.end) == (True, "hung up")
        frames = [read_frame(audio) for each in heard[call.dialect] if (audio := audio_of(each))]
        assert frames == [(call.tag, number) for number in range(call.sent)]
        assert call.sent <= (call.ended_at - call.began_at) / 0.02 + 1
    stop = json.loads(heard["twilio"][-1])
    assert (stop["event"], stop["sequenceNumber"]) == ("stop", str(len(heard["twilio"]) - 1))
