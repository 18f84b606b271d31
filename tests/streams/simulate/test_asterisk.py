"""The simulated Asterisk's upgrade and frames, to the byte: against the recordings, and against answers that Asterisk does not take."""

import asyncio
import base64
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.utils import accept_key

from streams.simulate.asterisk import UnusableUrl
from streams.simulate.call_plan import CallPlan, CallRefused, End
from streams.simulate.gateway import AsteriskCall, place_call
from streams.simulate.listener import serving
from tests.streams.simulate import recordings


@asynccontextmanager
async def raw_server(answer: Callable[[bytes], bytes]) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A TCP server that keeps the head of each request and answers with `answer(head)`."""
    heads: list[bytes] = []

    gone = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(heads[-1]))
        with suppress(OSError):
            await reader.read()
        writer.close()
        gone.set()

    async with serving(lambda listener: asyncio.start_server(take, sock=listener)) as port:
        yield port, heads
        await gone.wait()


def accepted(head: bytes, *more: str, accept: str = "") -> bytes:
    key = next(line.split(": ")[1] for line in head.decode().split("\r\n") if line.startswith("Sec-WebSocket-Key"))
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept or accept_key(key)}",
    ]
    return "\r\n".join([*lines, *more, "", ""]).encode()


async def test_the_upgrade_is_that_of_a_real_asterisk() -> None:
    recorded = recordings.read("ulaw-plain-hangup")[0].value
    query = recorded["path"].split("?")[1]
    call_uuid = query.split("&")[0].split("=")[1]
    async with raw_server(lambda head: b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as (port, heads):
        plan = CallPlan(platform=f"ws://127.0.0.1:{port}", gateway="gw1", password="s3cret", call_uuid=call_uuid)
        with pytest.raises(CallRefused, match="HTTP 503"):
            await place_call(plan)
    first, *headers = heads[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    assert first == f"GET /gateway/asterisk/gw1/?{query} HTTP/1.1"
    sent = [header.split(": ", 1) for header in headers]
    assert [name for name, _ in sent] == [name for name, _ in recorded["headers"]]
    own = {"Host": f"127.0.0.1:{port}", "Sec-WebSocket-Key": sent[-1][1]}
    assert dict(sent) == dict(recorded["headers"]) | own
    assert len(base64.b64decode(sent[-1][1])) == 16


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda head: accepted(head, "Sec-WebSocket-Extensions: permessage-deflate"), "no extensions supported"),
        (lambda head: accepted(head, "Sec-WebSocket-Protocol: other"), "unsupported subprotocol"),
        (lambda head: accepted(head, accept="bm9uc2Vuc2U="), "Sec-WebSocket-Accept"),
        (lambda head: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "HTTP 403.*name and password"),
        (lambda head: b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP 404"),
        (lambda head: b"SSH-2.0-OpenSSH_9.2\r\n", "none that a gateway takes"),
    ],
)
async def test_answers_asterisk_does_not_take(answer: Callable[[bytes], bytes], words: str) -> None:
    async with raw_server(answer) as (port, _):
        with pytest.raises(CallRefused, match=words):
            await place_call(CallPlan(platform=f"ws://127.0.0.1:{port}", gateway="gw1", password="x"))


async def test_an_answer_without_a_subprotocol_is_taken() -> None:
    async with raw_server(accepted) as (port, _):
        call = AsteriskCall(CallPlan(platform=f"ws://127.0.0.1:{port}", gateway="gw1", password="x"))
        await call.connect()
        await call.vanish()


async def test_a_reset_before_the_answer_is_a_refusal() -> None:
    """As of a platform whose port closes while connections wait for it."""

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with serving(lambda listener: asyncio.start_server(reset, sock=listener)) as port:
        with pytest.raises(CallRefused, match="lost before the platform answered"):
            await place_call(CallPlan(platform=f"ws://127.0.0.1:{port}", gateway="gw1", password="x"))


async def test_nobody_there(unused_tcp_port: int) -> None:
    with pytest.raises(CallRefused, match="Nothing answers at 127.0.0.1"):
        await place_call(CallPlan(platform=f"ws://127.0.0.1:{unused_tcp_port}", gateway="gw1", password="x"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "127.0.0.1:8000", "ws://", "nonsense"])
def test_urls_that_cannot_be_dialled(url: str) -> None:
    with pytest.raises(UnusableUrl, match="ws://127.0.0.1:8000"):
        AsteriskCall(CallPlan(platform=url, gateway="gw1", password="x"))


async def test_frames_are_masked_and_one_message_each() -> None:
    received = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accepted(await reader.readuntil(b"\r\n\r\n")))
        received.set_result(await reader.readexactly(2 + 4 + 3))
        writer.close()

    async with serving(lambda listener: asyncio.start_server(take, sock=listener)) as port:
        call = AsteriskCall(CallPlan(platform=f"ws://127.0.0.1:{port}", gateway="gw1", password="x"))
        await call.connect()
        await call.send_frame(b"abc")
        head, mask, masked = (await received)[:2], (await received)[2:6], (await received)[6:]
        assert head == bytes([0x82, 0x80 | 3])  # FIN and binary; masked, 3 bytes
        assert bytes(a ^ b for a, b in zip(masked, mask, strict=False)) == b"abc"
        assert await call.until_ended() is End.LOST
        await call.hang_up()
