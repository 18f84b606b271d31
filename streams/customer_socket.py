"""The socket to a customer's service: dialled through the guard, written without waiting, measured in bytes not yet taken.

Owns the WebSocket client (the `websockets` package) and the wording of why a connection failed. Must not know streams or Django."""

import asyncio
import fcntl
import socket
import ssl
import struct
import sys
import termios
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidUpgrade,
)
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from streams.guard import Destination, Network, Refused, Unresolvable, destination
from streams.pure.foreign_text import cleaned
from streams.pure.stream import Closure, Failure

SUBPROTOCOL = "audio.drachtio.org"
"""Offered on the upgrade, because a Plivo-authored client wants it; a server that selects none is fine (spec 3.1)."""

SEND_BUFFER_BYTES = 16_384
"""The kernel doubles it. With the default, minutes of audio vanish in it before a customer that stops reading is noticed."""

WRITE_LIMIT_BYTES = 16_384
MAX_MESSAGE_BYTES = 1_048_576
KEEPALIVE_SECONDS = 20
UNACKNOWLEDGED_LIMIT_MS = 45_000
PEER_HELD_LIMIT_BYTES = 131_072
TCP_INFO_WINDOW_AT = 228
"""Where tcpi_snd_wnd stands in struct tcp_info (linux/tcp.h, since Linux 5.4; older kernels give a shorter struct)."""

# Look-ups have threads of their own: a customer's hanging name server must not hold up anything else.
_resolvers = ThreadPoolExecutor(16, thread_name_prefix="resolve")


class DialFailed(Exception):
    """An attempt to connect failed, for the reason in `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.problem)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class DialSettings:
    """`allow`: networks that may be dialled although they are private."""

    allow: tuple[Network, ...] = ()
    timeout_seconds: float = 8.0
    offer_subprotocol: bool = True


class CustomerConnection(ClientConnection):
    """A connection that says when it takes more again, instead of making a task wait for it."""

    on_writable: Callable[[], None] | None = None

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable()


class CustomerSocket:
    """An open connection. `address` is what was dialled."""

    def __init__(self, connection: CustomerConnection, address: str) -> None:
        self.connection = connection
        self.address = address
        self._kernel = KernelQueue(connection.transport.get_extra_info("socket"))
        self._closing = False

    @property
    def subprotocol(self) -> str | None:
        return self.connection.subprotocol

    @property
    def has_room(self) -> bool:
        """Whether a write now would go out soon. After False, `on_writable` is called once."""
        return not self.connection.paused and self.connection.protocol.state is State.OPEN

    def on_writable(self, callback: Callable[[], None]) -> None:
        self.connection.on_writable = callback

    def write(self, text: bytes) -> None:
        """Sends one text message; never waits. Audio passes here 50 times a second, so there is no task and no await."""
        connection = self.connection
        if connection.protocol.state is not State.OPEN:
            return
        connection.protocol.send_text(text)
        connection.send_data()

    def in_flight_bytes(self) -> int:
        """Bytes written that the customer's service has not taken, as far as it can be known from here."""
        if self.connection.protocol.state is State.CLOSED:
            return 0
        return _buffered_bytes(self.connection.transport) + self._kernel.unacknowledged_bytes() + self._kernel.peer_held_bytes()

    async def listen(self, heard: Callable[[str | bytes], None]) -> Closure:
        """Hands each message to `heard` until the connection is gone, and says how it went."""
        try:
            while True:
                heard(await self.connection.recv())
        except ConnectionClosed as closed:
            return closure_of(closed)

    @property
    def closure(self) -> Closure:
        """How a socket that we closed went, as far as it is known."""
        return Closure(False, self.connection.close_code, cleaned(self.connection.close_reason or "", 123))

    async def close(self, code: int, reason: str, within_seconds: float) -> None:
        """The closing handshake, cut off after `within_seconds`; a customer that does not read cannot hold us."""
        if self._closing:
            return
        self._closing = True
        try:
            await asyncio.wait_for(self.connection.close(code, reason), within_seconds)
        except (TimeoutError, OSError, ConnectionClosed):
            self.connection.transport.abort()


def closure_of(closed: ConnectionClosed) -> Closure:
    frame = closed.rcvd
    if frame is not None and closed.rcvd_then_sent is not False:
        return Closure(True, frame.code if frame.code != 1005 else None, cleaned(frame.reason, 123))
    cause = closed.__cause__
    return Closure(frame is not None, frame.code if frame else 1006, cleaned(cause or "", 123))


