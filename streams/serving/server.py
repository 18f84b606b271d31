"""Daphne as we run it: it stops gracefully, and no connection costs more than its limits.

Owns the life of the listening process. Must not know Django: the application, and what finishes its live calls, are handed in."""

import asyncio
import logging
import signal
from asyncio import Future, Task
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from daphne.server import Server as DaphneServer
from daphne.server import twisted_loop
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import reactor as twisted_reactor
from twisted.internet.error import CannotListenError
from twisted.logger import globalLogBeginner

from streams.descriptors import current_plan
from streams.pure.straight import STRAIGHT, Straight
from streams.serving.doors import Doors, Entrances
from streams.serving.limited_websocket import LimitedWebSocket
from streams.serving.limits import ConnectionLimits, LimitedHTTPFactory, LimitedRequest
from streams.serving.listening import ListeningPort, PortOfSeveral

log = logging.getLogger(__name__)
reactor: Any = twisted_reactor

CLOSE_STOPPING = 1012
"""Service Restart (IANA's registry of WebSocket close codes): a client may come again."""
LAST_SECONDS = 5.0
"""At most this long for requests in progress, once the calls are over."""
HURRIED_SECONDS = 1.0
WEBSOCKET_MESSAGE_BYTES = 262_144
BACKLOG = 1024
AsgiApplication = Callable[..., Coroutine[Any, Any, None]]
Drain = Callable[[float], Awaitable[None]]


