"""The lane beside the parser: what it takes, what it leaves, and that nobody can tell which of the two had a message."""

import asyncio
import signal

import pytest
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from streams.pure.ordinary_messages import MOST_PAYLOAD_BYTES
from streams.serving.limits import ConnectionLimits
from streams.serving.server import WEBSOCKET_MESSAGE_BYTES
from tests.streams.server_process import serving
from tests.streams.serving.memory_socket import InMemory, MemorySocket, ParserAlone
from tests.streams.websocket_bytes import MASK, framed, pieces, split_anywhere


def audio(number: int) -> bytes:
    return framed(0x82, bytes([number % 256]) * 160)


def text(words: str) -> bytes:
    return framed(0x81, words.encode())


# One by one ----------------------------------------------------------------------------------------------------------------------
def test_ordinary_messages_do_not_reach_the_parser() -> None:
    socket = MemorySocket().accept()
    before = socket.socket.parsed
    socket.receive(audio(1), text("hé") + audio(2), framed(0x82), framed(0x82, bytes(MOST_PAYLOAD_BYTES), mask=bytes(4)))
    socket.take_all()
    assert socket.socket.parsed == before
    assert [message.get("text", len(message.get("bytes", b""))) for message in socket.heard[1:]] == [160, "hé", 160, 0, MOST_PAYLOAD_BYTES]


def test_all_of_them_are_smaller_than_any_message_that_is_refused() -> None:
    assert MOST_PAYLOAD_BYTES < WEBSOCKET_MESSAGE_BYTES


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 167, 500, 1500, 2048, 5000])
def test_a_busy_socket_whose_reads_end_inside_of_frames_stays_on_the_lane(size: int) -> None:
    socket, data = MemorySocket(limits=ConnectionLimits()).accept(), b"".join(audio(number) for number in range(100))
    before = len(socket.socket.parsed)
    socket.receive(*(data[at : at + size] for at in range(0, len(data), size)))
    socket.take_all()
    assert [message["bytes"][:1] for message in socket.heard[1:]] == [bytes([number]) for number in range(100)]
    assert len(socket.socket.parsed) == before


def test_between_fragments_nothing_is_taken() -> None:
    """A message that is not allowed there ends the connection, as it does without the lane."""
    socket = MemorySocket().accept().receive(framed(0x01, b"be"), framed(0x80, b"gun"), framed(0x01, b"be"), audio(1))
    socket.take_all()
    assert [message["type"] for message in socket.heard] == ["websocket.connect", "websocket.receive"]
    assert socket.transport.disconnected
    assert socket.socket.failure == (1002, "received non-continuation data frame while inside fragmented message")


def test_inside_of_a_frame_of_the_parsers_nothing_is_taken() -> None:
    """Not even what looks like a message: it may be the rest of a ping's payload, or of its header."""
    inner = framed(0x82, b"hi", mask=bytes(4))
    ping = framed(0x89, b"ab" + inner, mask=bytes(4))
    socket = MemorySocket().accept().receive(ping[:8], ping[8:])
    assert socket.transport.value() == b"\x8a\x0aab" + inner
    socket = MemorySocket().accept().receive(b"\x89", b"\x82\x82\x82\x82\x82\x82\x82")
    assert socket.transport.value() == b"\x8a\x02\0\0"
    assert len(socket.waiting()) == 1


def test_a_ping_among_audio_is_answered() -> None:
    socket = MemorySocket().accept().receive(audio(1) + framed(0x89, b"are you there") + audio(2))
    assert socket.transport.value() == b"\x8a\x0dare you there"
    assert len(socket.waiting()) == 3


def test_nothing_is_taken_before_the_socket_is_open() -> None:
    socket = MemorySocket()
    socket.receive(audio(1), audio(2)[:50])
    assert [message["type"] for message in socket.waiting()] == ["websocket.connect"]
    socket.accept()
    assert len(socket.waiting()) == 2
    socket.receive(audio(2)[50:], audio(3))
    socket.take_all()
    assert [message["bytes"][0] for message in socket.heard[1:]] == [1, 2, 3]


def test_nothing_is_taken_once_we_have_closed() -> None:
    """Not what was kept before, either; the peer's answer is heard."""
    socket = MemorySocket().accept().receive(audio(1), audio(2)[:60])
    before = socket.socket.parsed
    socket.socket.close_with(1013, "come back later")
    rest = audio(2)[60:] + audio(3) + framed(0x88, b"\x03\xf5")
    socket.receive(rest)
    assert socket.socket.parsed == before + audio(2)[:60] + rest
    assert socket.socket.wasClean
    assert socket.socket.remoteCloseCode == 1013


def test_with_an_extension_everything_is_the_parsers() -> None:
    def accept(offers: list[object]) -> object:
        return next(PerMessageDeflateOfferAccept(offer) for offer in offers if isinstance(offer, PerMessageDeflateOffer))

    socket = MemorySocket(offer=b"permessage-deflate", options={"perMessageCompressionAccept": accept}).accept()
    before = socket.socket.parsed
    socket.receive(audio(1), text("plain"))
    assert socket.socket.parsed == before + audio(1) + text("plain")
    assert len(socket.waiting()) == 3


