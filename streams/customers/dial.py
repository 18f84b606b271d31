"""One attempt to connect to a customer's service: looked up, checked by the guard, connected, upgraded, within one time limit.

Owns how such a socket is set up, and the wording of why it failed. Must not know streams or Django."""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohappyeyeballs import start_connection
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidUpgrade,
)
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from streams.customers.message_reader import BoundedProtocol
from streams.customers.open_socket import CustomerSocket
from streams.customers.paced_connection import CustomerConnection
from streams.descriptors import in_words, keep_back
from streams.guard import AddressRefused, Destination, Reach, Unresolvable, destination_in, judged
from streams.name_lookup import system
from streams.pure.customer.connection import Failure
from streams.pure.foreign_text import cleaned
from streams.pure.scrubbing import scrubbed

SUBPROTOCOL = "audio.drachtio.org"
"""Offered on the upgrade, because a Plivo-authored client wants it; a server that selects none is fine (spec 3.1)."""

SEND_BUFFER_BYTES = 16_384
"""The kernel doubles it. With the default, minutes of audio vanish in it before a customer that stops reading is noticed."""

WRITE_LIMIT_BYTES = 16_384
KEEPALIVE_SECONDS = 20
UNACKNOWLEDGED_LIMIT_MS = 45_000
NEXT_ADDRESS_SECONDS = 0.25
"""An address that has not accepted by then gets company: the next one is tried beside it (RFC 8305), within the same attempt."""

LookUp = Callable[[str, int, Hashable], Awaitable[Sequence[str]]]
"""(host, port, whose) -> addresses, the preferred one first; raises Unresolvable."""


