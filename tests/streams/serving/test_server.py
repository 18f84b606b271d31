"""How the server ends, from outside: a real process, real sockets. What Daphne alone does not do, it must do."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import connect

from config import child_process
from tests.streams.server_process import ROOT, command, get, serving


async def test_a_live_call_finishes_before_the_process_ends():
    async with serving() as server, connect(server.url("/call")) as call:
        await server.says("open", "/call")
        server.process.send_signal(signal.SIGTERM)
        await server.says("drain", 10)
        await call.send("still here")
        assert await call.recv() == "still here"
        await call.close()
        await server.says("finalised", "/call")
        await server.says("drained", 0)
        assert await server.status() == 0


async def test_a_stop_is_announced_and_until_the_notice_is_over_everything_is_taken():
    async with serving(notice_seconds=60) as server, connect(server.url("/call")) as call:
        await server.says("open", "/call")
        server.process.send_signal(signal.SIGTERM)
        await server.says("announced")
        assert (await get(server)).startswith(b"HTTP/1.1 200")
        async with connect(server.url("/call")) as late:
            await server.says("open", "/call")
            for each in (call, late):
                await each.send("still here")
                assert await each.recv() == "still here"
            server.process.send_signal(signal.SIGTERM)
            await server.says("drain", 1.0)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", server.port)
            assert [await closing(each) for each in (call, late)] == [1012, 1012]
        assert await server.status() == 0


async def test_after_the_notice_it_listens_no_more_and_live_calls_have_their_time():
    async with serving(notice_seconds=0.3) as server, connect(server.url("/call")) as call:
        await server.says("open", "/call")
        server.process.send_signal(signal.SIGTERM)
        await server.says("announced")
        await server.says("drain", 10)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        await call.send("still here")
        assert await call.recv() == "still here"
        await call.close()
        await server.says("drained", 0)
        assert await server.status() == 0


async def test_a_stopping_server_listens_no_more_and_opens_no_websocket():
    async with serving() as server, connect(server.url("/call")), server.raw() as (reader, writer):
        await server.says("open", "/call")
        writer.write(b"GET /echo HTTP/1.1\r\n")
        await writer.drain()
        server.process.send_signal(signal.SIGTERM)
        await server.says("drain", 10)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        writer.write(b"Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + key + b"\r\n")
        assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 503 ")


async def test_what_is_live_at_the_limit_is_ended_and_finalised():
    """Beside a half-sent request, a pending handshake and a kept-alive connection, each of which ends Daphne's own shutdown early."""
    async with serving(drain_seconds=0.3) as server, server.raw() as (_, half_sent), server.raw() as (kept_reader, kept):
        calls = [await connect(server.url("/call")) for _ in range(5)]
        page = await connect(server.url("/page"))
        half_sent.write(b"GET / HTTP/1.1\r\nX-Half: ")
        pending = asyncio.create_task(attempt(lambda: connect(server.url("/never"))))
        await server.says("connecting")
        kept.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await kept_reader.readuntil(b"\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        await server.says("drained", 5)
        endings = await asyncio.gather(*(closing(call) for call in [*calls, page]))
        assert endings == [1012] * 6
        for _ in range(5):
            await server.says("finalised", "/call")
        assert await server.status() == 0
        assert "503" in await pending or "did not receive" in await pending


async def attempt(opening: Callable[[], Awaitable[Any]]) -> str:
    try:
        await opening()
    except (websockets.InvalidHandshake, OSError, EOFError) as error:
        return str(error)
    return ""


async def closing(socket: Any) -> int | None:
    await asyncio.wait_for(socket.wait_closed(), 30)
    return socket.close_code


async def test_a_request_in_progress_is_answered():
    async with serving() as server:
        answer = asyncio.create_task(get(server, "/slow"))
        await server.says("request")
        server.process.send_signal(signal.SIGTERM)
        assert (await answer).startswith(b"HTTP/1.1 200")
        assert await server.status() == 0


async def test_a_second_signal_shortens_the_wait():
    async with serving(drain_seconds=60) as server, connect(server.url("/call")) as call:
        await server.says("open", "/call")
        server.process.send_signal(signal.SIGTERM)
        await server.says("drain", 60)
        server.process.send_signal(signal.SIGTERM)
        await server.says("drain", 1.0)
        assert await closing(call) == 1012
        assert await server.status() == 0


async def test_a_port_in_use_is_said():
    async with serving() as server:
        second = await asyncio.create_subprocess_exec(
            *command({"port": server.port}), stderr=asyncio.subprocess.PIPE, **child_process.options(ROOT)
        )
        _, complaint = await asyncio.wait_for(second.communicate(), 30)
        assert second.returncode == 1
        assert f"127.0.0.1:{server.port} cannot be listened on".encode() in complaint


async def test_no_visitor_says_what_of_a_path_is_taken_off():
    """Daphne takes it from a header: a proxy that keeps strangers from /admin/ would let /x/admin/ pass, and Django serve /admin/."""
    async with serving() as server:
        await server.answer_to(b"GET /root HTTP/1.1\r\nHost: localhost\r\nDaphne-Root-Path: /root\r\nConnection: close\r\n\r\n")
        await server.says("root", "''")
        async with connect(server.url("/echo"), additional_headers={"Daphne-Root-Path": "/echo"}):
            await server.says("open", "/echo")
