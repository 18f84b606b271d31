"""A WebSocket as we serve it, from outside: what small messages cost. Large ones, and peers that do not read, are test_limits'."""

import asyncio
import tracemalloc

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from streams.serving.limits import ConnectionLimits
from tests.streams.server_process import serving
from tests.streams.serving.memory_socket import MemorySocket
from tests.streams.serving.test_limits import resident_bytes


async def test_messages_without_content_that_nobody_takes_come_to_an_end() -> None:
    async with serving(limits={"unread_bytes": 1_000_000}) as server, connect(server.url("/deaf"), compression=None) as socket:
        await server.says("open", "/deaf")
        frames, sent = Frame(Opcode.TEXT, b"").serialize(mask=True) * 10_000, 0
        while sent < 50_000_000 and socket.transport.get_write_buffer_size() < 1_000_000:
            socket.transport.write(frames)
            sent += len(frames)
            await asyncio.sleep(0.02)
        assert sent < 50_000_000
        assert resident_bytes(server.process.pid) < 120_000_000
        socket.transport.abort()


def test_what_came_while_the_process_had_no_core_is_read_as_it_is_taken() -> None:
    """A minute of it, of each call, waits when it wakes up. Not all of that may be in memory at once, and all is heard in the end."""
    socket = MemorySocket(limits=ConnectionLimits()).accept()
    second = b"".join(Frame(Opcode.BINARY, number.to_bytes(160, "big")).serialize(mask=True) for number in range(50))
    tracemalloc.start()
    read = waiting_bytes = 0
    while read < 60:
        if socket.socket.reading_paused:
            waiting_bytes = waiting_bytes or tracemalloc.get_traced_memory()[0]
            socket.take_all()
        else:
            socket.receive(second)
            read += 1
    tracemalloc.stop()
    socket.take_all()
    assert 0 < waiting_bytes < 700_000
    heard = [message["bytes"] for message in socket.heard if message["type"] == "websocket.receive"]
    assert heard == [number.to_bytes(160, "big") for number in range(50)] * 60
    assert socket.socket.unread_bytes == 0 and not socket.socket.reading_paused


async def test_text_outside_of_ascii_is_read_on() -> None:
    """Its bytes are counted when it comes and when it is taken."""
    async with serving(limits={"unread_bytes": 20_000}) as server, connect(server.url("/echo"), compression=None) as socket:
        async with asyncio.timeout(30):
            for number in range(50):
                await socket.send(f"{number}" + "é" * 1000)
                assert await socket.recv() == f"{number}" + "é" * 1000


@pytest.mark.parametrize("count", [1, 20_000])
async def test_many_small_messages_at_once_are_heard_in_order_and_so_is_the_end(count: int) -> None:
    async with serving() as server, connect(server.url("/echo"), compression=None) as socket:
        await server.says("open", "/echo")
        texts = [str(number) for number in range(count)]
        socket.transport.write(b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in texts))
        async with asyncio.timeout(60):
            assert [await socket.recv() for _ in texts] == texts
            await socket.close(1000)
        await server.says("gone", "1000", "by", "the", "peer")


async def test_small_messages_without_end_on_one_socket_leave_others_their_turn() -> None:
    async with serving() as server:
        async with connect(server.url("/echo"), compression=None) as flooding, connect(server.url("/echo"), compression=None) as other:
            over = asyncio.Event()
            frames = Frame(Opcode.TEXT, b"x").serialize(mask=True) * 5000

            async def flood() -> None:
                while not over.is_set():
                    if flooding.transport.get_write_buffer_size() < 100_000:
                        flooding.transport.write(frames)
                    await asyncio.sleep(0.005)

            async def read() -> None:
                async for _ in flooding:
                    pass

            tasks = [asyncio.ensure_future(flood()), asyncio.ensure_future(read())]
            async with asyncio.timeout(60):
                for number in range(100):
                    await other.send(str(number))
                    assert await other.recv() == str(number)
            over.set()
            await tasks[0]
            flooding.transport.abort()
            await asyncio.wait([tasks[1]])
            tasks[1].exception()


def frame(text: str) -> bytes:
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=True)


def test_a_message_goes_straight_where_nothing_waits_and_behind_what_waits_otherwise() -> None:
    memory, straight, willing = MemorySocket().accept(), list[str | bytes](), True

    def take(said: str | bytes) -> bool:
        if willing:
            straight.append(said)
        return willing

    memory.socket.give_to(take)
    memory.receive(frame("behind what was there already"))
    memory.take_all()
    of_two_parts = frame("of two parts")
    memory.receive(frame("é"), Frame(Opcode.BINARY, b"audio").serialize(mask=True), of_two_parts[:5], of_two_parts[5:])
    willing = False
    memory.receive(frame("refused"))
    willing = True
    memory.receive(frame("behind it"))
    assert straight == ["é", b"audio", "of two parts"]
    assert memory.socket.unread_bytes > 0
    memory.take_all()
    assert [message.get("text") for message in memory.heard] == [None, "behind what was there already", "refused", "behind it"]
    assert memory.socket.unread_bytes == 0
    memory.socket.give_to(None)
    memory.receive(frame("to nobody"))
    assert len(memory.waiting()) == 1


def test_what_is_sent_straight_is_as_what_goes_the_other_way_and_only_while_it_is_open() -> None:
    straight, other = MemorySocket().accept(), MemorySocket().accept()
    for said in ("é", b"audio", b""):
        assert straight.socket.send_straight(said)
        other.socket.handle_reply({"type": "websocket.send", "bytes" if isinstance(said, bytes) else "text": said})
    assert straight.transport.value() == other.transport.value() != b""
    straight.socket.handle_reply({"type": "websocket.close", "code": 4000})
    assert not straight.socket.send_straight("more")


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_is_said_to_a_peer_that_has_just_closed_is_said_to_nobody(is_lost: bool) -> None:
    memory = MemorySocket().accept()
    memory.receive(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
    told = memory.transport.value()
    if is_lost:
        memory.lose()
    memory.socket.handle_reply({"type": "websocket.send", "text": "MARK_MEDIA m"})
    memory.socket.handle_reply({"type": "websocket.close", "code": 4000})
    assert memory.transport.value() == told != b""


def test_what_is_sent_before_it_is_accepted_is_our_fault() -> None:
    with pytest.raises(ValueError, match="has not been accepted"):
        MemorySocket().socket.handle_reply({"type": "websocket.send", "text": "early"})