class DialFailed(Exception):
    """An attempt to connect failed, for the reason in `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.problem)
        self.failure = failure


class HostBlocked(Exception):
    """Somebody has blocked the host; the message says it."""


def _not_blocked(host: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class DialSettings:
    """`reach`: what the operator has set. `whose`: the account for which it is dialled, so that it has its share and no more. `blocked`:
    why a host may not be dialled now, "" where it may."""

    reach: Reach = Reach()
    timeout_seconds: float = 8.0
    offer_subprotocol: bool = True
    whose: Hashable = None
    look_up: LookUp | None = None
    blocked: Callable[[str], str] = _not_blocked


def _unwatched(step: str) -> None:
    """Nobody wants to know."""


async def dial(
    url: str, headers: dict[str, str], settings: DialSettings, tls: ssl.SSLContext, passed: Callable[[str], None] = _unwatched
) -> CustomerSocket:
    """One attempt: look up, check, connect, TLS, upgrade, all within the time limit. Raises DialFailed.

    `passed` is told of each step when it is behind us: resolved, connected, secured (with TLS only), upgraded."""
    began = time.monotonic()
    place: Destination | None = None
    address = ""
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            place = await _destination(url, settings)
            passed("resolved")
            sock, address = await _connect(place)
            passed("connected")
            connection = await _secure(_protocol(url, settings), sock, tls if place.tls else None, place.host)
            if place.tls:
                passed("secured")
            await _upgrade(connection, headers)
            passed("upgraded")
            return CustomerSocket(connection, address)
    except TimeoutError as error:
        doing = "the upgrade was not answered" if address else "no connection could be made" if place else UNRESOLVED
        failure = Failure(f"Timed out after {settings.timeout_seconds:g} s: {doing}.", _since_ms(began), address)
        raise DialFailed(failure) from error
    except FAILURES as error:
        status = error.response.status_code if isinstance(error, InvalidStatus) else None
        refused, blocked = isinstance(error, AddressRefused), isinstance(error, HostBlocked)
        failure = Failure(cleaned(_words(error), 300), _since_ms(began), address, status, final=refused or blocked, blocked=blocked)
        raise DialFailed(failure) from error


UNRESOLVED = "the name servers did not say which address the host has"
FAILURES = (AddressRefused, HostBlocked, Unresolvable, InvalidHandshake, InvalidMessage, OSError, EOFError, ConnectionClosed)
"""What may go wrong on the way, apart from running out of time; ssl.SSLError is an OSError."""


def _since_ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _words(error: BaseException) -> str:
    match error:
        case InvalidStatus():
            return _status_words(error.response.status_code, error.response.headers.get("Location", ""))
        case ssl.SSLError():
            return f"TLS failed: {getattr(error, 'verify_message', '') or error.reason or error}."
        case InvalidUpgrade():
            return f"The service answered, but not as a WebSocket server: {error}."
        case InvalidHandshake() | InvalidMessage():
            return f"The WebSocket handshake failed: {_handshake_words(error)}."
        case OSError() | EOFError() | ConnectionClosed():
            return _os_words(error)
    return str(error)


async def _destination(url: str, settings: DialSettings) -> Destination:
    place = destination_in(url, settings.reach, ("ws", "wss"))
    if why := settings.blocked(place.host):
        raise HostBlocked(why)
    if place.addresses:
        return place
    look_up = settings.look_up or system().addresses
    return judged(place, await look_up(place.host, place.port, settings.whose), settings.reach)


async def _connect(place: Destination) -> tuple[socket.socket, str]:
    """The first of the checked addresses that answers, the families taking turns: one that swallows packets costs a moment."""
    families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in place.addresses]
    found = [
        (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, place.port))
        for family, address in zip(families, place.addresses, strict=True)
    ]
    sock = await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS, socket_factory=_tuned)
    try:
        return sock, str(sock.getpeername()[0])
    except OSError:
        sock.close()
        raise


def _tuned(found: Any) -> socket.socket:
    family, kind, protocol, _, _ = found
    try:
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise in_words(error) from error
    try:
        keep_back(sock)
        _tune(sock)
    except OSError:
        sock.close()
        raise
    return sock


def _tune(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_LIMIT_MS)


def _protocol(url: str, settings: DialSettings) -> BoundedProtocol:
    offered = [Subprotocol(SUBPROTOCOL)] if settings.offer_subprotocol else None
    return BoundedProtocol(parse_uri(url), offered)


async def _secure(protocol: BoundedProtocol, sock: socket.socket, tls: ssl.SSLContext | None, host: str) -> CustomerConnection:
    """No redirect is followed and no proxy asked: the handshake is made on the socket that was checked, and nowhere else."""

    def make() -> CustomerConnection:
        # No ping timeout: a customer whose audio still fits the buffer may be slow to answer a ping.
        return CustomerConnection(protocol, ping_interval=KEEPALIVE_SECONDS, ping_timeout=None, write_limit=WRITE_LIMIT_BYTES)

    secure: dict[str, Any] = {"ssl": tls, "server_hostname": host} if tls else {}
    try:
        _, connection = await asyncio.get_running_loop().create_connection(make, sock=sock, **secure)
    except BaseException:
        sock.close()
        raise
    return connection


async def _upgrade(connection: CustomerConnection, headers: dict[str, str]) -> None:
    try:
        await connection.handshake(headers, "Streamdesk")
    except BaseException:
        connection.transport.abort()
        raise
    connection.start_keepalive()


def _status_words(status: int, location: str) -> str:
    if 300 <= status < 400:
        return f"The service answered HTTP {status} (redirect to {cleaned(scrubbed(location), 100)}); redirects are not followed."
    return f"The service refused the WebSocket upgrade: HTTP {status}."


def _handshake_words(error: Exception) -> str:
    cause = error.__cause__
    return f"{error} ({cause})" if cause and str(cause) else str(error)


def _os_words(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Connection refused: nothing listens at that address and port."
    if isinstance(error, ConnectionResetError | EOFError | ConnectionClosed):
        return "The service cut the connection during the handshake."
    return f"Connection failed: {getattr(error, 'strerror', None) or error}."
