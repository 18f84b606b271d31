"""Dialling a customer, against real servers: the upgrade, and why a connection fails."""

import asyncio
import socket
import ssl
from collections.abc import Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streams.customers.dial import SUBPROTOCOL, DialFailed, DialSettings, dial
from streams.guard import Reach
from streams.name_lookup import NameLookup
from streams.pure.customer.host_name import folded_host
from streams.shares import Shares
from tests.streams.customer_services import CERTIFICATE, REACH, dialled, failure, raw_service, service
from tests.streams.few_descriptors import few_descriptors_left
from tests.streams.name_server import looking_up, name_server


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


async def test_nothing_listens(unused_tcp_port: int) -> None:
    assert (await failure(f"ws://127.0.0.1:{unused_tcp_port}/")).problem == "Connection refused: nothing listens at that address and port."


async def test_a_blocked_host_is_not_dialled_however_it_is_spelled() -> None:
    asked: list[str] = []

    async with service() as url:
        port = urlsplit(url).port
        for written in (f"ws://127.0.0.1:{port}/", f"ws://LOCALHOST.:{port}/"):
            settings = DialSettings(REACH, blocked=lambda host: asked.append(host) or f"The host {host} is blocked.")  # type: ignore[func-returns-value]
            with pytest.raises(DialFailed) as failed:
                await dial(written, {}, settings, ssl.create_default_context())
            assert failed.value.failure.blocked and failed.value.failure.final and "is blocked" in failed.value.failure.problem
    assert [folded_host(host) for host in asked] == ["127.0.0.1", "localhost"]


async def test_without_a_descriptor_the_attempt_fails_in_words_and_may_be_made_again(unused_tcp_port: int) -> None:
    for left in (4, 0):  # kept back for others, and not there at all
        with few_descriptors_left(left):
            failed = await failure(f"ws://127.0.0.1:{unused_tcp_port}/")
        assert failed.problem.startswith("Connection failed: this process has no descriptor left for it (its limit is ")
        assert not failed.final


async def test_an_address_that_swallows_packets_leaves_time_for_the_next() -> None:
    async with service() as url:
        port = urlsplit(url).port or 0
        with hanging_port("127.0.0.2", port):
            customer = await dialled(f"ws://bot.example:{port}/", leading_to("127.0.0.2", "127.0.0.1"))
            assert customer.address == "127.0.0.1"
            await customer.close(1000, "", 2)


async def test_an_address_that_refuses_leaves_the_next() -> None:
    async with service() as url:
        customer = await dialled(f"ws://bot.example:{urlsplit(url).port}/", leading_to("127.0.0.3", "::1", "127.0.0.1"))
        assert customer.address == "127.0.0.1"
        await customer.close(1000, "", 2)


async def test_one_denied_address_of_a_name_refuses_all_and_none_is_dialled() -> None:
    async with service(refusing_all_who_come) as url:
        failed = await failure(f"ws://bot.example:{urlsplit(url).port}/", leading_to("127.0.0.1", "10.0.0.1"))
    assert failed.final and "a private network" in failed.problem


async def refusing_all_who_come(connection: ServerConnection) -> None:
    raise AssertionError("it was dialled")


async def test_what_was_judged_is_what_is_dialled_whatever_the_name_leads_to_next() -> None:
    async with service() as url:
        with name_server({"rebinding.example": ["127.0.0.1"]}) as server, looking_up(server) as lookup:
            customer = await dialled(f"ws://rebinding.example:{urlsplit(url).port}/", asking(lookup))
            server.names = {"rebinding.example": ["10.0.0.1"]}
            assert customer.address == "127.0.0.1"
            await customer.close(1000, "", 2)
            assert (await failure(f"ws://rebinding.example:{urlsplit(url).port}/", asking(lookup))).final


async def test_names_that_never_resolve_keep_nobody_else_from_dialling() -> None:
    """Sixteen of them, for one account, once failed every stream of every other."""
    flooder = DialSettings(REACH, timeout_seconds=20, whose="flooder")
    async with service() as url:
        with name_server({"bot.example": ["127.0.0.1"]}) as server, looking_up(server, FEW) as lookup:
            swallowed = [
                asyncio.ensure_future(dialled(f"ws://n{number}.swallowed/", replace(flooder, look_up=lookup.addresses)))
                for number in range(64)
            ]
            for _ in range(10):
                customer = await dialled(f"ws://bot.example:{urlsplit(url).port}/", asking(lookup))
                await customer.close(1000, "", 2)
            assert lookup.places.taken["flooder"] == FEW.each and not any(each.done() for each in swallowed)
            for each in swallowed:
                each.cancel()
            await asyncio.gather(*swallowed, return_exceptions=True)


async def test_a_name_that_does_not_resolve_in_time_is_not_said_to_be_a_host_that_cannot_be_reached() -> None:
    with name_server({}) as server, looking_up(server) as lookup:
        failed = await failure("ws://n.swallowed/", replace(asking(lookup), timeout_seconds=0.3))
    assert failed.problem == "Timed out after 0.3 s: the name servers did not say which address the host has."


FEW = Shares("look-ups of this test", places=32, each=16)


def leading_to(*addresses: str) -> DialSettings:
    async def look_up(host: str, port: int, whose: Hashable) -> tuple[str, ...]:
        return addresses

    return DialSettings(Reach((*REACH.networks, ip_network("::1"))), 20.0, look_up=look_up)


def asking(lookup: NameLookup) -> DialSettings:
    return DialSettings(REACH, 20.0, whose="other", look_up=lookup.addresses)


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
        failed = await failure(url, DialSettings(REACH, timeout_seconds=0.3))
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
