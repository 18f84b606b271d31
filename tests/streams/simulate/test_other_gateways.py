"""The simulated FreeSWITCHes and Twilio against a plain WebSocket server: what they say, what they play, what they would not like."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streams.pure.gateway.dialects import DIALECTS
from streams.simulate.audio_fork import FILES_AT_ONCE, MARKS_AT_ONCE, AudioForkCall
from streams.simulate.audio_stream import AudioStreamCall
from streams.simulate.call_plan import CallPlan, End
from streams.simulate.call_socket import CallSocket
from streams.simulate.gateway import CALLS, place_call
from streams.simulate.listener import serving
from streams.simulate.twilio import TwilioCall

FRAMES = [bytes([number]) * 320 for number in range(10)]
UUID = "816e0b22-6913-4b43-88a9-6d3054b77df9"


class Platform:
    """The other end of one call."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[str | bytes] = []
        self.sockets: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.over = asyncio.Event()
        self.code: int | None = None

    async def take(self, connection: ServerConnection) -> None:
        await self.sockets.put(connection)
        try:
            async for message in connection:
                self.got.append(message)
        except ConnectionClosed:
            pass
        self.code = connection.close_code
        self.over.set()

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(message) for message in self.got if isinstance(message, str)]

    def plan(self, dialect: str, **changes: object) -> CallPlan:
        given = {"codec": "ulaw" if dialect == "twilio" else "slin", "call_uuid": UUID, "pace": 0, **changes}
        return CallPlan(platform=f"ws://127.0.0.1:{self.port}", gateway="gw1", password="s3cret", dialect=dialect, **given)


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    platform = Platform()
    options: dict[str, Any] = {"subprotocols": [Subprotocol("audio.drachtio.org")], "select_subprotocol": first, "close_timeout": 1}
    async with serving(lambda listener: serve(platform.take, sock=listener, **options)) as platform.port:
        yield platform


def first(_: ServerConnection, offered: list[Subprotocol]) -> Subprotocol | None:
    return next(iter(offered), None)


async def connected(platform: Platform, dialect: str, **changes: object) -> tuple[CallSocket, ServerConnection]:
    call = CALLS[dialect](platform.plan(dialect, **changes))
    await call.connect()
    await call.start_media()
    return call, await platform.sockets.get()


async def test_a_call_of_mod_audio_stream(platform: Platform) -> None:
    report = await place_call(platform.plan("audio_stream", frames=FRAMES, dtmf="7", frames_at_once=4))
    await platform.over.wait()
    assert platform.messages == [
        {"call_uuid": UUID, "from": "18005550199", "to": "18005550100", "rate": 8000, "mix": "mono"},
        {"event": "dtmf", "dtmf": "7"},
    ]
    audio = [message for message in platform.got if isinstance(message, bytes)]
    assert [len(message) for message in audio] == [1280, 1280, 640]
    assert b"".join(audio) == b"".join(FRAMES)
    assert (report.end, report.frames_sent, platform.code) == (End.HUNG_UP, 10, 1000)


async def test_without_metadata_nothing_comes_before_the_audio(platform: Platform) -> None:
    await place_call(platform.plan("audio_stream", frames=FRAMES, metadata=False))
    await platform.over.wait()
    assert platform.got == FRAMES


async def test_an_old_mod_audio_stream_comes_back_and_begins_with_its_metadata(platform: Platform) -> None:
    report = await place_call(platform.plan("audio_stream", frames=FRAMES, drops=2))
    while platform.sockets.qsize() < 3 or platform.code != 1000:
        await asyncio.sleep(0.01)
    assert [message["call_uuid"] for message in platform.messages] == [UUID] * 3
    assert (report.end, report.frames_sent) == (End.HUNG_UP, 10)


async def test_stereo_alternates_samples(platform: Platform) -> None:
    await place_call(platform.plan("audio_fork", frames=[b"LL" * 160], outbound=[b"RR" * 160]))
    await platform.over.wait()
    assert platform.messages[0]["mixType"] == "stereo"
    assert platform.got[1] == b"LLRR" * 160


async def test_a_call_of_twilio_with_both_tracks(platform: Platform) -> None:
    await place_call(platform.plan("twilio", frames=[b"i" * 160] * 2, outbound=[b"o" * 160] * 2, dtmf="#"))
    await platform.over.wait()
    events = [message["event"] for message in platform.messages]
    assert events == ["connected", "start", "media", "media", "dtmf", "media", "media", "stop"]
    media = [message["media"] for message in platform.messages if message["event"] == "media"]
    assert media[2] == {"track": "inbound", "chunk": "2", "timestamp": "40", "payload": base64.b64encode(b"i" * 160).decode()}
    assert platform.messages[1]["start"]["tracks"] == ["inbound", "outbound"]
    assert [message["sequenceNumber"] for message in platform.messages[1:]] == [str(number) for number in range(1, 8)]