@pytest.mark.parametrize("kind", [InMemory, ParserAlone])
def test_a_socket_that_is_not_read_is_paused_and_what_was_read_is_delivered(kind: type[InMemory]) -> None:
    cost = 160 + 256
    socket = MemorySocket(kind, ConnectionLimits(unread_bytes=10 * cost)).accept()
    socket.receive(b"".join(audio(number) for number in range(10)))
    assert not socket.socket.reading_paused
    socket.receive(audio(10) + audio(11) + audio(12)[:80])
    assert socket.socket.unread_bytes == 12 * cost
    assert socket.transport.producerState == "paused"
    socket.take_all()
    assert socket.socket.unread_bytes == 0
    assert socket.transport.producerState == "producing"
    socket.receive(audio(12)[80:])
    assert len(socket.waiting()) == 1


def test_who_sends_no_utf8_hears_it_before_the_message_is_whole() -> None:
    socket = MemorySocket().accept().receive(audio(1) + framed(0x81, b"\xff" + b"x" * 100)[:30])
    assert len(socket.waiting()) == 2
    assert socket.transport.disconnected
    assert socket.socket.failure is not None
    assert socket.socket.failure[0] == 1007


def test_half_a_message_is_nobodys_when_its_peer_is_gone() -> None:
    socket = MemorySocket().accept().receive(audio(1) + audio(2)[:100])
    socket.lose()
    assert [message["type"].split(".")[1] for message in socket.waiting()] == ["connect", "receive", "disconnect"]
    assert socket.waiting()[-1]["code"] == 1006


# Beside the parser --------------------------------------------------------------------------------------------------------------
PIECES = pieces(masks=st.one_of(st.just(MASK), st.just(bytes(4)), st.binary(min_size=4, max_size=4)), odd_masks=st.just(b""))
BETWEEN = st.dictionaries(st.integers(0, 20), st.sampled_from(["take", "send", "close"]), max_size=3)

Steps = list[bytes | str]


def conversation(parts: list[bytes], between: dict[int, str], end: str) -> Steps:
    """Between the parts its application takes what came, sends, or closes."""
    steps = Steps()
    for number, part in enumerate(parts):
        steps += [part, *filter(None, [between.get(number)])]
    return [*steps, end]


CONVERSATIONS = st.builds(conversation, split_anywhere(PIECES), BETWEEN, st.sampled_from(["take", "lose"]))


def do(step: bytes | str, socket: MemorySocket) -> None:
    match step:
        case bytes():
            socket.receive(step)
        case "take":
            socket.take_all()
        case "send":
            if socket.socket.state == socket.socket.STATE_OPEN:
                socket.socket.handle_reply({"type": "websocket.send", "text": "said"})
        case "close":
            socket.socket.handle_reply({"type": "websocket.close", "code": 4000, "reason": "enough"})
        case "lose":
            socket.lose()


@settings(max_examples=150)
@given(CONVERSATIONS)
@example([audio(1)[:5], "close", audio(1)[5:], framed(0x88, b"\x0f\xa0"), "lose"])
@example([framed(0x81, b"\xc3")[:-1], framed(0x81, b"\xc3")[-1:], "take"])
@example([framed(0x81, b"\xed\xa0\x80"), "take"])
@example([framed(0x01, b"\xc3") + framed(0x80, b"\xa9") + audio(1), "take"])
@example([audio(1) + b"\x82", b"\x05" + audio(1), "lose"])
@example([framed(0x82, bytes(160), length=b"\x7e\x00\x7d")[:4], b"\0\0\0\0", "lose"])
def test_nobody_can_tell_the_lane_from_the_parser(steps: Steps) -> None:
    """After every part of any split of any stream of bytes: messages, answers, closing and its code, what is unread, whether it pauses."""
    lane, alone = MemorySocket().accept(), MemorySocket(ParserAlone).accept()
    for number, step in enumerate(steps):
        do(step, lane)
        do(step, alone)
        assert lane.seen() == alone.seen(), f"after step {number}"


# From outside ---------------------------------------------------------------------------------------------------------------------
async def test_a_peer_that_sends_half_a_message_and_vanishes() -> None:
    async with serving() as server, connect(server.url("/echo"), compression=None) as socket:
        await server.says("open", "/echo")
        socket.transport.write(audio(1) + audio(2)[:90])
        assert len(await asyncio.wait_for(socket.recv(), 30)) == 160
        socket.transport.abort()
        await server.says("gone", "1006", "by", "the", "peer")


async def test_a_drain_in_the_middle_of_a_message() -> None:
    async with serving() as server, connect(server.url("/call"), compression=None) as call:
        await server.says("open", "/call")
        call.transport.write(audio(1) + audio(2)[:90])
        assert await asyncio.wait_for(call.recv(), 30) == bytes([1]) * 160
        server.process.send_signal(signal.SIGTERM)
        await server.says("drain", 10)
        call.transport.write(audio(2)[90:] + audio(3))
        assert [(await asyncio.wait_for(call.recv(), 30))[0] for _ in range(2)] == [2, 3]
        await call.close()
        await server.says("gone", "1000", "by", "the", "peer")
        assert await server.status() == 0


async def test_pings_and_audio_in_one_read() -> None:
    async with serving() as server, connect(server.url("/echo"), compression=None, ping_interval=None) as socket:
        await server.says("open", "/echo")
        answered = await socket.ping(b"first")
        socket.transport.write(audio(1) + Frame(Opcode.PONG, b"").serialize(mask=True) + audio(2))
        assert [(await asyncio.wait_for(socket.recv(), 30))[0] for _ in range(2)] == [1, 2]
        await asyncio.wait_for(answered, 30)