def _buffered_bytes(transport: asyncio.Transport) -> int:
    size = transport.get_write_buffer_size()
    # Under TLS the encrypted bytes wait in a transport of their own, which asyncio shows through a private name only.
    inner = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    return size + (inner.get_write_buffer_size() if inner is not None else 0)


class KernelQueue:
    """What the two kernels hold of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._widest_window = 0

    def unacknowledged_bytes(self) -> int:
        """SIOCOUTQ: what our kernel sent or holds and the peer's kernel has not acknowledged."""
        try:
            return int(struct.unpack("i", fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])
        except OSError:
            return 0

    def peer_held_bytes(self) -> int:
        """What the peer's kernel acknowledged and its service did not read: seen in the window it offers (tcpi_snd_wnd), which
        shrinks as its buffer fills. Counted once three quarters are gone, so that a busy moment is not taken for a stall, and
        never more than PEER_HELD_LIMIT_BYTES; without it a service that stops reading would go unseen for some seconds more."""
        window = self._window()
        self._widest_window = max(self._widest_window, window)
        if window * 4 >= self._widest_window:
            return 0
        return min(self._widest_window - window, PEER_HELD_LIMIT_BYTES)

    def _window(self) -> int:
        if sys.platform != "linux":
            return 0
        try:
            info = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_WINDOW_AT + 4)
        except OSError:
            return 0
        return int(struct.unpack_from("I", info, TCP_INFO_WINDOW_AT)[0]) if len(info) > TCP_INFO_WINDOW_AT else 0


async def dial(url: str, headers: dict[str, str], settings: DialSettings, tls: ssl.SSLContext) -> CustomerSocket:
    """One attempt: look up, check, connect, TLS, upgrade, all within the time limit. Raises DialFailed."""
    began = time.monotonic()
    address = ""
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            place = await asyncio.get_running_loop().run_in_executor(_resolvers, _destination, url, settings.allow)
            sock, address = await _connected_socket(place)
            protocol = _protocol(url, settings)
            return CustomerSocket(await _upgraded(protocol, sock, headers, tls if place.tls else None, place.host), address)
    except TimeoutError as error:
        doing = "the upgrade was not answered" if address else "no connection could be made"
        failure = Failure(f"Timed out after {settings.timeout_seconds:g} s: {doing}.", _since_ms(began), address)
        raise DialFailed(failure) from error
    except FAILURES as error:
        status = error.response.status_code if isinstance(error, InvalidStatus) else None
        failure = Failure(cleaned(_words(error), 300), _since_ms(began), address, status, final=isinstance(error, Refused))
        raise DialFailed(failure) from error


FAILURES = (Refused, Unresolvable, InvalidHandshake, InvalidMessage, OSError, EOFError, ConnectionClosed)
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


def _destination(url: str, allow: tuple[Network, ...]) -> Destination:
    return destination(url, allow, ("ws", "wss"))


async def _connected_socket(place: Destination) -> tuple[socket.socket, str]:
    """The first of the checked addresses that answers."""
    problem: OSError = OSError("no address")
    for address in place.addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            _tune(sock)
            await asyncio.get_running_loop().sock_connect(sock, (address, place.port))
            return sock, address
        except OSError as error:
            sock.close()
            problem = error
        except BaseException:
            sock.close()
            raise
    raise problem


def _tune(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_LIMIT_MS)


def _protocol(url: str, settings: DialSettings) -> ClientProtocol:
    offered = [Subprotocol(SUBPROTOCOL)] if settings.offer_subprotocol else None
    return ClientProtocol(parse_uri(url), subprotocols=offered, max_size=MAX_MESSAGE_BYTES)


async def _upgraded(
    protocol: ClientProtocol, sock: socket.socket, headers: dict[str, str], tls: ssl.SSLContext | None, host: str
) -> CustomerConnection:
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
    try:
        await connection.handshake(headers, "Streamdesk")
    except BaseException:
        connection.transport.abort()
        raise
    connection.start_keepalive()
    return connection


def _status_words(status: int, location: str) -> str:
    if 300 <= status < 400:
        return f"The service answered HTTP {status} (redirect to {cleaned(location, 100)}); redirects are not followed."
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


__all__ = ["CustomerSocket", "DialFailed", "DialSettings", "closure_of", "dial"]
