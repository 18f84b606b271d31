"""What one connection may cost, from outside: slow heads and bodies, large bodies, sockets that are not read."""

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
import websockets
from websockets.asyncio.client import connect

from tests.streams.server_process import ServerProcess, get, serving


async def test_a_body_within_the_limit_is_passed_on():
    async with serving(limits={"body_bytes": 1000}) as server:
        answer = await server.answer_to(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" + bytes(1000))
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"1000")


async def test_a_declared_body_over_the_limit_is_refused_before_a_byte_of_it_is_sent():
    async with serving(limits={"body_bytes": 1000}) as server:
        answer = await server.answer_to(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ") and b"larger than 1000 bytes" in answer and b"100 Continue" not in answer


async def test_a_chunked_body_is_refused_at_the_limit():
    async with serving(limits={"body_bytes": 1000}) as server:
        chunk = b"258\r\n" + bytes(0x258) + b"\r\n"
        answer = await server.answer_to(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + b"0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ") and b"HTTP/1.1 200" not in answer
        assert (await get(server)).startswith(b"HTTP/1.1 200")


async def test_an_upload_that_goes_on_after_the_refusal_is_read_by_nobody_and_cut_off():
    async with serving(limits={"body_bytes": 1000}) as server:
        async with server.raw() as (_, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            with pytest.raises(ConnectionError):
                async with asyncio.timeout(30):
                    while True:
                        writer.write(bytes(65_536))
                        await writer.drain()
        assert (await get(server)).startswith(b"HTTP/1.1 200")


async def drip(server: ServerProcess, first: bytes) -> bytes:
    """Sends `first`, then a byte every 50 ms for as long as the server stands it; what it says at the end."""
    async with server.raw() as (reader, writer), asyncio.timeout(30):
        writer.write(first)
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait([answer], timeout=0.05)
        return await answer


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nX-Slow: ", b"G"], ids=["header", "request line"])
async def test_a_head_that_drips_is_ended_at_its_deadline(first: bytes):
    async with serving(limits={"head_seconds": 0.3}) as server:
        assert (await drip(server, first)).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_drips_is_ended_at_its_deadline():
    async with serving(limits={"body_seconds": 0.3}) as server:
        assert (await drip(server, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")).startswith(b"HTTP/1.1 408 ")


async def test_the_deadline_is_each_requests_own():
    """A connection that is kept alive longer than a head may take is not ended by it, and its second request has its own deadline."""
    async with serving(limits={"head_seconds": 0.4}) as server, server.raw() as (reader, writer):
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), 30)
            await asyncio.sleep(0.25)
        writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 408 ")


async def test_three_hundred_half_sent_requests_disturb_nobody():
    async with serving() as server, AsyncExitStack() as connections:
        for _ in range(300):
            _, writer = await connections.enter_async_context(server.raw())
            writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert (await asyncio.wait_for(get(server), 30)).startswith(b"HTTP/1.1 200")


async def test_a_websocket_that_is_not_taken_from_is_not_read_beyond_its_bound():
    async with serving(limits={"unread_bytes": 1_000_000}) as server, connect(server.url("/deaf"), compression=None) as socket:
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 100_000_000:
                await asyncio.wait_for(socket.send(bytes(65_536)), 1)
                sent += 65_536
        assert resident_bytes(server.process.pid) < 120_000_000
        socket.transport.abort()


async def test_a_websocket_that_pauses_is_read_on_to_the_last_byte():
    async with serving(limits={"unread_bytes": 100_000}) as server, connect(server.url("/echo"), compression=None) as socket:
        count = 200

        async def send() -> None:
            for number in range(count):
                await socket.send(number.to_bytes(4, "big") * 2500)

        sending = asyncio.create_task(send())
        async with asyncio.timeout(30):
            for number in range(count):
                assert (await socket.recv())[:4] == number.to_bytes(4, "big")
        await sending


async def test_a_peer_that_does_not_read_is_cut_off():
    async with serving(limits={"unsent_bytes": 2_000_000}) as server:
        async with connect(server.url("/flood"), compression=None) as socket:
            socket.transport.pause_reading()
            await server.says("open", "/flood")
            assert server.process.stdout is not None
            line = (await asyncio.wait_for(server.process.stdout.readline(), 30)).decode()
            assert line.startswith("gone None by us it did not read, and ")
            await asyncio.wait_for(server.says("finalised", "/flood"), 30)
            socket.transport.abort()
        assert resident_bytes(server.process.pid) < 150_000_000


async def test_a_long_answer_waits_for_its_reader_and_goes_on():
    async with serving(limits={"unsent_bytes": 2_000_000}) as server, server.raw() as (reader, writer):
        writer.write(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.read(1)
        for _ in range(3):  # nobody reads, others are answered
            assert (await get(server)).startswith(b"HTTP/1.1 200")
        await get(server, "/tables")
        assert server.process.stdout is not None
        tables = await asyncio.wait_for(server.process.stdout.readline(), 30)
        assert tables.split()[4] == b"1", f"who reads slowly has no turn: {tables!r}"
        assert resident_bytes(server.process.pid) < 150_000_000
        async with asyncio.timeout(30):
            while not (await reader.read(1_000_000)).endswith(b"\r\n0\r\n\r\n"):
                pass
        await server.says("sent")


async def test_who_leaves_in_the_middle_of_a_long_answer_leaves_nothing_behind():
    async with serving(limits={"unsent_bytes": 2_000_000}) as server:
        async with server.raw() as (reader, writer):
            writer.write(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.read(1)
        await server.says("sent")


async def test_an_answer_that_breaks_in_the_middle_is_cut_off_and_others_are_given():
    async with serving() as server:
        for path in (b"/broken", b"/broken", b"/left"):  # the second would hang, were the first the end of whoever looks after them
            async with server.raw() as (reader, writer):
                writer.write(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
                got = b""
                with suppress(ConnectionResetError):
                    async with asyncio.timeout(30):
                        while part := await reader.read(1_000_000):
                            got += part
            assert not got.endswith(b"\r\n0\r\n\r\n"), "a part, and no whole"
        assert (await get(server)).startswith(b"HTTP/1.1 200")


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) * 1024


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
        (b"\x83\x82\0\0\0\0ab", 1002),
        (b"\x01\x82\0\0\0\0ab\x01\x82\0\0\0\0ab", 1002),
        (b"\x82\xff" + (100_000_000).to_bytes(8, "big") + bytes(4), 1009),
    ],
    ids=["not UTF-8", "no opcode", "a message in a message", "too large"],
)
async def test_what_the_server_ends_a_connection_for_is_told_to_the_application_as_the_servers(frame: bytes, code: int):
    async with serving() as server, connect(server.url("/echo"), compression=None) as socket:
        socket.transport.write(frame)
        await server.says("open", "/echo")
        assert server.process.stdout is not None
        line = (await asyncio.wait_for(server.process.stdout.readline(), 30)).decode()
        assert line.startswith(f"gone {code} by us ") and len(line) > len(f"gone {code} by us ") + 5
        await socket.wait_closed()


async def test_a_peer_that_closes_is_told_from_it():
    async with serving() as server:
        async with connect(server.url("/echo")) as socket:
            await socket.close(1009, "said the peer")
        await server.says("gone", 1009, "by the peer")


async def test_every_close_code_and_its_reason_reach_the_peer():
    async with serving() as server, connect(server.url("/echo")) as socket:
        await socket.send("close")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "come back later")


async def test_an_empty_message_reaches_the_peer_as_what_it_was():
    async with serving() as server, connect(server.url("/call")) as client:
        for message in ("", b"", "full"):
            await client.send(message)
            assert await client.recv() == message


async def test_no_extension_is_agreed_to_and_no_server_is_named():
    """Asterisk fails a handshake whose answer has Sec-WebSocket-Extensions."""
    async with serving() as server, connect(server.url("/echo")) as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers and "Server" not in socket.response.headers
