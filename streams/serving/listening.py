"""The port that is listened on, and each connection accepted there, which knows by which error of the network it was lost.

Owns Twisted's port and transport as we use them. Must not know what is said on a connection."""

import errno
import logging
import os
from functools import cached_property
from typing import Any

from twisted.internet import tcp
from twisted.internet.main import CONNECTION_LOST

from streams.outages import Outage
from streams.serving.doors import Visit

log = logging.getLogger(__name__)

ACCEPTED_AT_ONCE = 4
NEXT_TRY_SECONDS = 0.25
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}


class AcceptedConnection(tcp.Server):
    """Reads and writes as Twisted does, which tells of every error alike that the connection was lost."""

    lost_by: int | None = None
    visit: Visit | None = None
    """That which asked for a WebSocket here."""

    def doRead(self) -> Any:  # noqa: N802 - Twisted's name, as below
        try:
            data = self.socket.recv(self.bufferSize)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            return self.lost(error)
        return self._dataReceived(data)

    def writeSomeData(self, data: bytes) -> Any:  # noqa: N802
        try:
            return self.socket.send(memoryview(data)[: self.SEND_LIMIT])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            return 0 if error.errno == errno.ENOBUFS else self.lost(error)

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

    transport = AcceptedConnection

    def doRead(self) -> None:  # noqa: N802
        if has_descriptor():
            self.numberAccepts = ACCEPTED_AT_ONCE
            super().doRead()
            return
        self.outage.failed("no descriptor is left", "whoever comes waits, and calls go on; raise LimitNOFILE (docs/operation.md)")
        self.stopReading()
        self.reactor.callLater(NEXT_TRY_SECONDS, self.try_again)

    def try_again(self) -> None:
        if self.connected and not self.disconnecting:
            if has_descriptor():
                self.outage.worked()
            self.startReading()

    @cached_property
    def outage(self) -> Outage:
        return Outage(log, "Accepting connections")


def has_descriptor() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    return True
