"""What one connection may cost this process: the time its request may take, the body it may send, the bytes that may wait in memory.

Owns Daphne's protocols with those limits added (Daphne itself has none). Must not know Django, or what is served."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.interfaces import IDelayedCall
from twisted.web.http import HTTPChannel

from streams.serving.doors import RETRY_AFTER_SECONDS, Visit

LINGER_SECONDS = 2.0
"""How long a refused peer may go on sending, unheard, before it is cut off: closing at once would destroy the answer on its way."""
SMALL_BODY_BYTES = 65_536
"""A form's. It finds room also while large ones have filled what all may have."""


@dataclass(frozen=True)
class ConnectionLimits:
    """`head_seconds`: from the accept, or from a later request's first byte, to the end of its head; `body_seconds`: from there to the
    end of its body. `bodies_bytes`: of all bodies that are not answered yet.
    `unread_bytes`: received on a WebSocket and not yet taken by the application: two of the largest messages, or 25 s of audio that came
    while this process had no core. The rest waits in the kernel and with its sender, where it costs a third.
    `unsent_bytes`: owed to a peer that does not read: a WebSocket is cut off, a request's answer waits.
    `unacknowledged_seconds`: a WebSocket's peer that acknowledges nothing of what was sent to it is given up (TCP_USER_TIMEOUT)."""

    head_seconds: float = 10
    body_seconds: float = 60
    body_bytes: int = 1_048_576
    bodies_bytes: int = 67_108_864
    unread_bytes: int = 524_288
    unsent_bytes: int = 4_194_304
    unacknowledged_seconds: float = 15


class LimitedRequest(WebRequest):
    """Waits for its turn to be answered. Refuses a body that is too large, by its declared length before any of it is read, by its bytes as
    they come otherwise. `room`: whether its answer may go on, or waits until its peer has read what there is."""

    received_bytes = counted_bytes = unsent_bytes = 0
    sending_paused = False
    visit: Visit | None = None
    in_application = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.room = asyncio.Event()
        self.room.set()

    # Its turn --------------------------------------------------------------------------------------------------------------------
    def process(self) -> None:
        """It is here as a whole."""
        doors, headers = self.server.doors, self.requestHeaders
        upgrade = (headers.getRawHeaders(b"upgrade") or [b""])[0].lower() == b"websocket"
        forwarded = b",".join(headers.getRawHeaders(b"x-forwarded-for") or []).decode("latin-1")
        kind = doors.entrances.kind(self.path.decode("latin-1"), upgrade=upgrade)
        address = doors.entrances.address(str(getattr(self.client, "host", "")), forwarded)
        self.visit = Visit(kind, address, self.begin, self.come_again, time.monotonic())
        if upgrade:
            self.transport.visit = self.visit
        doors.ask(self.visit, self.transport)

    def begin(self) -> None:
        super().process()

    def come_again(self) -> None:
        words = b"More comes than can be answered now. Try again in a moment.\n"
        self.channel.refuse(b"503 Service Unavailable", words, RETRY_AFTER_SECONDS)

    # Its answer ------------------------------------------------------------------------------------------------------------------
    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and not self._response_started and self.channel is not None:
            self.registerProducer(self, streaming=True)
        super().handle_reply(message)
        if self.sending_paused:
            self.unsent_bytes += len(message.get("body", b""))
            if self.unsent_bytes > self.server.limits.unsent_bytes:
                self.room.clear()

    def pauseProducing(self) -> None:  # noqa: N802
        """The transport's buffer is full."""
        self.sending_paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.sending_paused = False
        self.unsent_bytes = 0
        self.room.set()

    stopProducing = resumeProducing  # noqa: N815 - the connection is gone

    def application_left(self) -> None:
        """In the middle of an answer there is nothing to be said any more: it is cut off, so that the peer sees a part and no whole."""
        if self._response_started and not self.finished and self.channel is not None:
            self.channel.transport.abortConnection()

    def handle_exception(self, exception: Exception) -> None:
        if not self._response_started:
            super().handle_exception(exception)

    def finish(self) -> None:
        if self.producer is not None and self.channel is not None:
            self.unregisterProducer()
        super().finish()
        self.over()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self.resumeProducing()
        super().connectionLost(reason)
        self.over()

    def over(self) -> None:
        """Its application may go on without it, and then keeps its place (Server.create_application)."""
        self.server.body_bytes -= self.counted_bytes
        self.counted_bytes = 0
        if self.visit is not None and not self.in_application:
            self.server.doors.leave(self.visit)

    # Its body --------------------------------------------------------------------------------------------------------------------
    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        if length is not None and length > self.limit_bytes:
            self.requestHeaders.removeHeader(b"expect")  # nobody is told to continue
            self.refuse()
        else:
            self.content = BytesIO()  # Twisted would take a file, and so a descriptor, for a large one

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received_bytes += len(data)
        if self.channel.refused:
            return
        if self.received_bytes > self.limit_bytes:
            self.refuse()
        elif self.received_bytes > SMALL_BODY_BYTES and self.server.body_bytes + len(data) > self.server.limits.bodies_bytes:
            self.come_again()
        else:
            self.server.body_bytes += len(data)
            self.counted_bytes += len(data)
            super().handleContentChunk(data)

    @property
    def limit_bytes(self) -> int:
        limits: ConnectionLimits = self.server.limits
        return limits.body_bytes

    def refuse(self) -> None:
        self.channel.refuse(b"413 Content Too Large", f"The body is larger than {self.limit_bytes} bytes.\n".encode())


class LimitedChannel(HTTPChannel):
    """Gives each request a deadline for its head and one for its body. Twisted's own limit is on silence only, which one byte
    every few seconds never breaks. While it has asked for nothing, it waits (Doors)."""

    deadline: IDelayedCall | None = None
    heard = False
    serving = False
    refused = False

    @property
    def doors(self) -> Any:
        return self.factory.server.doors

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self.set_deadline(self.factory.server.limits.head_seconds, self.too_late)
        self.doors.wait(self, self.transport)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self.refused:
            return
        self.heard = True
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
            self.doors.take(self, self.transport)
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802
        self.serving = False
        self.doors.wait(self, self.transport)
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self.clear_deadline()
        self.doors.gone(self, self.transport)
        super().connectionLost(reason)

    def set_deadline(self, seconds: float, action: Callable[[], object]) -> None:
        self.clear_deadline()
        self.deadline = self.callLater(seconds, action)

    def clear_deadline(self) -> None:
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = None

    def too_late(self) -> None:
        if self.heard:
            self.refuse(b"408 Request Timeout", b"The request took too long to arrive.\n")
        else:
            self.send_away()

    def refuse(self, status: bytes, words: bytes, retry_after_seconds: int = 0) -> None:
        """Answers, hears nothing more, and leaves the peer a moment to read the answer."""
        self.refused = True
        again = b"Retry-After: %d\r\n" % retry_after_seconds if retry_after_seconds else b""
        head = b"HTTP/1.1 %b\r\nConnection: close\r\n%bContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % (status, again, len(words))
        self.transport.write(head + words)
        self.transport.loseWriteConnection()
        self.setTimeout(None)
        self.set_deadline(LINGER_SECONDS, self.transport.abortConnection)
        self.doors.linger(self, self.transport)

    def send_away(self) -> None:
        """For somebody else, or because it asks nothing: without an answer, which would be one to nothing."""
        if self.refused:
            self.transport.abortConnection()
            return
        self.refused = True
        self.setTimeout(None)
        self.loseConnection()
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
