"""What one connection may cost this process: the time its request may take, the body it may send, the bytes that may wait in memory.

Owns Daphne's protocols with those limits added (Daphne itself has none). Must not know Django, or what is served."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.interfaces import IDelayedCall
from twisted.web.http import HTTPChannel

LINGER_SECONDS = 2.0
"""How long a refused peer may go on sending, unheard, before it is cut off: closing at once would destroy the answer on its way."""


@dataclass(frozen=True)
class ConnectionLimits:
    """`head_seconds`: from a request's first byte to the end of its head; `body_seconds`: from there to the end of its body.
    `unread_bytes`: received on a WebSocket and not yet taken by the application; `unsent_bytes`: owed to a peer that does not read.
    `unacknowledged_seconds`: a WebSocket's peer that acknowledges nothing of what was sent to it is given up (TCP_USER_TIMEOUT)."""

    head_seconds: float = 10
    body_seconds: float = 60
    body_bytes: int = 1_048_576
    unread_bytes: int = 4_194_304
    unsent_bytes: int = 4_194_304
    unacknowledged_seconds: float = 15


class LimitedRequest(WebRequest):
    """Refuses a body that is too large, by its declared length before any of it is read, by its bytes as they come otherwise."""

    received_bytes = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        if length is not None and length > self.limit_bytes:
            self.requestHeaders.removeHeader(b"expect")  # nobody is told to continue
            self.refuse()
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received_bytes += len(data)
        if self.channel.refused:
            return
        if self.received_bytes > self.limit_bytes:
            self.refuse()
        else:
            super().handleContentChunk(data)

    @property
    def limit_bytes(self) -> int:
        limits: ConnectionLimits = self.server.limits
        return limits.body_bytes

    def refuse(self) -> None:
        self.channel.refuse(b"413 Content Too Large", f"The body is larger than {self.limit_bytes} bytes.\n".encode())


class LimitedChannel(HTTPChannel):
    """Gives each request a deadline for its head and one for its body. Twisted's own limit is on silence only, which one byte
    every few seconds never breaks."""

    deadline: IDelayedCall | None = None
    serving = False
    refused = False

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self.refused:
            return
        if self.deadline is None and not self.serving:
            self.set_deadline(self.factory.server.limits.head_seconds, self.too_late)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:  # noqa: N802
        self.set_deadline(self.factory.server.limits.body_seconds, self.too_late)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:  # noqa: N802
        if not self.refused:
            self.clear_deadline()
            self.serving = True
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802
        self.serving = False
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self.clear_deadline()
        super().connectionLost(reason)

    def set_deadline(self, seconds: float, action: Callable[[], object]) -> None:
        self.clear_deadline()
        self.deadline = self.callLater(seconds, action)

    def clear_deadline(self) -> None:
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = None

    def too_late(self) -> None:
        self.refuse(b"408 Request Timeout", b"The request took too long to arrive.\n")

    def refuse(self, status: bytes, words: bytes) -> None:
        """Answers, hears nothing more, and leaves the peer a moment to read the answer."""
        self.refused = True
        head = b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % (status, len(words))
        self.transport.write(head + words)
        self.transport.loseWriteConnection()
        self.setTimeout(None)
        self.set_deadline(LINGER_SECONDS, self.transport.abortConnection)


class LimitedHTTPFactory(HTTPFactory):
    """Daphne's factory, building the channel and the requests above."""

    def buildProtocol(self, addr: Any) -> LimitedChannel:  # noqa: N802
        channel = LimitedChannel()
        channel.factory = self
        channel.callLater = self.reactor.callLater
        channel.timeOut = self.timeOut
        channel.requestFactory = LimitedRequest
        return channel
