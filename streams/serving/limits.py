"""What one connection may cost this process: the time its request may take, the body it may send, the bytes that may wait in memory.

Owns Daphne's protocols with those limits added (Daphne itself has none). Must not know Django, or what is served."""

import logging
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.web.http import HTTPChannel
from zope.interface import implementer

log = logging.getLogger(__name__)

LINGER_SECONDS = 2.0
"""How long a refused peer may go on sending, unheard, before it is cut off: closing at once would destroy the answer on its way."""

KEEP_ALIVE = [(socket.TCP_KEEPIDLE, 6), (socket.TCP_KEEPINTVL, 3), (socket.TCP_KEEPCNT, 3)] if sys.platform == "linux" else []
"""A peer whose machine is gone is noticed 15 s after its last byte (tcp(7): seconds, seconds, probes)."""
LONGEST_REASON_BYTES = 123


@dataclass(frozen=True)
class ConnectionLimits:
    """`head_seconds`: from a request's first byte to the end of its head; `body_seconds`: from there to the end of its body.
    `unread_bytes`: received on a WebSocket and not yet taken by the application; `unsent_bytes`: owed to a peer that does not read."""

    head_seconds: float = 10
    body_seconds: float = 60
    body_bytes: int = 1_048_576
    unread_bytes: int = 4_194_304
    unsent_bytes: int = 4_194_304


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


@implementer(IPushProducer)
class LimitedWebSocket(WebSocketProtocol):
    """A WebSocket whose two queues are bounded. What the application has not taken stops the reading of this one socket; a peer
    that does not read what it is owed is cut off. A peer that vanished without a word is found by TCP keep-alive, not by pings:
    some Asterisk releases hang up when they are pinged (before 20.18, 22.8 and 23.2)."""

    unread_bytes = 0
    unsent_bytes = 0
    reading_paused = False
    sending_paused = False
    failure: tuple[int | None, str] | None = None
    """With which code, and why, we ended the connection for what its peer did."""

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        if self.factory.server_class.draining:
            raise ConnectionDeny(503, "The server is being stopped")
        return super().onConnect(request)

    def onOpen(self) -> None:  # noqa: N802
        self.transport.unregisterProducer()  # the HTTP channel that this socket was
        self.transport.registerProducer(self, True)
        for option, value in KEEP_ALIVE:
            self.transport.getHandle().setsockopt(socket.IPPROTO_TCP, option, value)
        self.transport.setTcpKeepAlive(True)
        super().onOpen()

    def _fail_connection(self, code: int = 1001, reason: str = "going away") -> None:
        self.failure = (code, reason)
        super()._fail_connection(code, reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Where we failed the connection the application hears that, with our code: before Daphne's message, which has the peer's."""
        if self.failure is not None and not self.muted and hasattr(self, "application_queue"):
            ours, why = self.failure
            self.application_queue.put_nowait({"type": "websocket.disconnect", "code": ours, "reason": why, "by_server": True})
        super().onClose(wasClean, code, reason)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        self.unread_bytes += len(payload)
        super().onMessage(payload, isBinary)
        if self.unread_bytes > self.server.limits.unread_bytes and not self.reading_paused:
            self.reading_paused = True
            self.transport.pauseProducing()

    def taken(self, message: dict[str, Any]) -> None:
        """The application took a message from the queue."""
        self.unread_bytes -= len(message.get("bytes") or message.get("text") or "")
        if self.reading_paused and self.unread_bytes <= self.server.limits.unread_bytes // 2:
            self.reading_paused = False
            self.transport.resumeProducing()

    def serverSend(self, content: Any, binary: bool = False) -> None:  # noqa: N802
        super().serverSend(content, binary)
        if self.sending_paused:
            self.unsent_bytes += len(content)
            if self.unsent_bytes > self.server.limits.unsent_bytes:
                log.warning("A WebSocket peer does not read: it was cut off with %d bytes waiting for it.", self.unsent_bytes)
                self.failure = (None, f"it did not read, and {self.unsent_bytes} bytes waited for it")
                self.transport.abortConnection()

    def pauseProducing(self) -> None:  # noqa: N802
        """The transport's buffer is full."""
        self.sending_paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.sending_paused = False
        self.unsent_bytes = 0

    def stopProducing(self) -> None:  # noqa: N802
        """The connection is gone."""

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        self.close_with(code or 1000, "")

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Like Daphne's, which sends no empty messages; this one does."""
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            self.close_with(message.get("code") or 1000, message.get("reason") or "")
        elif message["type"] == "websocket.send" and self.state == self.STATE_OPEN:
            data = message.get("bytes")
            self.serverSend(data if data is not None else message["text"], binary=data is not None)
        else:
            super().handle_reply(message)

    def close_with(self, code: int, reason: str) -> None:
        """With any code of RFC 6455 and a reason; Daphne knows 1000 and 3000-4999 only, and never sends a reason."""
        utf8 = reason.encode()[:LONGEST_REASON_BYTES].decode(errors="ignore").encode()
        self.sendCloseFrame(code=code, reasonUtf8=utf8 or None)
