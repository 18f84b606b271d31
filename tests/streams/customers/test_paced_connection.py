"""How what a customer's service sends is read: what goes past the library's parser, in which order all is heard, and at which pace."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader
from websockets.uri import parse_uri
from websockets.utils import accept_key

from streams.customers.message_reader import BoundedProtocol
from streams.customers.open_socket import CustomerSocket
from streams.customers.paced_connection import SLICE_BYTES, CustomerConnection
from streams.pure.allowance import Allowance
from tests.streams.customer_services import dialled, service
from tests.streams.websocket_bytes import MASK, framed, pieces, split_anywhere


class WatchedProtocol(BoundedProtocol):
    """`parsed`: what the library's parser was given, the handshake included."""

    parsed = b""

    def receive_data(self, data: bytes | bytearray) -> None:
        self.parsed += data
        super().receive_data(data)


class ParserAlone(CustomerConnection):
    """As it was without the lane."""

    def _is_lane_open(self) -> bool:
        return False


class Peer:
    """An open connection, and the service's end of it, of which the test says every byte. `heard`: what its listener was handed."""

    def __init__(self, connection: CustomerConnection, theirs: socket.socket) -> None:
        self.customer = CustomerSocket(connection, "127.0.0.1")
        self.theirs = theirs
        self.heard: list[str | bytes] = []
        self.listening = asyncio.ensure_future(self.customer.listen(self.heard.append))

    @property
    def parsed(self) -> bytes:
        protocol = self.customer.connection.protocol
        assert isinstance(protocol, WatchedProtocol)
        return protocol.parsed.partition(b"\r\n\r\n")[2]

    async def send(self, *reads: bytes) -> None:
        """Each is read alone, unless reading is paused."""
        for read in reads:
            await asyncio.get_running_loop().sock_sendall(self.theirs, read)
            for _ in range(3):
                await asyncio.sleep(0)

    async def answers(self) -> bytes:
        """What was written to it, without masks, once nothing more comes of it."""
        with contextlib.suppress(OSError):
            self.theirs.shutdown(socket.SHUT_WR)
        reader, loop = StreamReader(), asyncio.get_running_loop()
        with contextlib.suppress(ConnectionResetError):
            while data := await asyncio.wait_for(loop.sock_recv(self.theirs, 65_536), 30):
                reader.feed_data(data)
        reader.feed_eof()
        return b"".join(frames(reader))


def frames(reader: StreamReader) -> Iterator[bytes]:
    """Those of a client, as a server would send them."""
    while reader.buffer:
        parsing = Frame.parse(reader.read_exact, mask=True)
        try:
            next(parsing)
        except StopIteration as parsed:
            yield parsed.value.serialize(mask=False)


@contextlib.asynccontextmanager
async def peer(kind: type[CustomerConnection] = CustomerConnection) -> AsyncIterator[Peer]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    loop, protocol = asyncio.get_running_loop(), WatchedProtocol(parse_uri("ws://127.0.0.1/"), None)
    _, connection = await loop.create_connection(lambda: kind(protocol, ping_interval=None, close_timeout=5), sock=ours)
    shaking, head = asyncio.ensure_future(connection.handshake()), b""
    while not head.endswith(b"\r\n\r\n"):
        head += await loop.sock_recv(theirs, 4096)
    key = next(line.partition(": ")[2] for line in head.decode().split("\r\n") if line.startswith("Sec-WebSocket-Key"))
    answer = "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    theirs.sendall(f"{answer}{accept_key(key)}\r\n\r\n".encode())
    await shaking
    found = Peer(connection, theirs)
    try:
        await asyncio.sleep(0)  # its listener waits
        yield found
    finally:
        theirs.close()
        connection.transport.abort()
        await asyncio.wait([found.listening])
        await connection.wait_closed()


def text(words: str) -> bytes:
    return framed(0x81, words.encode(), mask=b"")


def audio(number: int, size: int = 160) -> bytes:
    return framed(0x82, bytes([number % 256]) * size, mask=b"")


PING = framed(0x89, b"are you there", mask=b"")
PONG = framed(0x8A, b"are you there", mask=b"")


# One by one ----------------------------------------------------------------------------------------------------------------------
async def test_ordinary_messages_do_not_reach_the_parser() -> None:
    async with peer() as service:
        await service.send(text("one"), text("hé") + audio(3), audio(4, 0), audio(5, 65_535), text("x" * 126))
        await service.answers()
        assert service.heard == ["one", "hé", bytes([3]) * 160, b"", bytes([5]) * 65_535, "x" * 126]
        assert service.parsed == b""


async def test_what_else_comes_among_them_is_heard_in_its_place() -> None:
    """A ping is answered, fragments and the largest are put together, and what follows them waits for them."""
    large = text("y" * 70_000)
    async with peer() as service:
        three = framed(0x01, b"thr", mask=b"") + PING + framed(0x80, b"ee", mask=b"")
        await service.send(text("one") + PING + text("two") + three + audio(4), large[:9], large[9:] + text("six"), PING)
        assert await service.answers() == PONG * 3
        assert service.heard == ["one", "two", "three", bytes([4]) * 160, "y" * 70_000, "six"]


async def test_inside_of_a_frame_of_the_parsers_nothing_is_taken() -> None:
    """Not even what looks like a message: it may be the rest of a ping's payload, or of its header."""
    async with peer() as service:
        await service.send(b"\x89", b"\x02", b"\x81\x00", b"\x89\x04\x81", b"\x01a" + b"!")
        assert await service.answers() == b"\x8a\x02\x81\x00" + b"\x8a\x04\x81\x01a!"
        assert service.heard == []


