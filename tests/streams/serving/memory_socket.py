"""A WebSocket as the server serves it, on a transport in memory: bytes in, and everything that can be seen of it out.

Owns the upgrade, and the parser without the lane to compare with. The server is the real one, but its application is the test."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from streams.serving.limited_websocket import LimitedWebSocket
from streams.serving.limits import ConnectionLimits
from streams.serving.server import Server

# Twisted's transport brings the tests of its own runner; where those are loaded, pytest looks before each test which version it is.
sys.modules.pop("twisted.trial.unittest", None)

UPGRADE = (
    b"GET /call HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
MEMORY_LIMITS = ConnectionLimits(unread_bytes=20_000)


class MemoryTransport(StringTransport):
    visit = None
    lost_by = None

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        """There is no TCP."""

    def silence_words(self, seconds: float) -> str:
        return ""

    def fileno(self) -> int:
        return 0


class InMemory(LimitedWebSocket):
    """`parsed`: what autobahn's parser was given."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []

    @property
    def parsed(self) -> bytes:
        return b"".join(self.parts)

    def give_up_silent_peer(self) -> None:
        """There is no TCP."""

    def _dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.parts.append(data)
        super()._dataReceived(data)


class ParserAlone(InMemory):
    """As it was without the lane."""

    def is_between_messages(self) -> bool:
        return False


class ServerInMemory(Server):
    def __init__(self, limits: ConnectionLimits) -> None:
        super().__init__(unused, "", 0, announce=unused, notice_seconds=0, drain=unused, drain_seconds=0, ready=unused, limits=limits)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> "asyncio.Queue[dict[str, Any]]":
        return asyncio.Queue()


def unused(*arguments: Any) -> Any:
    raise AssertionError("a server in memory is not run")


class MemorySocket:
    """One socket, upgraded and accepted unless told otherwise. `heard`: the messages that its application had, in order."""

    def __init__(
        self,
        kind: type[InMemory] = InMemory,
        limits: ConnectionLimits = MEMORY_LIMITS,
        offer: bytes = b"",
        options: dict[str, Any] | None = None,
    ) -> None:
        factory = ServerInMemory(limits).make_websocket_factory()
        factory.protocol = kind
        factory.reactor = self.clock = Clock()
        factory.setProtocolOptions(openHandshakeTimeout=0, closeHandshakeTimeout=0, **(options or {}))
        self.socket = factory.buildProtocol(None)
        self.socket._raw_query_string = b""
        self.transport = MemoryTransport(lenient=True)
        self.transport.registerProducer(object(), True)  # the HTTP channel that this socket was
        self.socket.makeConnection(self.transport)
        self.heard: list[dict[str, Any]] = []
        self.socket.dataReceived(UPGRADE + (b"Sec-WebSocket-Extensions: %b\r\n" % offer if offer else b"") + b"\r\n")

    def accept(self) -> "MemorySocket":
        self.socket.handle_reply({"type": "websocket.accept"})
        self.settle()
        self.transport.clear()
        return self

    def receive(self, *parts: bytes) -> "MemorySocket":
        for part in parts:
            self.socket.dataReceived(part)
            self.settle()
        return self

    def settle(self) -> None:
        """Every slice has had its turn."""
        while self.clock.getDelayedCalls():
            self.clock.advance(0)

    def take_all(self) -> None:
        """The application takes what waits for it."""
        queue = self.socket.application_queue
        while not queue.empty():
            self.heard.append(message := queue.get_nowait())
            self.socket.taken(message)

    def lose(self) -> None:
        self.socket.connectionLost(Failure(ConnectionLost()))

    def waiting(self) -> list[dict[str, Any]]:
        return list(self.socket.application_queue._queue)  # type: ignore[attr-defined]

    def seen(self) -> Sequence[object]:
        """Everything that its peer, its application and the process can see of it."""
        socket, transport = self.socket, self.transport
        told = transport.value(), transport.disconnecting, transport.disconnected, transport.producerState
        closing = socket.state, socket.wasClean, socket.localCloseCode, socket.localCloseReason, socket.remoteCloseCode, socket.failure
        return self.heard, self.waiting(), told, closing, socket.unread_bytes, socket.reading_paused
