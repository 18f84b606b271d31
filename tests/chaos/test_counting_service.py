"""A service that keeps no frame sees all the same what is wrong with any of them, and how late they come."""

import base64
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.chaos.counting_service import CountingService
from tests.chaos.history import BroughtCall, History
from tests.chaos.invariants import findings
from tests.chaos.numbered_frames import numbered_frame

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
    async with CountingService("Alder", history, keeps_moments=False) as service, connect(service.url, compression=None) as socket:
        await tell(socket, START, *map(media, frames))
        await socket.close()
        [stream] = history.streams = service.streams["call"]
    assert (stream.close_code, sum(stream.gaps_ms.values())) == (1000, len(frames) - 1)
    found = [finding.words for finding in findings(history) if finding.invariant in ("I1 frames", "I6 isolation", "fault")]
    assert any(words in each for each in found) if words else not found, found


async def test_audio_that_comes_evenly_and_late_is_found_though_no_gap_is_long() -> None:
    history = History("steady", injected_at=time.monotonic())
    history.calls = [call := BroughtCall("call", "Alder", "asterisk", 1, "web", taken=True, sent=FRAMES + 250)]
    async with CountingService("Alder", history, keeps_moments=False) as service, connect(service.url, compression=None) as socket:
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
    async with CountingService("Alder", history, keeps_moments=False) as service, connect(service.url, compression=None) as socket:
        await tell(socket, START)
        await socket.send(message)
        await tell(socket, *map(media, IN_ORDER))
        await socket.close()
        assert service.streams["call"][0].runs == [[1, 0, FRAMES - 1]]
    assert [message[:10] in words for words in history.seen_wrong] == [True]
