"""The port that is listened on, and each connection accepted there, which knows by which error of the network it was lost.

Owns Twisted's port and transport as we use them. Must not know what is said on a connection."""

import errno
from typing import Any

from twisted.internet import tcp
from twisted.internet.main import CONNECTION_LOST

UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}


class AcceptedConnection(tcp.Server):
    """Reads and writes as Twisted does, which tells of every error alike that the connection was lost."""

    lost_by: int | None = None

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
    transport = AcceptedConnection
