"""The socket to a customer, against real servers: why a connection fails, what is written, and what was not taken."""

import asyncio
import ipaddress
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streams.customer_dial import SUBPROTOCOL, DialFailed, DialSettings, dial
from streams.customer_socket import CustomerSocket
from streams.pure.connection import Closure, Failure

ALLOW = (ipaddress.ip_network("127.0.0.0/8"),)
SETTINGS = DialSettings(ALLOW, timeout_seconds=20.0)
TLS = ssl.create_default_context()
CERTIFICATE = Path(__file__).parent.parent / "data" / "self_signed.pem"


async def silent(connection: ServerConnection) -> None:
    await connection.wait_closed()


@asynccontextmanager
async def service(handler: Callable[[ServerConnection], Awaitable[None]] = silent, scheme: str = "ws", **options) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, **options) as server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/audio?a=1"


@asynccontextmanager
async def raw_service(answer: bytes | None, close: bool = False) -> AsyncIterator[str]:
    """Answers the upgrade with these bytes, or not at all."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            if answer is not None:
                writer.write(answer)
            if not close:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def dialled(url: str, settings: DialSettings = SETTINGS, tls: ssl.SSLContext = TLS) -> CustomerSocket:
    return await dial(url, {"X-Plivo-Signature-V3": "abc"}, settings, tls)


async def failure(url: str, settings: DialSettings = SETTINGS) -> Failure:
    with pytest.raises(DialFailed) as caught:
        await dialled(url, settings)
    return caught.value.failure


async def test_the_upgrade_carries_the_headers_the_subprotocol_and_the_whole_path() -> None:
    seen: list[Request] = []

    async def remember(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request)

    async with service(remember, subprotocols=[Subprotocol(SUBPROTOCOL)]) as url:
        customer = await dialled(url)
        assert customer.subprotocol == SUBPROTOCOL
        assert customer.address == "127.0.0.1"
        assert (await customer.listen(lambda text: None)).by_customer
    headers = seen[0].headers
    assert seen[0].path == "/audio?a=1"
    assert headers["X-Plivo-Signature-V3"] == "abc"
    assert "Origin" not in headers and "Sec-WebSocket-Extensions" not in headers


async def test_a_server_that_selects_no_subprotocol_is_fine() -> None:
    async with service() as url:
        customer = await dialled(url)
        assert customer.subprotocol is None
        await customer.close(1000, "", 2)


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


async def test_room_comes_back_with_a_signal() -> None:
    gate, writable = asyncio.Event(), asyncio.Event()

    async def read_later(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await gate.wait()
        connection.transport.resume_reading()
        async for _ in connection:
            pass

    async with service(read_later) as url:
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


async def test_a_message_that_is_too_large_ends_the_connection_by_us() -> None:
    async def flood(connection: ServerConnection) -> None:
        await connection.send("x" * 1_048_577)
        await connection.wait_closed()

    async with service(flood, max_size=None) as url:
        customer = await dialled(url)
        closure = await customer.listen(lambda text: None)
        assert not closure.by_customer


# Why a connection fails ------------------------------------------------------------------------------------------------------
async def test_nothing_listens() -> None:
    assert (await failure("ws://127.0.0.1:9/")).problem == "Connection refused: nothing listens at that address and port."


async def test_a_name_without_an_address() -> None:
    failed = await failure("ws://no-such-host.invalid/")
    assert "no-such-host.invalid" in failed.problem
    assert not failed.final


@pytest.mark.parametrize(
    "url", ["ws://10.0.0.1/", "ws://169.254.169.254/latest", "http://127.0.0.1/", "ws://user:secret@127.0.0.1/", "ws://[::1/"]
)
async def test_what_may_not_be_dialled_is_final_and_shows_no_secret(url: str) -> None:
    failed = await failure(url)
    assert failed.final
    assert failed.address == ""
    assert "secret" not in failed.problem


@pytest.mark.parametrize("status", [200, 401, 403, 404, 503])
async def test_an_http_answer_other_than_101(status: int) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, "no")

    async with service(process_request=refuse) as url:
        failed = await failure(url)
    assert failed.status == status
    assert f"HTTP {status}" in failed.problem
    assert not failed.final


async def test_a_redirect_is_not_followed() -> None:
    hits: list[str] = []

    def remember(connection: ServerConnection, request: Request) -> None:
        hits.append(request.path)

    async with service(process_request=remember) as inner:
        async with raw_service(f"HTTP/1.1 302 Found\r\nLocation: {inner}\r\nContent-Length: 0\r\n\r\n".encode()) as url:
            failed = await failure(url)
    assert "redirects are not followed" in failed.problem
    assert failed.status == 302
    assert hits == []


async def test_a_handshake_that_hangs() -> None:
    async with raw_service(None) as url:
        failed = await failure(url, DialSettings(ALLOW, timeout_seconds=0.3))
    assert failed.problem == "Timed out after 0.3 s: the upgrade was not answered."
    assert 250 <= failed.duration_ms < 2000


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 101 OK\r\nUpgrade: smtp\r\n\r\n"])
async def test_something_that_is_no_websocket_server(answer: bytes) -> None:
    async with raw_service(answer, close=True) as url:
        failed = await failure(url)
    assert failed.problem.endswith(".")
    assert not failed.final


async def test_a_wrong_accept_key() -> None:
    answer = b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n"
    async with raw_service(answer) as url:
        assert "Sec-WebSocket-Accept" in (await failure(url)).problem


async def test_a_connection_cut_in_the_handshake() -> None:
    async with raw_service(None, close=True) as url:
        assert "during the handshake" in (await failure(url)).problem or "handshake failed" in (await failure(url)).problem


async def test_a_certificate_nobody_signed() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with service(scheme="wss", ssl=context) as url:
        failed = await failure(url)
    assert failed.problem.startswith("TLS failed:")
    assert "self" in failed.problem


async def test_tls_to_a_server_that_is_trusted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    async with service(scheme="wss", ssl=context) as url:
        customer = await dialled(url, tls=trusting)
        customer.write(b"x" * 600)
        assert customer.in_flight_bytes() >= 0
        await customer.close(1000, "", 2)


@pytest.mark.skipif(sys.platform != "linux", reason="The window of the peer is known on Linux only.")
async def test_what_the_peers_kernel_holds_unread_is_counted_too() -> None:
    async def stop_reading(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with service(stop_reading, close_timeout=0.2) as url:
        customer = await dialled(url)
        written = 0
        while customer.has_room:
            customer.write(b"x" * 600)
            written += 608
            customer.in_flight_bytes()  # as often as a stream measures, so that the widest window is known
            await asyncio.sleep(0)
        assert customer.in_flight_bytes() > written / 2
        await customer.close(1000, "", 0.2)


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
