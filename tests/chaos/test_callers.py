"""Callers for whom one task speaks are on the wire as gateways of their dialects are."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from streams.simulate.ending import cancelled
from streams.simulate.listener import serving
from tests.chaos.callers import Caller, Voices
from tests.chaos.history import BroughtCall
from tests.chaos.numbered_frames import read_frame
from tests.chaos.sites import DIALECTS

FRAMES = 60
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
        callers = [Caller(site, call, voices) for call in calls]
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
