"""A socket as http.client wants it, whose every operation ends at the deadline of one request.

Owns what http.client leaves open: time limits of the whole, heads that break off, heads without end."""

import http.client
import io
import socket
from typing import TYPE_CHECKING, Any

from streams.fetch.attempt import Attempt

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAX_FRAMING_BYTES = 524_288
"""Status lines, headers and chunk sizes of one answer together."""


class Wire:
    """Sends and receives until the deadline. Whoever made the socket closes it."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        self._sock, self._attempt = sock, attempt

    def sendall(self, data: "ReadableBuffer") -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self._attempt.left())
            rest = rest[self._sock.send(rest) :]

    def makefile(self, *_mode: Any) -> io.BufferedReader:
        return _Lines(_Received(self._sock, self._attempt))

    def close(self) -> None:
        """Nothing: http.client lets go of the socket before it reads the answer's body."""


class _Received(io.RawIOBase):
    """What arrives before the deadline, however slowly it is fed."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        self._sock, self._attempt = sock, attempt

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._sock.settimeout(self._attempt.left())
        return self._sock.recv_into(buffer)


class _Lines(io.BufferedReader):
    """The answer without three liberties of http.client: it takes the end of a connection for the end of a head, skips
    "100 Continue" for ever, and reads all there is after a chunk size of -1."""

    _framing_bytes = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self._framing_bytes += len(line)
        if self._framing_bytes > MAX_FRAMING_BYTES:
            raise http.client.LineTooLong("answer head")
        if not line.endswith(b"\n") and len(line) != size:
            raise ConnectionResetError("the head broke off")
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise http.client.UnknownTransferEncoding("a negative chunk size")
        return super().read(size)
