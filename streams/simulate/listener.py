"""A listening socket that knows every connection it accepted, and an end of serving on it that leaves none of them open.

Owns the sockets, from `accept` to `close`, whatever protocols (TLS among them) are on top. Must not know what is served.

asyncio alone does not do: a connection that was accepted in the very round of the loop in which its Server is closed gets a transport that
fails on the closed Server, silently, and its socket stays open until it is collected. Until Python 3.12, `wait_closed` waits for nobody."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, Self

LIMIT_SECONDS = 20.0
"""Only a connection whose owner neither reads nor writes any more is still open then."""


class ListeningServer(Protocol):
    """What asyncio's servers and those of websockets have in common."""

    def close(self) -> None: ...

    async def wait_closed(self) -> None: ...


class Connection(socket.socket):
    """An accepted one; `closed` is set by its `close`, which its transport calls last of all."""

    closed: asyncio.Event

    @classmethod
    def of(cls, accepted: socket.socket) -> Self:
        connection = cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        connection.closed = asyncio.Event()
        return connection

    def close(self) -> None:
        super().close()
        self.closed.set()


class Listener(socket.socket):
    """Give it to a server as its `sock`, and let `end` close both."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Raises OSError when the port is in use."""
        listening = socket.create_server((host, port))
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self._accepted: set[Connection] = set()

    @property
    def port(self) -> int:
        return int(self.getsockname()[1])

    @property
    def connections(self) -> set[Connection]:
        """Those that are open."""
        self._accepted = {connection for connection in self._accepted if not connection.closed.is_set()}
        return self._accepted

    def accept(self) -> tuple[socket.socket, Any]:
        accepted, address = super().accept()
        connection = Connection.of(accepted)
        self.connections.add(connection)
        return connection, address

    async def end(self, server: ListeningServer) -> None:
        """Returns when the server and every connection are closed; WebSockets that are open are closed with words by websockets' server,
        and whatever else there is reads the end of its stream. Raises TimeoutError naming the connections that stay open."""
        asyncio.get_running_loop().remove_reader(self)
        # Nothing is accepted from here on. The loop runs what it has to in order: what was accepted has its transport after this.
        await asyncio.sleep(0)
        conversing = {connection.transport.get_extra_info("socket").fileno() for connection in getattr(server, "connections", ())}
        server.close()
        for connection in self.connections:
            if connection.fileno() not in conversing:
                with suppress(OSError):  # the peer was quicker
                    connection.shutdown(socket.SHUT_RDWR)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await server.wait_closed()
                await asyncio.gather(*(connection.closed.wait() for connection in self.connections))
        except TimeoutError:
            raise TimeoutError(f"still open after {LIMIT_SECONDS:g} s: {self.connections}") from None


@asynccontextmanager
async def serving(start: Callable[[Listener], Awaitable[ListeningServer]], host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Yields the port of the server that `start` makes of a listener."""
    listener = Listener(host, port)
    server = await start(listener)
    try:
        yield listener.port
    finally:
        await listener.end(server)
