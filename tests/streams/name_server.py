"""A name server on a free port of 127.0.0.1: it knows the names it was given, never answers for those it is to swallow, and counts."""

import socket
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread

from streams.name_lookup import NameLookup
from streams.shares import Shares

A, AAAA = 1, 28
TYPES = {A: socket.AF_INET, AAAA: socket.AF_INET6}
NO_SUCH_NAME, REFUSED = 3, 5


class NameServer:
    """`names`: each with its addresses; who asks for one that ends with `.swallowed` hears nothing. `asked` counts questions by name."""

    def __init__(self, names: Mapping[str, Sequence[str]], ttl_seconds: int = 0) -> None:
        self.names, self.ttl_seconds = names, ttl_seconds
        self.asked: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            question, peer = self._socket.recvfrom(4096)
            if not question:
                return
            if answer := self._answer(question):
                self._socket.sendto(answer, peer)

    def _answer(self, question: bytes) -> bytes:
        labels, at = [], 12
        while length := question[at]:
            labels.append(question[at + 1 : at + 1 + length].decode())
            at += 1 + length
        name, kind = ".".join(labels).lower(), int.from_bytes(question[at + 1 : at + 3])
        self.asked[name] += 1
        if name.endswith(".swallowed"):
            return b""
        addresses = [address for address in self.names.get(name, ()) if (":" in address) == (kind == AAAA)]
        flags = 0x8580 | (0 if name in self.names else NO_SUCH_NAME)
        head = question[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0)
        return head + question[12 : at + 5] + b"".join(self._record(kind, address) for address in addresses)

    def _record(self, kind: int, address: str) -> bytes:
        packed = socket.inet_pton(TYPES[kind], address)
        return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, self.ttl_seconds, len(packed)) + packed

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self._socket.getsockname())
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._socket.close()


@contextmanager
def name_server(names: Mapping[str, Sequence[str]], ttl_seconds: int = 0) -> Iterator[NameServer]:
    server = NameServer(names, ttl_seconds)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def looking_up(server: NameServer, shares: Shares | None = None) -> Iterator[NameLookup]:
    """A resolver of its own that asks this server."""
    lookup = NameLookup([server.address], *([shares] if shares else []))
    try:
        yield lookup
    finally:
        lookup.close()
