"""The simulated customer, dialled by a plain WebSocket client and a plain HTTP client."""

import asyncio
import base64
import json
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.simulate.callback_receiver import CallbackReceiver
from streams.simulate.customer import Behaviour, Customer

STREAM, CALL = "30852c23-ee79-4eb4-b7b9-cd360545965b", "816e0b22-6913-4b43-88a9-6d3054b77df9"


def start() -> str:
    media_format = {"encoding": "audio/x-mulaw", "sampleRate": 8000}
    details = {"callId": CALL, "streamId": STREAM, "accountId": "MA" + "X" * 18, "tracks": ["inbound"], "mediaFormat": media_format}
    return json.dumps({"event": "start", "sequenceNumber": 1, "start": details, "extra_headers": ""})


def media(chunk: int, payload: bytes = bytes(160)) -> str:
    details = {"track": "inbound", "timestamp": "1705312200000", "chunk": chunk, "payload": base64.b64encode(payload).decode()}
    return json.dumps({"event": "media", "sequenceNumber": chunk + 1, "streamId": STREAM, "media": details, "extra_headers": ""})


async def speak(client: ClientConnection, frames: int) -> None:
    await client.send(start())
    for chunk in range(1, frames + 1):
        await client.send(media(chunk))


async def test_a_good_service_keeps_everything() -> None:
    lines: list[str] = []
    async with Customer(tell=lines.append) as customer:
        async with connect(customer.url + "?a=b", additional_headers={"X-One": "1"}) as client:
            await client.send(start())
            await client.send(media(1, b"first"))
            await client.send(json.dumps({"event": "dtmf", "dtmf": {"digit": "5"}}))
            await client.send(media(2, b"second"))
            await client.send(json.dumps({"event": "stop", "reason": "call hangup"}))
            conversation = await customer.conversation_of(CALL)
        await conversation.until_closed()
    assert (conversation.path, conversation.headers["x-one"]) == ("/stream?a=b", "1")
    assert (conversation.audio, conversation.digits, conversation.stream_id) == (b"firstsecond", "5", STREAM)
    assert [(one.chunk, one.sequence_number, one.track) for one in conversation.media] == [(1, 2, "inbound"), (2, 3, "inbound")]
    assert conversation.stop == {"event": "stop", "reason": "call hangup"}
    assert (conversation.close_code, conversation.strange) == (1000, [])
    assert lines == [
        f"stream {STREAM} of call {CALL} starts: audio/x-mulaw 8000 Hz",
        "first inbound audio",
        "digit 5",
        "stop: call hangup",
        f"stream {STREAM} closed with 1000, after 2 media messages",
    ]


@pytest.mark.parametrize(
    "nonsense", [b"binary", "no json", "[]", '{"event":"media"}', '{"event":"media","media":{"payload":"%"}}', '{"event":1}']
)
async def test_what_is_no_message_is_kept_apart(nonsense: str | bytes) -> None:
    async with Customer() as customer, connect(customer.url) as client:
        await client.send(nonsense)
        await client.send(start())
        conversation = await customer.conversation_of(CALL)
        assert conversation.strange == [nonsense]
        assert len(conversation.messages) == 1


async def test_what_came_together_with_the_close_is_heard_though_nothing_can_be_said_to_it() -> None:
    async with Customer(Behaviour(echo=True)) as customer, connect(customer.url) as client:
        for said in (start(), media(1), media(2), json.dumps({"event": "stop", "reason": "call hangup"})):
            client.protocol.send_text(said.encode())
        client.protocol.send_close(1000)
        client.transport.write(b"".join(client.protocol.data_to_send()))
        conversation = await customer.conversation()
        await conversation.until_closed()
    assert (len(conversation.media), conversation.stop, conversation.close_code) == (2, {"event": "stop", "reason": "call hangup"}, 1000)


async def test_media_may_be_counted_only() -> None:
    async with Customer(keep_media=False) as customer, connect(customer.url) as client:
        await speak(client, 3)
        conversation = await customer.conversation()
        await conversation.until(lambda: conversation.media_count == 3, "three media messages")
    assert ([message["event"] for message in conversation.messages], conversation.media) == (["start"], [])


async def test_refuses_n_times() -> None:
    async with Customer(Behaviour(refuse=2, refuse_status=403)) as customer:
        for _ in range(2):
            with pytest.raises(InvalidStatus, match="403"):
                await connect(customer.url)
        async with connect(customer.url):
            assert customer.attempts == 3


async def test_redirects() -> None:
    behaviour = Behaviour(refuse=1, refuse_status=302, redirect_to="ws://127.0.0.1:1/elsewhere")
    async with Customer(behaviour) as customer:
        _, writer = streams = await asyncio.open_connection("127.0.0.1", customer.port)
        writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        answer = (await streams[0].readuntil(b"\r\n\r\n")).decode()
        writer.close()
    assert answer.startswith("HTTP/1.1 302 Found")
    assert "Location: ws://127.0.0.1:1/elsewhere" in answer


async def test_accepts_late() -> None:
    async with Customer(Behaviour(accept_after_seconds=0.3)) as customer:
        clock = asyncio.get_running_loop().time
        began = clock()
        async with connect(customer.url):
            assert clock() - began >= 0.3


