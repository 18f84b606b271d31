"""The connection under httpcore2: an open socket, each of whose operations ends at the deadline of one request.

Owns what the library leaves open: a time limit of the whole, and heads without end. Must not dial, nor know HTTP beyond its first bytes."""

import socket

import httpcore2

from streams.fetch.attempt import ASKING, Attempt, TooLarge

MAX_HEAD_BYTES = 65_536
"""Of all that comes before the answer's body. The library has a limit for one head, but takes "100 Continue" without end."""
HEAD_READ_BYTES = 4096
"""How much is read at once meanwhile, so that little of a body is counted."""
BEGINNING = b"HTTP/1."


class Wire(httpcore2.NetworkStream):
    """Sends and receives until the deadline; of time limits the library is told none. Whoever made the socket closes it."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        self._sock, self._attempt = sock, attempt
        self._beginning = b""
        self._head_bytes = 0

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        while rest:
            self._sock.settimeout(self._attempt.left())
            rest = rest[self._sock.send(rest) :]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        in_head = self._attempt.step is ASKING
        self._sock.settimeout(self._attempt.left())
        data = self._sock.recv(min(max_bytes, HEAD_READ_BYTES) if in_head else max_bytes)
        self._attempt.closed_by_peer = not data
        if in_head:
            self._judge_head(data)
        return data

    def close(self) -> None:
        """Nothing: `fetch` does."""

    def _judge_head(self, data: bytes) -> None:
        """The library waits for a whole head before it looks at it: a peer that greets in another protocol never ends one."""
        self._beginning = (self._beginning + data)[: len(BEGINNING)]
        if not BEGINNING.startswith(self._beginning):
            raise httpcore2.RemoteProtocolError(data.partition(b"\n")[0].decode("ascii", "replace").strip() or "an empty line")
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise TooLarge