async def test_the_rest_of_a_message_is_never_taken_for_one() -> None:
    inner = text("no message")
    async with peer() as service:
        await service.send(framed(0x02, b"ab" + inner, mask=b"")[:4], inner, framed(0x80, inner, mask=b""), audio(1))
        await service.answers()
        assert service.heard == [b"ab" + inner + inner, bytes([1]) * 160]


async def test_nothing_is_taken_once_we_have_closed() -> None:
    async with peer() as service:
        await service.send(text("one"))
        closing = asyncio.ensure_future(service.customer.close(1000, "over", 5))
        await asyncio.sleep(0)
        await service.send(text("two") + framed(0x88, b"\x03\xe8", mask=b""))
        assert await service.answers() == framed(0x88, b"\x03\xe8over", mask=b"")
        await closing
        assert service.parsed == text("two") + framed(0x88, b"\x03\xe8", mask=b"")


async def test_nothing_overtakes_what_its_listener_had_no_turn_to_hear() -> None:
    async with peer() as service:
        for read in (PING + text("one"), text("two")):
            service.customer.connection.data_received(read)
        await service.answers()
        assert service.heard == ["one", "two"]


@pytest.mark.parametrize("kind", [CustomerConnection, ParserAlone])
async def test_who_listens_may_fail_and_whoever_called_it_is_told(kind: type[CustomerConnection]) -> None:
    async with peer(kind) as service:
        await service.send(text("one"))
        service.listening.cancel()

        def fail(text: str | bytes) -> None:
            service.heard.append(text)
            raise LookupError("no such stream")

        listening = asyncio.ensure_future(service.customer.listen(fail))
        await asyncio.sleep(0)
        await service.send(text("two") + text("three"))
        with pytest.raises(LookupError, match="no such stream"):
            await asyncio.wait_for(listening, 30)
        assert service.heard == ["one", "two"]
        assert not listening.cancelled() and not listening.cancelling()


@pytest.mark.parametrize("kind", [CustomerConnection, ParserAlone])
async def test_who_stops_listening_hears_no_more(kind: type[CustomerConnection]) -> None:
    async with peer(kind) as service:
        await service.send(text("one"))
        service.listening.cancel()
        await asyncio.wait([service.listening])
        await service.send(text("two"), text("three"))
        assert service.heard == ["one"]


# Beside the parser --------------------------------------------------------------------------------------------------------------
@settings(max_examples=100)
@given(split_anywhere(pieces(masks=st.just(b""), odd_masks=st.just(MASK))))
@example([text("a")[:2], text("a")[2:]])
@example([b"\x81\x01\xc3", b"\x80\x01\xa9", text("a")])
@example([framed(0x01, b"a", mask=b""), text("b"), framed(0x80, b"c", mask=b"")])
@example([b"\x01\x01\xc3", b"\x80\x01\xa9" + text("a")])
@example([text("a") + b"\x89", b"\x02" + text(""), text("b")])
@example([framed(0x82, bytes(160), mask=b"", length=b"\x7e\x00\x7d"), b"\0\0\0\0"])
@example([text("a") * 3000])
async def test_nobody_can_tell_the_lane_from_the_parser(reads: list[bytes]) -> None:
    """Of any split of any stream of bytes: what is heard, what is answered, and how it ended."""
    seen = []
    for kind in (CustomerConnection, ParserAlone):
        async with peer(kind) as service:
            await service.send(*reads)
            answers = await service.answers()
            seen.append((service.heard, answers, await asyncio.wait_for(service.listening, 30)))
    assert seen[0] == seen[1]


# Those who send without a pause ------------------------------------------------------------------------------------------------
CHECKPOINT = b'{"event":"checkpoint","name":"%d"}'


def sending(count: int, opcode: Opcode = Opcode.TEXT) -> Callable[[ServerConnection], Awaitable[None]]:
    """As many messages as that, in as few pieces as the kernel takes."""

    async def send(connection: ServerConnection) -> None:
        frames = (Frame(opcode, CHECKPOINT % number).serialize(mask=False) for number in range(count))
        connection.transport.write(b"".join(frames))
        await connection.close()

    return send


async def test_a_service_that_floods_lets_others_have_their_turn_and_nothing_is_lost() -> None:
    heard: list[str | bytes] = []
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with service(sending(4000)) as url:
        customer = await dialled(url)
        beside = asyncio.ensure_future(other())
        async with asyncio.timeout(60):
            assert (await customer.listen(heard.append)).by_customer
        beside.cancel()
    assert [str(text) for text in heard] == [(CHECKPOINT % number).decode() for number in range(4000)]
    assert turns > 1000


async def test_no_more_than_a_slice_is_parsed_before_others_have_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    real = ClientConnection.data_received

    def watched(connection: ClientConnection, data: bytes) -> None:
        parsed.append(len(data))
        real(connection, data)

    monkeypatch.setattr(ClientConnection, "data_received", watched)
    async with service(sending(4000, Opcode.PONG)) as url:
        customer = await dialled(url)
        async with asyncio.timeout(60):
            await customer.listen(lambda text: None)
    assert sum(parsed) > 100_000 and max(parsed) <= SLICE_BYTES


async def test_a_service_that_goes_on_flooding_is_read_at_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.customers.paced_connection.OF_CUSTOMERS", Allowance(a_second=1000, at_once=100))
    heard: list[str | bytes] = []
    async with service(sending(300)) as url:
        customer = await dialled(url)
        began = time.monotonic()
        async with asyncio.timeout(60):
            await customer.listen(heard.append)
    assert len(heard) == 300 and time.monotonic() - began > 0.15
