"""A TCP server that misbehaves on purpose: each connection is given to a function that may do with the socket what it likes."""

import re
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

Behaviour = Callable[[socket.socket, Event], None]
"""(the connection, an event that is set when the test is over)"""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Listens on a free port of 127.0.0.1; `connections` counts those it took."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviour, self._tls = behaviour, tls
        self.over = Event()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/path?q=1"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            secured = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with secured:
                self._behaviour(secured, self.over)
        except OSError:
            connection.close()

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in list(self._threads):
            thread.join(30)
            assert not thread.is_alive(), "a behaviour goes on when the test is over"


@contextmanager
def serving(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    server = RawServer(behaviour, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def whole_request(connection: socket.socket) -> bytes:
    """Head and body. What is left unread would turn our close into a reset, and the answer might never be seen."""
    request = b""
    while b"\r\n\r\n" not in request and (more := connection.recv(65_536)):
        request += more
    head, _, body = request.partition(b"\r\n\r\n")
    announced = re.search(rb"\r\nContent-Length: ([0-9]+)", head)
    while announced and len(body) < int(announced[1]) and (more := connection.recv(65_536)):
        body += more
    return head + b"\r\n\r\n" + body


def saying(*parts: bytes) -> Behaviour:
    """Reads the request, answers with `parts` and closes."""

    def behave(connection: socket.socket, _over: Event) -> None:
        whole_request(connection)
        connection.sendall(b"".join(parts))

    return behave


def dripping(start: bytes, drop: bytes = b"x", seconds: float = 0.02) -> Behaviour:
    """Says `start`, then `drop` again and again until the test is over."""

    def behave(connection: socket.socket, over: Event) -> None:
        whole_request(connection)
        connection.sendall(start)
        while not over.wait(seconds):
            connection.sendall(drop)

    return behave


def flooding(start: bytes, flood: bytes) -> Behaviour:
    """Says `start`, then `flood` as fast as it is taken, without end."""
    return dripping(start, flood * (65_536 // len(flood)), 0)


def hanging(start: bytes = b"") -> Behaviour:
    """Reads the request, says `start` and then nothing any more."""

    def behave(connection: socket.socket, over: Event) -> None:
        whole_request(connection)
        connection.sendall(start)
        over.wait(30)

    return behave


def mute(connection: socket.socket, over: Event) -> None:
    """Does not even read."""
    over.wait(30)


def resetting(start: bytes = b"") -> Behaviour:
    """Says `start` and resets the connection."""

    def behave(connection: socket.socket, _over: Event) -> None:
        whole_request(connection)
        connection.sendall(start)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave
