"""Nothing that a listener accepted is open once it has ended, whenever it was accepted and whatever it waits for."""

import asyncio
import gc
import itertools
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from streams.simulate import listener
from streams.simulate.listener import Listener, serving
from tests.streams.customer_services import CERTIFICATE


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def read_to_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def keep_silent(connection: ServerConnection) -> None:
    await connection.wait_closed()


@asynccontextmanager
async def listening(context: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    """A server whose end is a test's to call."""
    sock = Listener()
    server = await asyncio.start_server(read_to_the_end, sock=sock, ssl=context)
    yield sock
    await sock.end(server)


async def end_of(client: socket.socket) -> bytes:
    """What the client still reads; returns when its connection has ended."""
    client.setblocking(False)
    try:
        async with asyncio.timeout(30):
            return await asyncio.get_running_loop().sock_recv(client, 100)
    except ConnectionResetError:
        return b""


async def test_a_connection_is_closed_in_whatever_round_of_the_loop_it_was_accepted() -> None:
    """Python's own server loses the one that was accepted in the round of its close; that is two or three rounds after it is made."""
    for context, rounds in itertools.product((None, tls()), range(6)):
        async with listening(context) as sock:
            client = socket.create_connection(("127.0.0.1", sock.port))
            for _ in range(rounds):
                await asyncio.sleep(0)
        with client:
            assert await end_of(client) == b"", f"after {rounds} rounds"
        assert not sock.connections
    gc.collect()  # an unclosed one would fail the test with a ResourceWarning


async def test_a_handshake_that_goes_on_for_ever_is_ended() -> None:
    async with listening(tls()) as sock:
        client = socket.create_connection(("127.0.0.1", sock.port))
        async with asyncio.timeout(30):
            while not sock.connections:
                await asyncio.sleep(0)
    with client:
        assert await end_of(client) == b""


async def test_an_open_websocket_is_closed_with_words() -> None:
    async with serving(lambda sock: serve(keep_silent, sock=sock)) as port:
        client = await connect(f"ws://127.0.0.1:{port}")
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
    await client.wait_closed()


async def test_what_stays_open_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has stopped reading never learns of the end."""
    monkeypatch.setattr(listener, "LIMIT_SECONDS", 0.1)
    taken: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        taken.put_nowait(writer)

    sock = Listener()
    server = await asyncio.start_server(take, sock=sock)
    with socket.create_connection(("127.0.0.1", sock.port)) as client:
        writer = await taken.get()
        with pytest.raises(TimeoutError, match=f"still open after 0.1 s.*{client.getsockname()[1]}"):
            await sock.end(server)
    writer.close()
    await writer.wait_closed()


async def test_a_port_in_use_is_refused() -> None:
    with Listener() as taken, pytest.raises(OSError, match="in use"):
        Listener(port=taken.port)
