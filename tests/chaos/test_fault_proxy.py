"""The proxy does to connections what it says: a fault that is not one would make every verdict good."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from streams.simulate.ending import closed
from streams.simulate.listener import serving
from tests.chaos.fault_proxy import CAN_LOSE_PACKETS, FaultProxy

HELD_SECONDS = 0.3


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(100):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    async with serving(lambda listener: asyncio.start_server(echo, sock=listener)) as port:
        proxy = FaultProxy(lambda: asyncio.open_connection("127.0.0.1", port))
        await proxy.start()
        yield proxy
        await proxy.stop()


class Peer:
    """A client of the proxy."""

    async def __aenter__(self) -> "Peer":
        return self

    def __init__(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.reader, self.writer = streams

    async def __aexit__(self, *error: object) -> None:
        self.writer.transport.abort()
        await closed(self.writer)

    async def asked(self, within_seconds: float = 20) -> bytes:
        self.writer.write(b"?")
        async with asyncio.timeout(within_seconds):
            return await self.reader.readexactly(1)


async def connected(proxy: FaultProxy) -> Peer:
    peer = Peer(await asyncio.open_connection("127.0.0.1", proxy.port))
    assert await peer.asked() == b"?"
    return peer


async def test_silence_holds_what_is_said_and_healing_delivers_it(proxy: FaultProxy) -> None:
    async with await connected(proxy) as peer:
        proxy.silence()
        with pytest.raises(TimeoutError):
            await peer.asked(HELD_SECONDS)
        proxy.heal()
        async with asyncio.timeout(20):
            assert await peer.reader.readexactly(1) == b"?"


@pytest.mark.skipif(not CAN_LOSE_PACKETS, reason="Only Linux lets a process lose the packets that come to its own sockets.")
async def test_a_partition_answers_nobody_and_heals(proxy: FaultProxy) -> None:
    async with await connected(proxy) as peer:
        proxy.partition()
        with pytest.raises(TimeoutError):
            await peer.asked(HELD_SECONDS)
        with pytest.raises(TimeoutError):  # nobody takes a new connection, and nobody refuses it
            async with asyncio.timeout(HELD_SECONDS):
                await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.heal()
        async with asyncio.timeout(20):  # TCP sends again what was lost
            assert await peer.reader.readexactly(1) == b"?"
    async with await connected(proxy):
        pass


async def test_a_cut_resets_who_is_connected_and_nobody_else(proxy: FaultProxy) -> None:
    async with await connected(proxy) as peer:
        proxy.cut()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await peer.asked()
    async with await connected(proxy):
        pass


async def test_a_peer_that_goes_is_gone_on_the_other_side(proxy: FaultProxy) -> None:
    async with await connected(proxy) as peer:
        assert len(proxy._writers) == 1
        peer.writer.transport.abort()
        async with asyncio.timeout(20):
            while proxy._writers:
                await asyncio.sleep(0.01)
