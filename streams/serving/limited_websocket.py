"""A WebSocket as we serve it: Daphne's, with both of its queues bounded, and parsed in slices.

Owns what a gateway's or a page's socket may cost this process. Must not know Django, or what is said."""

import logging
import socket
import sys
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from zope.interface import implementer

from streams.pure.straight import Taker
from streams.serving.lane import LeanLane

log = logging.getLogger(__name__)

KEEP_ALIVE = [(socket.TCP_KEEPIDLE, 6), (socket.TCP_KEEPINTVL, 3), (socket.TCP_KEEPCNT, 3)] if sys.platform == "linux" else []
"""A peer whose machine is gone is noticed 15 s after its last byte (tcp(7): seconds, seconds, probes); while something that we sent is not
acknowledged, as when audio is played to it, there are no probes, and TCP_USER_TIMEOUT counts."""
CLOSE_LOST = 1006
LONGEST_REASON_BYTES = 123
SLICE_BYTES = 2048
"""How much of what came on a WebSocket is parsed at once: 64 KiB may be thousands of small messages, which take a tenth of a second."""
MESSAGE_COST_BYTES = 256
"""What a message that waits costs beside its payload, so that empty ones do not come without end."""


@implementer(IPushProducer)
class LimitedWebSocket(LeanLane):
    """A WebSocket whose two queues are bounded. What the application has not taken stops the reading of this one socket; a peer
    that does not read what it is owed is cut off. A peer that vanished without a word is found by TCP keep-alive, not by pings:
    some Asterisk releases hang up when they are pinged (before 20.18, 22.8 and 23.2)."""

    unread_bytes = 0
    unparsed = b""
    next_slice: IDelayedCall | None = None
    unsent_bytes = 0
    reading_paused = False
    sending_paused = False
    taker: Taker | None = None
    """Of the application."""
    failure: tuple[int | None, str] | None = None
    """With which code, and why, we ended the connection for what its peer did; CLOSE_LOST: the system did, for its silence."""

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        if self.factory.server_class.draining:
            raise ConnectionDeny(503, "The server is being stopped")
        return super().onConnect(request)

    def onOpen(self) -> None:  # noqa: N802
        self.transport.unregisterProducer()  # the HTTP channel that this socket was
        self.transport.registerProducer(self, True)
        self.transport.at_once = True
        self.give_up_silent_peer()
        if (visit := self.transport.visit) is not None:
            self.transport.visit = None  # and with it goes the request
            self.factory.server_class.doors.came_in(visit)
        super().onOpen()

    def give_up_silent_peer(self) -> None:
        options = list(KEEP_ALIVE)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            options.append((socket.TCP_USER_TIMEOUT, round(self.server.limits.unacknowledged_seconds * 1000)))
        for option, value in options:
            self.transport.getHandle().setsockopt(socket.IPPROTO_TCP, option, value)
        self.transport.setTcpKeepAlive(True)

    def _fail_connection(self, code: int = 1001, reason: str = "going away") -> None:
        self.failure = (code, reason)
        super()._fail_connection(code, reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Where we failed the connection the application hears that, with our code: before Daphne's message, which has the peer's."""
        if self.failure is not None and not self.muted and hasattr(self, "application_queue"):
            ours, why = self.failure
            self.application_queue.put_nowait({"type": "websocket.disconnect", "code": ours, "reason": why, "by_server": True})
        super().onClose(wasClean, code, reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """In slices, between which others have their turn; meanwhile no more is read."""
        if not self.unparsed and len(data) <= SLICE_BYTES:  # a frame of audio, as it is nearly always
            super().dataReceived(data)
            return
        self.unparsed += data
        if self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
            self.parse(len(self.unparsed))
        elif self.next_slice is None:
            self.parse_slice()

    def parse_slice(self) -> None:
        self.next_slice = None
        self.parse(SLICE_BYTES)
        if self.unparsed:
            self.next_slice = self.factory.reactor.callLater(0, self.parse_slice)
        self.settle_reading()

    def parse(self, size: int) -> None:
        part, self.unparsed = self.unparsed[:size], self.unparsed[size:]
        super().dataReceived(part)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        if self.next_slice is not None and self.next_slice.active():
            self.next_slice.cancel()
            self.parse(len(self.unparsed))
        doors = self.factory.server_class.doors
        doors.gone(self, self.transport)
        if self.transport.visit is not None:
            doors.leave(self.transport.visit)
        if self.failure is None and (words := self.transport.silence_words(self.factory.server_class.limits.unacknowledged_seconds)):
            self.failure = (CLOSE_LOST, words)
        super().connectionLost(reason)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """In place of Daphne's, which looks at the clock for pings that we do not send: 0.5 us less of 2.9 for receiving (measured)."""
        taker = self.taker
        if taker is not None and self.application_queue.empty() and taker(payload if isBinary else payload.decode()):
            return
        self.unread_bytes += len(payload) + MESSAGE_COST_BYTES
        message = {"type": "websocket.receive", "bytes": payload} if isBinary else {"type": "websocket.receive", "text": payload.decode()}
        self.application_queue.put_nowait(message)
        self.settle_reading()

    def give_to(self, taker: Taker | None) -> None:
        """From now on what comes while the queue is empty. A frame of audio need not wake a task for it: that was most of the 5 us between
        the socket and the call (measured)."""
        self.taker = taker

    def taken(self, message: dict[str, Any]) -> None:
        """The application took a message from the queue."""
        if message["type"] == "websocket.receive":
            data = message.get("bytes") or message.get("text") or b""
            self.unread_bytes -= len(data if isinstance(data, bytes) or data.isascii() else data.encode()) + MESSAGE_COST_BYTES
            self.settle_reading()

    def settle_reading(self) -> None:
        """Reads on when all is parsed, and half of what may be unread was taken."""
        most: int = self.server.limits.unread_bytes
        full = self.unread_bytes > (most // 2 if self.reading_paused else most)
        if (full or bool(self.unparsed)) == self.reading_paused:
            return
        self.reading_paused = not self.reading_paused
        if self.reading_paused:
            self.transport.pauseProducing()
        else:
            self.transport.resumeProducing()

    def serverSend(self, content: Any, binary: bool = False) -> None:  # noqa: N802
        super().serverSend(content, binary)
        if self.sending_paused:
            self.unsent_bytes += len(content)
            if self.unsent_bytes > self.server.limits.unsent_bytes:
                log.warning("A WebSocket peer does not read: it was cut off with %d bytes waiting for it.", self.unsent_bytes)
                self.failure = (None, f"it did not read, and {self.unsent_bytes} bytes waited for it")
                self.transport.abortConnection()

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: N802
        """As autobahn's, which makes coloured words for its debug log each time, kept or not: 3.9 of 5.8 us for sending (measured)."""
        if sync or chopsize or self.send_queue:
            super().sendData(data, sync, chopsize)
        else:
            self.transport.write(data)

    def send_straight(self, content: str | bytes) -> bool:
        """At once, as what goes through `handle_reply`; False where it is not open."""
        if self.state != self.STATE_OPEN:
            return False
        self.serverSend(content, binary=isinstance(content, bytes))
        return True

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
        """Like Daphne's, which sends no empty messages; this one does. To a peer that has just closed nothing is sent: it may have done so
        in the same moment, and is no fault."""
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            self.close_with(message.get("code") or 1000, message.get("reason") or "")
        elif message["type"] == "websocket.send" and self.state != self.STATE_CONNECTING:
            data = message.get("bytes")
            self.send_straight(data if data is not None else message["text"])
        else:
            super().handle_reply(message)

    def close_with(self, code: int, reason: str) -> None:
        """With any code of RFC 6455 and a reason; Daphne knows 1000 and 3000-4999 only, and never sends a reason."""
        utf8 = reason.encode()[:LONGEST_REASON_BYTES].decode(errors="ignore").encode()
        self.sendCloseFrame(code=code, reasonUtf8=utf8 or None)