async def test_mod_audio_fork_plays_a_stream_and_returns_marks(platform: Platform) -> None:
    call, socket = await connected(platform, "audio_fork", streams_back=True)
    assert isinstance(call, AudioForkCall)
    await socket.send(b"x" * 640)
    await socket.send('{"type":"mark","data":{"name":"m1"}}')
    await socket.send(b"y" * 320_000)
    await socket.send('{"type":"mark","data":{"name":"m2"}}')
    await call.until(lambda: call.playout.marks == ["m2"], "the first mark")
    await socket.send('{"type":"killAudio"}')
    await call.until(lambda: not call.playout.marks, "silence")
    await call.hang_up()
    await platform.over.wait()
    assert [message["data"] for message in platform.messages[1:]] == [
        {"name": "m1", "event": "playout"},
        {"name": "m2", "event": "cleared"},
    ]
    assert b"".join(call.playout.played).startswith(b"x" * 640)


async def test_mod_audio_fork_ends_at_disconnect_and_waits_after_its_graceful_end(platform: Platform) -> None:
    call, socket = await connected(platform, "audio_fork")
    assert isinstance(call, AudioForkCall)
    await call.shut_down()
    await socket.send('{"type":"disconnect"}')
    assert await call.until_ended() is End.BY_PLATFORM
    await platform.over.wait()
    assert (platform.got[-1], platform.code) == (b"", 1000)


async def test_twilio_plays_media_and_returns_marks_also_those_a_clear_overtakes(platform: Platform) -> None:
    call, socket = await connected(platform, "twilio")
    assert isinstance(call, TwilioCall)

    async def say(event: str, content: object = None) -> None:
        await socket.send(json.dumps({"event": event, "streamSid": call.stream_sid} | ({event: content} if content else {})))

    await say("media", {"payload": base64.b64encode(b"z" * 80_000).decode()})
    await say("mark", {"name": "late"})
    await say("clear")
    await call.until(lambda: len(call.texts) == 3 and not call.playout.marks, "silence")
    await call.hang_up()
    await platform.over.wait()
    assert [message["mark"] for message in platform.messages if message["event"] == "mark"] == [{"name": "late"}]


STREAM_AUDIO = '{"type":"streamAudio","data":{"audioDataType":"raw","sampleRate":%d,"audioData":"AAAA"}}'
PLAY_AUDIO = json.dumps({"type": "playAudio", "data": {"audioContent": base64.b64encode(bytes(16_000)).decode()}})
MARK = '{"type":"mark","data":{"name":"m"}}'


@pytest.mark.parametrize(
    ("dialect", "changes", "said"),
    [
        ("audio_stream", {}, [b"raw audio"]),
        ("audio_stream", {}, [STREAM_AUDIO % 11_025]),
        ("audio_stream", {}, ["no json"]),
        ("audio_fork", {}, [b"not streaming back"]),
        ("audio_fork", {}, ["x" * (65 * 1024 * 10 + 1)]),
        ("audio_fork", {}, ['{"type":"dance"}']),
        ("audio_fork", {}, [PLAY_AUDIO] * (FILES_AT_ONCE + 1)),
        ("audio_fork", {"streams_back": True}, [b"x" * 320_000] + [MARK] * (MARKS_AT_ONCE + 1)),
        ("twilio", {}, [b"binary"]),
        ("twilio", {}, ['{"event":"media","streamSid":"another","media":{"payload":"AAAA"}}']),
        ("twilio", {"outbound": (b"o",)}, ['{"event":"clear","streamSid":"any"}']),
    ],
)
async def test_what_a_gateway_would_not_like_is_complained_of(
    platform: Platform, dialect: str, changes: dict[str, object], said: list[str | bytes]
) -> None:
    call, socket = await connected(platform, dialect, **changes)
    for message in said:
        await socket.send(message)
    await call.until(lambda: call.complaints, "the complaint")
    await call.hang_up()
    assert len(call.complaints) == 1


async def test_stream_audio_is_played_until_the_application_is_told_to_stop(platform: Platform) -> None:
    call, socket = await connected(platform, "audio_stream")
    assert isinstance(call, AudioStreamCall)
    await socket.send(STREAM_AUDIO % 8000)
    await call.until(lambda: call.playout.played, "the file")
    await socket.send(STREAM_AUDIO % 8000)
    await socket.send('{"type":"killAudio"}')
    await call.until(lambda: len(call.texts) == 3, "three texts")
    await call.hang_up()
    assert (call.playout.played, call.files, call.playout.files, call.complaints) == ([bytes(3)], 2, 0, [])


def test_every_dialect_has_its_gateway() -> None:
    assert list(CALLS) == list(DIALECTS)