class Server(DaphneServer):
    """On SIGTERM or SIGINT it calls `announce` and serves on for `notice_seconds`, so that a load balancer can see what is coming. Then
    it stops listening, refuses WebSockets that are not open yet, awaits `drain(drain_seconds)`, which lets live calls finish
    within that time and ends the rest, closes what is left, and returns from `run`. A second signal ends the notice, and
    awaits `drain` anew with one second. `ready` is told the address that is listened on; `failure` says why there is none.
    `shared` takes the place of `port`; `own_port` is one on which this process can be asked alone."""

    def __init__(
        self,
        application: AsgiApplication,
        host: str,
        port: int,
        *,
        announce: Callable[[], None],
        notice_seconds: float,
        drain: Drain,
        drain_seconds: float,
        ready: Callable[[str, int], None],
        limits: ConnectionLimits = ConnectionLimits(),  # noqa: B008 - frozen
        entrances: Entrances = Entrances(),  # noqa: B008 - frozen
        shared: PortOfSeveral | None = None,
        own_port: int | None = None,
    ) -> None:
        super().__init__(
            application,
            endpoints=[f"{host}:{port}"],
            websocket_timeout=-1,  # compared with the wall clock: a jump of a day would close every call
            ping_interval=float("inf"),
            websocket_max_message_size=WEBSOCKET_MESSAGE_BYTES,
            websocket_max_frame_size=WEBSOCKET_MESSAGE_BYTES,
            application_close_timeout=60,
            server_name="",
        )
        self.host, self.port, self.shared, self.own_port = host, port, shared, own_port
        self.announce, self.notice_seconds = announce, notice_seconds
        self.drain, self.drain_seconds, self.ready, self.limits = drain, drain_seconds, ready, limits
        self.doors = Doors(current_plan(), entrances, reactor.callLater)
        self.body_bytes = 0
        self.connections: dict[Any, dict[str, Any]] = {}
        self.draining = False
        self.failure = ""
        self.listening: list[ListeningPort] = []
        self.stopping: Task[None] | None = None
        self.hurried = asyncio.Event()

    # The start -----------------------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Until stopped. Daphne's own `run` builds its own factories and lets Twisted take the signals, so it is not used."""
        globalLogBeginner.beginLoggingTo([lambda event: None], redirectStandardIO=False, discardBuffer=True)
        self.http_factory = LimitedHTTPFactory(self)
        self.ws_factory = self.make_websocket_factory()
        asyncio.set_event_loop(twisted_loop)
        reactor.callWhenRunning(self.listen)
        for number in (signal.SIGTERM, signal.SIGINT):
            twisted_loop.add_signal_handler(number, self.asked_to_stop)
        reactor.run(installSignalHandlers=False)

    def make_websocket_factory(self) -> WebSocketFactory:
        factory = WebSocketFactory(self, server="")
        factory.protocol = LimitedWebSocket
        factory.setProtocolOptions(
            allowNullOrigin=True,
            openHandshakeTimeout=self.websocket_handshake_timeout,
            maxMessagePayloadSize=self.websocket_max_message_size,
            maxFramePayloadSize=self.websocket_max_frame_size,
        )
        return factory

    def listen(self) -> None:
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        ports = [self.listening_port(self.port) if self.shared is None else self.shared.opened(self.http_factory, reactor)]
        ports += [] if self.own_port is None else [self.listening_port(self.own_port)]
        try:
            for port in ports:
                port.startListening()
                self.listening.append(port)
        except CannotListenError as error:
            self.failure = f"{self.host}:{error.port} cannot be listened on: {error}"
            reactor.stop()
            return
        address = ports[0].getHost()
        twisted_loop.call_soon(self.ready, address.host, address.port)  # the loop does not run yet

    def listening_port(self, number: int) -> ListeningPort:
        return ListeningPort(number, self.http_factory, backlog=BACKLOG, interface=self.host, reactor=reactor)

    # The connections ---------------------------------------------------------------------------------------------------------
    def create_application(self, protocol: Any, scope: dict[str, Any]) -> "asyncio.Queue[dict[str, Any]] | None":
        """As Daphne's, but a WebSocket learns what its application has taken, so that it can bound what it has not."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        taken = getattr(protocol, "taken", None)

        async def receive() -> dict[str, Any]:
            message = await queue.get()
            if taken is not None:
                taken(message)
            return message

        async def send(message: dict[str, Any]) -> None:
            await self.handle_reply(protocol, message)
            if isinstance(protocol, LimitedRequest) and not protocol.room.is_set():
                await self.reader_of(protocol)

        scope.setdefault("asgi", {"version": "3.0"})
        if isinstance(protocol, LimitedWebSocket):
            scope["extensions"] = {STRAIGHT: Straight(protocol.give_to, protocol.send_straight)}
        scope["root_path"] = ""  # Daphne believes a header of the visitor's, who could hide from a proxy that judges paths
        task = self.connections[protocol]["application_instance"] = twisted_loop.create_task(self.application(scope, receive, send))
        if isinstance(protocol, LimitedRequest):
            task.add_done_callback(lambda _: protocol.application_left())
        if isinstance(protocol, LimitedRequest) and (visit := protocol.visit) is not None:
            protocol.in_application = True
            task.add_done_callback(lambda _: self.doors.leave(visit))
        return queue

    async def reader_of(self, request: LimitedRequest) -> None:
        """Waits until he has read. His answer's turn is over: else a few who read slowly would have all of them."""
        if request.visit is not None:
            self.doors.leave(request.visit)
        await request.room.wait()

    # The end -----------------------------------------------------------------------------------------------------------------
    def asked_to_stop(self) -> None:
        if self.stopping is None:
            self.stopping = twisted_loop.create_task(self.stop_gracefully())
        else:
            self.hurried.set()

    async def stop_gracefully(self) -> None:
        try:
            if self.listening:
                await self.give_notice()
                self.draining = True
                for port in self.listening:
                    await port.stopListening().asFuture(twisted_loop)
            await self.drain_calls()
            await self.close_connections()
        except Exception:
            log.exception("Stopping went wrong; what is still open is cut off.")
        finally:
            reactor.stop()

    async def give_notice(self) -> None:
        self.announce()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.notice_seconds):
                await self.hurried.wait()

    async def drain_calls(self) -> None:
        patient = asyncio.ensure_future(self.drain(self.drain_seconds))
        impatience = asyncio.ensure_future(self.hurried.wait())
        await asyncio.wait([patient, impatience], return_when=asyncio.FIRST_COMPLETED)
        impatience.cancel()
        if not patient.done():
            patient.cancel()
            await asyncio.wait([patient])
            await self.drain(HURRIED_SECONDS)
        elif (error := patient.exception()) is not None:
            log.error("Live calls could not be finished.", exc_info=error)

    async def close_connections(self) -> None:
        """Browsers' sockets are closed, requests in progress get a moment, and what does not end then is cancelled and awaited."""
        for protocol in list(self.connections):
            if isinstance(protocol, LimitedWebSocket) and protocol.state == protocol.STATE_OPEN:
                protocol.close_with(CLOSE_STOPPING, "The server is being stopped")
        _, late = await wait_for_all(self.live_applications(), HURRIED_SECONDS if self.hurried.is_set() else LAST_SECONDS)
        for application in late:
            application.cancel()
        await wait_for_all(late, LAST_SECONDS)

    def live_applications(self) -> set["Future[Any]"]:
        # A connection has no application while its request is still on the way, and none any more once its answer is sent.
        applications = (details.get("application_instance") for details in self.connections.values())
        return {application for application in applications if application is not None and not application.done()}


async def wait_for_all(futures: set["Future[Any]"], within_seconds: float) -> tuple[set["Future[Any]"], set["Future[Any]"]]:
    """Those that are done in time, and the others."""
    return await asyncio.wait(futures, timeout=within_seconds) if futures else (set(), set())
