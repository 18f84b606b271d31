"""Dialling a customer, against real servers: the upgrade, and why a connection fails."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streams.customers.dial import SUBPROTOCOL, DialSettings
from streams.guard import Destination
from tests.streams.customer_services import ALLOW, CERTIFICATE, dialled, failure, raw_service, service


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


async def test_nothing_listens() -> None:
    assert (await failure("ws://127.0.0.1:9/")).problem == "Connection refused: nothing listens at that address and port."


async def test_an_address_that_swallows_packets_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with service() as url:
        port = urlsplit(url).port or 0
        with hanging_port("127.0.0.2", port):
            place = Destination("ws", "bot.example", port, "/", ("127.0.0.2", "127.0.0.1"), False)
            monkeypatch.setattr("streams.customers.dial._destination", lambda url, allow: place)
            customer = await dialled(url, DialSettings(ALLOW, timeout_seconds=6))
            assert customer.address == "127.0.0.1"
            await customer.close(1000, "", 2)


@contextmanager
def hanging_port(address: str, port: int) -> Iterator[None]:
    """A port whose queue of connections is full: Linux drops what else comes."""
    with socket.socket() as listening, ExitStack() as waiting:
        listening.bind((address, port))
        listening.listen(0)
        for _ in range(3):
            filler = waiting.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield


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
    assert 250 <= failed.duration_ms < 10_000


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
