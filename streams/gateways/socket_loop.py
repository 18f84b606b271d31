"""The loop of an accepted WebSocket: every message in to a function, what is said out in order, and neither waits for the other.

Where the server offers it, a message that comes while nothing waits goes to the function at once: it need not wake a task.

Must not know who is at the other end, what is said, or Django."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, NamedTuple

from streams.pure.reading_pace import HASTE_SECONDS, OF_GATEWAYS, ReadingPace
from streams.pure.straight import Straight

log = logging.getLogger(__name__)

CLOSE_INTERNAL_ERROR = 4500
MOST_UNSENT_BYTES = 4_194_304
"""What a server that waits for a peer that does not read may leave with us. Ours never waits, and cuts such a peer off."""
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class SocketEnd(NamedTuple):
    """The close code, None when there was none. `problem`: why we ended it ourselves, "" where its peer did."""

    code: int | None
    problem: str = ""


class SocketLoop:
    """`name` is whose socket it is, for the log, and `context` is where it was said whose call it brings, once that is known: a failure is
    logged there. Who hears a message has to enter it himself: a frame of audio need not (1 us less of 53, measured)."""

    def __init__(self, send: Send, name: str, context: Context) -> None:
        self.name = name
        self._context = context
        self._send = send
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._unsent_bytes = 0
        self._pace = ReadingPace(OF_GATEWAYS)
        self._rests_until = 0.0
        self._waits = False
        self._failure: SocketEnd | None = None
        self._straight: Straight | None = None

    async def run(self, receive: Receive, feed: Callable[[str | bytes], None], straight: Straight | None = None) -> SocketEnd:
        """Until the socket is gone; returns how it went."""
        writer = asyncio.get_running_loop().create_task(self._write())
        if straight is not None:
            self._straight = straight
            straight.give_to(lambda said: self._take(said, feed))
        try:
            return await self._read(receive, feed)
        finally:
            writer.cancel()
            if straight is not None:
                straight.give_to(None)

    async def _read(self, receive: Receive, feed: Callable[[str | bytes], None]) -> SocketEnd:
        """Always reads: a gateway that is not read blocks its call."""
        while True:
            self._waits = True
            message = await receive()
            self._waits = False
            if self._unsent_bytes > MOST_UNSENT_BYTES:
                return SocketEnd(None, f"it did not read, and {self._unsent_bytes} bytes waited for it")
            if message["type"] != "websocket.receive":
                if self._failure is not None:
                    return self._failure
                return SocketEnd(message.get("code"), message.get("reason") or "" if message.get("by_server") else "")
            data = message.get("bytes")
            said: str | bytes = data if data is not None else message["text"]
            if self._rests_until:  # after what came straight
                await asyncio.sleep(max(self._rests_until - time.monotonic(), 0))
                self._rests_until = 0.0
            self._hear(said, feed)
            if (pause_seconds := self._pace.pause_seconds(len(said), time.monotonic())) is not None:
                await asyncio.sleep(pause_seconds)

    def _take(self, said: str | bytes, feed: Callable[[str | bytes], None]) -> bool:
        """One that would go through the server's queue otherwise. Not while there is anything that `_read` has to decide first."""
        now = time.monotonic()
        if not self._waits or now < self._rests_until + HASTE_SECONDS or self._unsent_bytes > MOST_UNSENT_BYTES:
            return False
        self._hear(said, feed)
        pause_seconds = self._pace.pause_seconds(len(said), now)
        self._rests_until = now + pause_seconds if pause_seconds is not None else 0.0
        return True

    def _hear(self, said: str | bytes, feed: Callable[[str | bytes], None]) -> None:
        try:
            feed(said)
        except Exception:
            self._context.copy().run(log.exception, "Gateway %s: a message broke the relay; the call is ended.", self.name)
            self._failure = SocketEnd(CLOSE_INTERNAL_ERROR, "internal error")
            self.close(CLOSE_INTERNAL_ERROR, self._failure.problem)

    async def _write(self) -> None:
        """One message that cannot be sent must not keep back those behind it: audio played to the call would stop without a word."""
        while True:
            message = await self._outbox.get()
            try:
                await self._send(message)
            except OSError:
                continue  # the socket is gone, as the reader learns
            except Exception:
                log.exception("Gateway %s: a message could not be sent.", self.name)
            finally:
                self._unsent_bytes -= len(message.get("bytes") or message.get("text") or "")

    def tell(self, data: str | bytes) -> None:
        """Sends, in order, without waiting; nothing more to a peer that does not read."""
        if self._unsent_bytes > MOST_UNSENT_BYTES:
            return
        if self._straight is not None and not self._unsent_bytes and self._outbox.empty() and self._sends(self._straight, data):
            return
        self._unsent_bytes += len(data)
        self._outbox.put_nowait({"type": "websocket.send", "bytes" if isinstance(data, bytes) else "text": data})

    def _sends(self, straight: Straight, data: str | bytes) -> bool:
        try:
            return straight.send(data)
        except Exception:  # it fails again on the other way, which says so
            return False

    def close(self, code: int, reason: str) -> None:
        self._outbox.put_nowait({"type": "websocket.close", "code": code, "reason": reason})
