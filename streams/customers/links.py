"""The customer sockets of one call: each stream's way from dialling to an open socket to its close.

Owns those tasks. Carries out what the call's session wants of a customer and tells it what became of it; decides nothing."""

import asyncio
import logging
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from typing import Any
from uuid import UUID

from streams.customers.dial import DialFailed, DialSettings, dial
from streams.customers.open_socket import CustomerSocket
from streams.log_subject import speak_of_stream
from streams.pure.call.effects import CloseCustomer, Dial
from streams.pure.call.session import CallSession
from streams.pure.call.stream import StreamSession
from streams.pure.callback.auth_tokens import Tokens
from streams.pure.callback.signature import upgrade_headers
from streams.pure.customer.connection import Failure

log = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
"""At most this long for what still waits for a customer to go out after its stream has ended."""


class Link:
    """One stream's connection: its task, and its socket once there is one."""

    def __init__(self, stream: StreamSession) -> None:
        self.stream = stream
        self.socket: CustomerSocket | None = None
        self.task: asyncio.Task[None] | None = None
        self.closing = False


class CustomerLinks:
    """`kept` returns when what was noted is on disk: a customer hears of no stream that a killed process would take with it.
    `after(now)` is called when the session was told something and may want something done. `tokens` are asked for at each dialling:
    a call may outlive a rotation."""

    def __init__(
        self,
        session: CallSession,
        tokens: Callable[[], Tokens],
        dialling: DialSettings,
        tls: ssl.SSLContext,
        *,
        kept: Callable[[], Awaitable[None]],
        after: Callable[[float], None],
    ) -> None:
        self.session = session
        self.tokens = tokens
        self.dialling = dialling
        self.tls = tls
        self.kept = kept
        self.after = after
        self._whose_call = copy_context()
        self._links: dict[UUID, Link] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        return bool(self._links)

    # Connecting ------------------------------------------------------------------------------------------------------------
    def dial(self, effect: Dial) -> None:
        link = self._links.get(effect.stream_id)
        if link is None:
            link = self._links[effect.stream_id] = Link(self.session.streams[effect.stream_id])
        link.task = self._spawn(self._connect(effect, link))

    async def _connect(self, effect: Dial, link: Link) -> None:
        """One attempt, then the life of the socket it made."""
        speak_of_stream(effect.stream_id)
        await asyncio.sleep(effect.after_seconds)
        await self.kept()
        began = time.monotonic()
        link.stream.dialling(began)
        self.after(began)
        try:
            headers = upgrade_headers(effect.url, self.tokens(), secrets.token_hex(10))
            link.socket = await dial(effect.url, headers, self.dialling, self.tls)
        except DialFailed as error:
            self._connect_failed(link.stream, error.failure)
        except Exception:
            log.exception("Stream %s: the attempt to connect broke", effect.stream_id)
            self._connect_failed(link.stream, Failure("The platform failed while connecting.", 0))
        else:
            try:
                await self._converse(link, link.socket, round((time.monotonic() - began) * 1000))
            except Exception:
                self._broke(link.stream)

    def _connect_failed(self, stream: StreamSession, failure: Failure) -> None:
        now = time.monotonic()
        stream.connect_failed(now, failure)
        self.after(now)

    async def _converse(self, link: Link, customer: CustomerSocket, duration_ms: int) -> None:
        customer.on_writable(lambda: self._pump(link, time.monotonic()))
        now = time.monotonic()
        facts = {"address": customer.address, "duration_ms": duration_ms, "subprotocol": customer.subprotocol}
        link.stream.connect_succeeded(now, facts)
        self.after(now)
        closure = await customer.listen(lambda text: self._heard(link.stream, text))
        if not link.closing:
            now = time.monotonic()
            link.stream.closed(closure, now)
            self.after(now)

    def _heard(self, stream: StreamSession, text: str | bytes) -> None:
        now = time.monotonic()
        self.session.customer_said(stream, text, now)
        self.after(now)

    # Audio -------------------------------------------------------------------------------------------------------------------
    def pump(self, stream_id: UUID) -> None:
        """Sends what waits for a customer while its socket takes it. The clock is asked anew: how long audio took is measured here."""
        link = self._links.get(stream_id)
        if link is not None:
            self._pump(link, time.monotonic())

    def pump_waiting(self, now: float) -> None:
        """The same for every customer for whom something waits."""
        for link in [link for link in self._links.values() if link.stream.waiting]:
            self._pump(link, now)

    def _pump(self, link: Link, now: float) -> None:
        """An error of ours ends this stream only."""
        socket, stream = link.socket, link.stream
        if socket is None:
            return
        try:
            while stream.waiting and socket.has_room and (text := stream.take(now)) is not None:
                socket.write(text)
        except Exception:
            self._whose_call.copy().run(self._broke, stream)

    def _broke(self, stream: StreamSession) -> None:
        log.exception("Stream %s broke", stream.id)
        now = time.monotonic()
        stream.broke(now)
        self.after(now)

    def are_calm(self, now: float) -> bool:
        """Whether every stream has a customer that takes what comes, and nothing else is the matter with any."""
        for link in self._links.values():
            if link.closing or link.socket is None or not link.stream.is_calm(now) or not link.socket.looks_calm():
                return False
        return True

    def measure(self, now: float) -> None:
        """Tells each stream how much of what was written its customer has not taken."""
        for link in self._links.values():
            if link.socket is not None and not link.closing:
                link.stream.measure(link.socket.in_flight_bytes(), now)

    # Closing -----------------------------------------------------------------------------------------------------------------
    def close(self, effect: CloseCustomer) -> None:
        link = self._links.get(effect.stream_id)
        if link is None:
            return
        link.closing = True
        if link.socket is not None:
            self._spawn(self._close(effect, link, link.socket))
            return
        if link.task is not None and link.task is not asyncio.current_task():
            link.task.cancel()
        del self._links[effect.stream_id]

    async def _close(self, effect: CloseCustomer, link: Link, customer: CustomerSocket) -> None:
        """In the background: the end of the stream and its bill do not wait for a closing handshake."""
        stream, began = link.stream, time.monotonic()
        try:
            while effect.flush and (text := stream.take(began)) is not None:
                customer.write(text)
            await customer.close(effect.code, effect.reason, FLUSH_SECONDS)
        except Exception:  # or the call would be held, and never over
            log.exception("Stream %s: its socket could not be closed", stream.id)
            customer.abort()
        if link.task is not None:
            link.task.cancel()  # what came before the end is read at a pace, and of no use any more
        del self._links[effect.stream_id]
        now = time.monotonic()
        stream.socket_closed(customer.closure, now - began, now)
        self.after(now)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
