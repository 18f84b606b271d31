"""The open socket to a customer, against real servers: what is written, what was not taken, and how it went."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.utils import accept_key

from streams.customers.open_socket import CALM_BYTES, CALM_LOOKS
from streams.pure.customer.connection import Closure
from streams.pure.customer.protocol import MESSAGE_BYTES
from streams.simulate.listener import serving
from tests.streams.customer_services import dialled, service


async def test_text_arrives_whole_and_in_order() -> None:
    got: list[str | bytes] = []
    complete = asyncio.Event()

    async def collect(connection: ServerConnection) -> None:
        async for message in connection:
            got.append(message)
            if len(got) == 200:
                complete.set()

    async with service(collect) as url:
        customer = await dialled(url)
        for number in range(200):
            customer.write(f'{{"n":{number}}}'.encode())
        await asyncio.wait_for(complete.wait(), 30)
        await customer.close(1000, "", 2)
    assert got == [f'{{"n":{number}}}' for number in range(200)]


async def test_every_text_has_a_mask_of_its_own() -> None:
    masks: list[bytes] = []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        key = next(line.partition(": ")[2] for line in head if line.startswith("Sec-WebSocket-Key"))
        answer = "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        writer.write(f"{answer}{accept_key(key)}\r\n\r\n".encode())
        masks.extend([(await reader.readexactly(9))[2:6] for _ in range(300)])
        writer.close()

    async with serving(lambda listener: asyncio.start_server(look, sock=listener)) as port:
        customer = await dialled(f"ws://127.0.0.1:{port}/")
        for _ in range(300):
            customer.write(b"abc")
        await asyncio.wait_for(customer.connection.wait_closed(), 30)
    assert len(set(masks)) > 297


async def test_a_customer_that_stops_reading_is_seen_in_the_bytes_not_taken() -> None:
    async def stop_reading(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with service(stop_reading, close_timeout=0.2) as url:
        customer = await dialled(url)
        writes = 0
        while customer.has_room and writes < 100_000:
            customer.write(b"x" * 600)
            writes += 1
            await asyncio.sleep(0)
        assert not customer.has_room
        # The peer's kernel holds the rest; what we count is what it has not acknowledged.
        assert 16_384 < customer.in_flight_bytes() < writes * 610
        await customer.close(1000, "", 0.2)
    assert customer.in_flight_bytes() == 0


def reading_later(gate: asyncio.Event, after: int = 0) -> Callable[[ServerConnection], Awaitable[None]]:
    """A service that reads so many messages, and nothing more until the gate is open."""

    async def read(connection: ServerConnection) -> None:
        for _ in range(after):
            await connection.recv()
        connection.transport.pause_reading()
        await gate.wait()
        connection.transport.resume_reading()
        async for _ in connection:
            pass

    return read


async def test_room_comes_back_with_a_signal() -> None:
    gate, writable = asyncio.Event(), asyncio.Event()

    async with service(reading_later(gate)) as url:
        customer = await dialled(url)
        customer.on_writable(writable.set)
        while customer.has_room:
            customer.write(b"x" * 6000)
            await asyncio.sleep(0)
        writable.clear()
        gate.set()
        await asyncio.wait_for(writable.wait(), 30)
        assert customer.has_room
        await customer.close(1000, "", 5)


@pytest.mark.parametrize(("code", "reason"), [(1000, "bye"), (1011, "worker crashed"), (4003, "bad token")])
async def test_how_a_customer_closed_is_told(code: int, reason: str) -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(code, reason)

    async with service(close) as url:
        customer = await dialled(url)
        assert await customer.listen(lambda text: None) == Closure(True, code, reason)


async def test_a_cut_connection_is_lost_not_closed() -> None:
    async def cut(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with service(cut) as url:
        customer = await dialled(url)
        closure = await customer.listen(lambda text: None)
        assert (closure.by_customer, closure.code) == (False, 1006)


async def test_a_message_larger_than_may_be_played_is_handed_on_and_ends_nothing() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("x" * (MESSAGE_BYTES + 1))
        await connection.send("more")
        await connection.close(1000, "said all")

    sizes: list[int] = []
    async with service(talk) as url:
        customer = await dialled(url)
        closure = await asyncio.wait_for(customer.listen(lambda text: sizes.append(len(text))), 30)
    assert (sizes, closure) == ([MESSAGE_BYTES + 1, 4], Closure(True, 1000, "said all"))


@pytest.mark.parametrize(
    ("frame", "code", "why"),
    [
        (b"\x81\x02\xff\xfe", 1007, "a text of it is not UTF-8"),
        (b"\x83\x00", 1002, "what it sent is not the WebSocket protocol"),
        (b"\x81\x82\0\0\0\0ab", 1002, "what it sent is not the WebSocket protocol"),
    ],
    ids=["not UTF-8", "no opcode", "masked"],
)
@pytest.mark.parametrize("answers", [True, False])
async def test_what_we_close_a_connection_for_is_ours_whether_or_not_the_customer_answers(
    frame: bytes, code: int, why: str, answers: bool
) -> None:
    async def break_rules(connection: ServerConnection) -> None:
        connection.transport.write(frame)
        if answers:
            await connection.wait_closed()
        else:
            connection.transport.pause_reading()
            await asyncio.sleep(0.2)
            connection.transport.abort()

    async with service(break_rules) as url:
        customer = await dialled(url)
        closure = await asyncio.wait_for(customer.listen(lambda text: None), 30)
    assert (closure.by_customer, closure.by_us, closure.code) == (False, True, code)
    assert f"because {why}: {code} (" in closure.words


# Why a connection fails ------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(sys.platform != "linux", reason="The window of the peer is known on Linux only.")
async def test_what_the_peers_kernel_holds_unread_is_counted_too() -> None:
    async def stop_reading(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with service(stop_reading, close_timeout=0.2) as url:
        customer = await dialled(url)
        written = 0
        # There is no room for a moment as well when only an acknowledgement is late, as it is early on. Our side holds 60,000 at most.
        async with asyncio.timeout(30):
            while customer.in_flight_bytes() <= written / 2 or written < 150_000:
                if customer.has_room:
                    customer.write(b"x" * 600)
                    written += 608
                await asyncio.sleep(0)
        await customer.close(1000, "", 0.2)


async def test_who_stops_reading_is_noticed_within_some_looks() -> None:
    """The kernel is not asked at each of them about a customer that takes all."""
    gate = asyncio.Event()

    async with service(reading_later(gate, after=1)) as url:
        customer = await dialled(url)
        customer.write(b"{}")
        async with asyncio.timeout(30):
            while customer.in_flight_bytes():
                await asyncio.sleep(0.001)
        looks = 0
        for _ in range(2000):
            customer.write(b"x" * 600)  # more than both kernels take
        while customer.in_flight_bytes() < 100_000:
            looks += 1
        assert looks <= CALM_LOOKS
        gate.set()
        async with asyncio.timeout(30):
            while customer.in_flight_bytes() > CALM_BYTES:
                await asyncio.sleep(0.001)
        await customer.close(1000, "", 2)


async def test_a_customer_that_reads_has_nothing_in_flight() -> None:
    async def read(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    async with service(read) as url:
        customer = await dialled(url)
        for _ in range(500):
            customer.write(b"x" * 600)
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            while customer.in_flight_bytes():
                await asyncio.sleep(0.001)
        await customer.close(1000, "", 2)
