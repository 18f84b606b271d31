"""The port that is listened on, and each connection accepted there, which knows by which error of the network it was lost.

Owns Twisted's port and transport as we use them. Must not know what is said on a connection."""

import errno
import logging
import os
import socket
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from daphne.server import twisted_loop
from twisted.internet import tcp
from twisted.internet.main import CONNECTION_LOST

from streams.outages import Outage
from streams.serving.doors import Visit
from streams.serving.even_spread import STEP_BACK_SECONDS, EvenSpread

log = logging.getLogger(__name__)

ACCEPTED_AT_ONCE = 4
NEXT_TRY_SECONDS = 0.25
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}


class AcceptedConnection(tcp.Server):
    """Reads and writes as Twisted does, which tells of every error alike that the connection was lost."""

    lost_by: int | None = None
    spread: EvenSpread | None = None
    visit: Visit | None = None
    """That which asked for a WebSocket here."""
    at_once = False
    """Whether what is written goes out at once where nothing waits: what is said on a WebSocket is whole, and nothing follows that it could
    go with. A response to a request is written in parts, which go together."""

    def startReading(self) -> None:  # noqa: N802
        """As Twisted's, but the loop's callback is the reading itself: Twisted's has around it a context for each read, so that its own log
        can tell whose it was, and nobody reads that log."""
        super().startReading()
        twisted_loop.add_reader(self.fileno(), self.reactor._readOrWrite, self, True)

    def doRead(self) -> Any:  # noqa: N802 - Twisted's name, as below
        try:
            data = self.socket.recv(self.bufferSize)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            return self.lost(error)
        return self._dataReceived(data)

    def write(self, data: bytes) -> None:
        """Twisted's waits for the loop to say that the socket can be written to: two questions to the kernel and a turn of the loop."""
        if self.at_once and self.connected and not (self._tempDataLen or self.dataBuffer or self._writeDisconnected):
            sent = self.writeSomeData(data)
            if sent is not CONNECTION_LOST:  # which doWrite finds again, and then ends the connection
                data = data[sent:]
        if data:
            super().write(data)

    def writeSomeData(self, data: bytes) -> Any:  # noqa: N802
        if self.lost_by is not None:  # the system says only once why
            return CONNECTION_LOST
        try:
            return self.socket.send(memoryview(data)[: self.SEND_LIMIT])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            return 0 if error.errno == errno.ENOBUFS else self.lost(error)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        if self.spread is not None:
            self.spread.went()
        super().connectionLost(reason)

    def lost(self, error: OSError) -> Any:
        self.lost_by = error.errno
        return CONNECTION_LOST

    def silence_words(self, seconds: float) -> str:
        """Why it was lost, where the system gave its peer up after so long; "" where it was not for that."""
        if self.lost_by == errno.ETIMEDOUT:
            return f"nothing that was sent to it was acknowledged for {seconds:g} s; its machine, or the network on the way, is gone"
        return f"the network has not reached it for {seconds:g} s" if self.lost_by in UNREACHABLE else ""


class ListeningPort(tcp.Port):
    """Accepts a few at a time, so that live calls have their turn; and nothing while there is no descriptor: Twisted would close what comes
    with one it keeps for that, and go round and round once that is lost."""

    spread: EvenSpread | None = None
    """With others that accept from this port."""
    stepped_back = False

    def transport(self, *arguments: Any) -> AcceptedConnection:
        connection = AcceptedConnection(*arguments)
        if (spread := self.spread) is not None:
            connection.spread = spread
            spread.came()
        return connection

    def doRead(self) -> None:  # noqa: N802
        if not has_descriptor():
            self.outage.failed("no descriptor is left", "whoever comes waits, and calls go on; raise LimitNOFILE (docs/operation.md)")
            self.pause(NEXT_TRY_SECONDS)
        elif self.spread is not None and not self.stepped_back and not self.spread.goes_first():
            self.stepped_back = True
            self.pause(STEP_BACK_SECONDS)
        else:
            self.stepped_back = False
            self.numberAccepts = ACCEPTED_AT_ONCE if self.spread is None else 1
            super().doRead()

    def pause(self, seconds: float) -> None:
        self.stopReading()
        self.reactor.callLater(seconds, self.go_on)

    def go_on(self) -> None:
        if self.connected and not self.disconnecting:
            if has_descriptor():
                self.outage.worked()
            self.startReading()

    def stopListening(self) -> Any:  # noqa: N802
        if self.spread is not None:
            self.spread.leave()
        return super().stopListening()

    @cached_property
    def outage(self) -> Outage:
        return Outage(log, "Accepting connections")


@dataclass(frozen=True)
class PortOfSeveral:
    """A port that is listened on already, by us and by others. `descriptor` is its own, `numbers` that of what EvenSpread keeps, where
    this process has `place`."""

    descriptor: int
    numbers: int
    place: int

    @classmethod
    def from_word(cls, word: str) -> "PortOfSeveral":
        """Raises ValueError."""
        descriptor, numbers, place = map(int, word.split(":"))
        return cls(descriptor, numbers, place)

    def opened(self, factory: Any, reactor: Any) -> ListeningPort:
        """Takes both descriptors over."""
        with socket.socket(fileno=self.descriptor) as listening:  # a copy is made of it
            port = cast(ListeningPort, ListeningPort._fromListeningDescriptor(reactor, self.descriptor, listening.family, factory))
        port.spread = EvenSpread(self.numbers, self.place)
        os.close(self.numbers)
        return port


def has_descriptor() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    return True
