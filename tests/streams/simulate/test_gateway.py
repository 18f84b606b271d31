"""The simulated Asterisk's calls, against a plain WebSocket server."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streams.simulate.call_plan import CallPlan, End
from streams.simulate.gateway import AsteriskCall, place_call
from streams.simulate.listener import serving

FRAMES = [bytes([number]) * 160 for number in range(20)]


class Platform:
    """The other end of one call: what it got, and a handle to speak by."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[str | bytes] = []
        self.sockets: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.over = asyncio.Event()
        self.code: int | None = None
        self.reason = ""

    async def take(self, connection: ServerConnection) -> None:
        await self.sockets.put(connection)
        try:
            async for message in connection:
                self.got.append(message)
        except ConnectionClosed:
            pass
        self.code, self.reason = connection.close_code, connection.close_reason or ""
        self.over.set()

    def plan(self, **changes: object) -> CallPlan:
        return CallPlan(platform=f"ws://127.0.0.1:{self.port}", gateway="gw1", password="s3cret", **changes)  # type: ignore[arg-type]


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    platform = Platform()
    options: dict[str, Any] = {"subprotocols": [Subprotocol("media")], "compression": None, "close_timeout": 1}
    async with serving(lambda listener: serve(platform.take, sock=listener, **options)) as platform.port:
        yield platform


@pytest.mark.parametrize("as_json", [False, True])
async def test_a_whole_call(platform: Platform, as_json: bool) -> None:
    report = await place_call(platform.plan(frames=FRAMES, pace=0, dtmf="12#", as_json=as_json))
    await platform.over.wait()
    start, *rest = platform.got
    assert ('"event":"MEDIA_START"' if as_json else "MEDIA_START connection_id:ingress") in str(start)
    assert [message for message in rest if isinstance(message, bytes)] == FRAMES
    assert [number for number, message in enumerate(rest) if isinstance(message, str)] == [5, 11, 17]
    assert (platform.code, platform.reason) == (1000, "")
    assert (report.end, report.frames_sent, report.close_code, report.complaints) == (End.HUNG_UP, 20, None, ())


async def test_real_time_is_kept_on_a_schedule(platform: Platform) -> None:
    started = time.monotonic()
    report = await place_call(platform.plan(frames=FRAMES))
    elapsed = time.monotonic() - started
    # On a schedule: a frame that is late makes no later one late, so the delays do not add up.
    assert 0.38 <= elapsed < 0.6 + report.worst_delay_ms / 1000


async def connected(platform: Platform, **changes: object) -> tuple[AsteriskCall, ServerConnection]:
    call = AsteriskCall(platform.plan(**changes))
    await call.connect()
    await call.start_media()
    return call, await platform.sockets.get()


async def test_early_audio_before_media_start(platform: Platform) -> None:
    call = AsteriskCall(platform.plan())
    await call.connect()
    await call.send_frame(b"early")
    await call.start_media()
    await call.hang_up()
    await platform.over.wait()
    assert platform.got[0] == b"early"
    assert str(platform.got[1]).startswith("MEDIA_START")


async def test_asterisk_says_1001_whatever_we_close_with(platform: Platform) -> None:
    call, socket = await connected(platform)
    await socket.close(4000, "because")
    assert await call.until_ended() is End.BY_PLATFORM
    assert (socket.protocol.close_rcvd.code, call.report().close_code) == (1001, 4000)  # type: ignore[union-attr]
    await call.hang_up()


async def test_the_hangup_command_closes_with_1000(platform: Platform) -> None:
    call, socket = await connected(platform, as_json=True)
    await socket.send('{"command":"HANGUP"}')
    assert await call.until_ended() is End.BY_PLATFORM
    await platform.over.wait()
    assert (platform.code, platform.reason) == (1000, "")
    await call.hang_up()


async def test_a_call_that_the_platform_ends_is_not_spoken_into(platform: Platform) -> None:
    calling = asyncio.create_task(place_call(platform.plan(frames=FRAMES * 50)))
    socket = await platform.sockets.get()
    await socket.close(1000)
    report = await asyncio.wait_for(calling, 30)
    assert report.end is End.BY_PLATFORM
    assert report.frames_sent < 500


async def test_vanishing_is_a_reset(platform: Platform) -> None:
    report = await place_call(platform.plan(frames=FRAMES, pace=0, vanish=True))
    await platform.over.wait()
    assert (platform.code, report.end) == (1006, End.VANISHED)


async def test_playback_marks_and_status(platform: Platform) -> None:
    call, socket = await connected(platform)
    await socket.send(b"x" * 800)
    await socket.send("MARK_MEDIA greeting")
    await socket.send("GET_STATUS")
    await socket.send(b"y" * 160)
    await call.until(lambda: len(call.playback.played) == 6, "six frames played")
    assert (call.audio, call.texts) == ([b"x" * 800, b"y" * 160], ["MARK_MEDIA greeting", "GET_STATUS"])
    await call.hang_up()
    await platform.over.wait()
    assert [str(message).split()[0] for message in platform.got[1:]] == ["STATUS", "MEDIA_MARK_PROCESSED"]


async def test_what_asterisk_would_not_like_is_complained_of(platform: Platform) -> None:
    call, socket = await connected(platform)
    await socket.send("NO_SUCH_COMMAND")
    await socket.send("MARK_MEDIA " + "x" * 130)
    await socket.send([b"frag", b"ment"])
    await socket.send("GET_STATUS")
    await call.until(lambda: "GET_STATUS" in call.texts, "GET_STATUS")
    assert [words.split(":")[0] for words in call.complaints[:3]] == [
        "An unknown command",
        "A text message of 141 bytes",
        "A fragmented message",
    ]
    assert call.end is None
    await call.hang_up()


async def test_bad_json_is_answered_with_an_error(platform: Platform) -> None:
    call, socket = await connected(platform, as_json=True)
    await socket.send("{not json")
    await call.until(lambda: call.texts, "the text")
    await call.hang_up()
    await platform.over.wait()
    assert platform.got[1] == f'{{"event":"ERROR","channel_id":"{call.channel_id}","error_text":"Unable to parse JSON command"}}'


@pytest.mark.parametrize(("size", "code"), [(65_520, None), (65_535, 1009)])
async def test_the_longest_message(platform: Platform, size: int, code: int | None) -> None:
    call, socket = await connected(platform)
    await socket.send(bytes(size))
    if code is None:
        await call.until(lambda: call.audio, "the message")
    else:
        assert await call.until_ended() is End.HUNG_UP
    await call.hang_up()
    await platform.over.wait()
    assert (platform.code, platform.reason) == (code or 1000, "")


async def test_pings_are_answered_by_23_and_deadly_to_22_6(platform: Platform) -> None:
    call, socket = await connected(platform)
    await asyncio.wait_for(await socket.ping(), 30)
    await call.hang_up()
    old, socket = await connected(platform, names_channel=False)
    await socket.ping()
    assert await old.until_ended() is End.HUNG_UP
    assert old.complaints == ["A ping: Asterisk before 22.8 hangs up on it."]
    await old.hang_up()