async def test_hangs_in_the_handshake_until_it_is_stopped() -> None:
    async with Customer(Behaviour(hang=True)) as customer:
        with pytest.raises(TimeoutError):
            await connect(customer.url, open_timeout=0.2)
        assert (customer.attempts, customer.conversations) == (1, [])


@pytest.mark.parametrize(
    ("behaviour", "code", "reason"), [({"close_code": 4001, "close_reason": "enough"}, 4001, "enough"), ({"reset": True}, None, "")]
)
async def test_closes_after_n_frames(behaviour: dict[str, Any], code: int | None, reason: str) -> None:
    async with Customer(Behaviour(close_after=3, **behaviour)) as customer:
        client = await connect(customer.url)
        await speak(client, 3)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        conversation = await customer.conversation()
        await conversation.until_closed()
        assert closed.value.rcvd == (None if code is None else closed.value.rcvd)
        assert (closed.value.rcvd.code if closed.value.rcvd else None, closed.value.rcvd.reason if closed.value.rcvd else "") == (
            code,
            reason,
        )
        assert len(conversation.media) == 3


async def test_stops_reading_and_reads_again() -> None:
    behaviour = Behaviour(stop_reading_after=5, read_again_after_seconds=0.8, receive_buffer_bytes=4096)
    async with Customer(behaviour) as customer, connect(customer.url, compression=None) as client:
        client.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        speaking = asyncio.create_task(speak(client, 2000))
        conversation = await customer.conversation()
        await conversation.until_media(5)
        assert not (await asyncio.wait({speaking}, timeout=0.15))[0]  # the sender is stuck
        assert len(conversation.media) == 5
        await speaking
        await conversation.until_media(2000)
        assert [one.chunk for one in conversation.media] == list(range(1, 2001))


async def test_sends_garbage_after_the_first_message() -> None:
    async with Customer(Behaviour(garbage=("{not json", b"\x00\xff"))) as customer, connect(customer.url) as client:
        await speak(client, 2)
        assert [await client.recv(), await client.recv()] == ["{not json", b"\x00\xff"]


@pytest.mark.parametrize(("subprotocol", "chosen"), [("", None), ("audio.drachtio.org", "audio.drachtio.org")])
async def test_takes_a_subprotocol_only_when_it_is_told_to(subprotocol: str, chosen: str | None) -> None:
    async with Customer(Behaviour(subprotocol=subprotocol)) as customer:
        async with connect(customer.url, subprotocols=["audio.drachtio.org"]) as client:  # type: ignore[list-item]
            assert client.subprotocol == chosen


def post(url: str, fields: dict[str, str], timeout_seconds: float = 5) -> int:
    body = urllib.parse.urlencode(fields).encode()
    with urllib.request.urlopen(url, body, timeout_seconds) as answer:  # noqa: S310
        return int(answer.status)


FIELDS = {"Event": "DroppedStream", "StreamID": STREAM, "Error": "slow connection", "To": ""}


async def test_status_callbacks_come_on_the_same_port() -> None:
    lines: list[str] = []
    async with Customer(tell=lines.append) as customer:
        assert await asyncio.to_thread(post, customer.status_url, FIELDS) == 200
        query = urllib.parse.urlencode(FIELDS)
        await asyncio.to_thread(urllib.request.urlopen, f"{customer.status_url}?{query}")
        callback = await customer.receiver.until_event(STREAM, "DroppedStream")
    assert [(one.method, one.parameters) for one in customer.receiver.callbacks] == [("POST", FIELDS), ("GET", FIELDS)]
    assert callback.headers["content-type"] == "application/x-www-form-urlencoded"
    assert callback.body == query.encode()
    assert lines[0] == f"callback DroppedStream of stream {STREAM}, Error: slow connection: answered 200"


async def test_callbacks_fail_and_hang_as_told() -> None:
    receiver = CallbackReceiver(fail=2, fail_status=503, hang=1)
    async with Customer(receiver=receiver) as customer:
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError, match="503"):
                await asyncio.to_thread(post, customer.status_url, FIELDS)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(post, customer.status_url, FIELDS, 0.2)
        assert await asyncio.to_thread(post, customer.status_url, FIELDS) == 200
        await receiver.until_event(STREAM, "DroppedStream")
    assert [callback.status for callback in receiver.of(STREAM)] == [503, 503, 0, 200]


@pytest.mark.parametrize("request_bytes", [b"NONSENSE\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"POST / HTTP/1.1\r\n"])
async def test_unreadable_requests_do_no_harm(request_bytes: bytes) -> None:
    async with Customer() as customer:
        reader, writer = await asyncio.open_connection("127.0.0.1", customer.port)
        writer.write(request_bytes)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert await asyncio.to_thread(post, customer.status_url, FIELDS) == 200


async def test_tls_on_a_plain_port_is_told_and_closed() -> None:
    lines: list[str] = []
    async with Customer(tell=lines.append) as customer:
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection("127.0.0.1", customer.port, ssl=True)
    assert lines == ["TLS was tried on a port without TLS: the URL should begin with ws://, not wss://"]


async def test_waiting_in_vain_says_for_what() -> None:
    async with Customer() as customer:
        with pytest.raises(TimeoutError, match=r"Waited 0.1 s in vain for connection 1 to ws://127.0.0.1:\d+/stream"):
            await customer.conversation(timeout_seconds=0.1)
