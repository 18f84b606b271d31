"""What is set on an accepted socket, and what is known of one whose peer fell silent."""

import asyncio
import errno
import shutil
import socket
import subprocess
import sys

import pytest
from twisted.internet.abstract import FileDescriptor
from twisted.internet.main import CONNECTION_LOST
from websockets.asyncio.client import connect

from config import child_process
from streams.serving.listening import AcceptedConnection
from tests.streams.server_process import ROOT, serving


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="This system has no TCP_USER_TIMEOUT.")
async def test_an_open_websocket_is_watched_while_nothing_is_sent_and_while_something_is() -> None:
    async with serving() as server, connect(server.url("/options")):
        await server.says("options", "keepalive", 1, 6, 3, 3, "unacknowledged", 15_000)


def test_only_silence_has_words_of_its_own() -> None:
    words = {number: words_of(number) for number in (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ECONNRESET, None)}
    assert "acknowledged for 15 s" in words[errno.ETIMEDOUT]
    assert "not reached it for 15 s" in words[errno.EHOSTUNREACH]
    assert (words[errno.ECONNRESET], words[None]) == ("", "")


def words_of(number: int | None) -> str:
    connection = AcceptedConnection.__new__(AcceptedConnection)
    connection.lost_by = number
    return connection.silence_words(15)


NETWORK_OF_ITS_OWN = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


def no_network() -> str:
    """Why this machine cannot make one; "" when it can."""
    if missing := [tool for tool in ("unshare", "nsenter", "ip") if shutil.which(tool) is None]:
        return f"This machine has no {missing[0]}."
    made = subprocess.run([*NETWORK_OF_ITS_OWN, "true"], capture_output=True, timeout=30, check=False)
    return "This user may not make a network of its own (be root)." if made.returncode else ""


async def test_a_peer_that_vanishes_while_it_is_spoken_to_is_noticed_and_it_is_said_how() -> None:
    """Keep-alive does not run over what is not acknowledged: without our limit it would take the system a quarter of an hour."""
    if reason := no_network():
        pytest.skip(reason)
    async with serving(NETWORK_OF_ITS_OWN, limits={"unacknowledged_seconds": 1.5}) as server:
        entered = ("nsenter", "--net", "--target", str(server.process.pid))
        command = (*entered, sys.executable, "-m", "tests.streams.vanishing_peer", str(server.port))
        peer = await asyncio.create_subprocess_exec(*command, **child_process.options(ROOT))
        try:
            words = "nothing that was sent to it was acknowledged for 1.5 s; its machine, or the network on the way, is gone"
            await server.says("gone", 1006, "by us", words)
        finally:
            peer.kill()
            await peer.wait()


class Wanting:
    """A reactor that only keeps who wants to write."""

    def __init__(self) -> None:
        self.writers: list[AcceptedConnection] = []

    def addWriter(self, connection: AcceptedConnection) -> None:  # noqa: N802 - Twisted's names
        self.writers = [connection]

    def removeWriter(self, connection: AcceptedConnection) -> None:  # noqa: N802
        self.writers = []


def connection_to(near: socket.socket, reactor: Wanting) -> AcceptedConnection:
    near.setblocking(False)
    connection = AcceptedConnection.__new__(AcceptedConnection)
    FileDescriptor.__init__(connection, reactor)
    connection.socket, connection.connected, connection.at_once = near, 1, True
    return connection


def test_what_is_written_goes_out_at_once_and_behind_what_waits_where_anything_does() -> None:
    near, far = socket.socketpair()
    with near, far:
        connection, texts = connection_to(near, reactor := Wanting()), [bytes([number]) * 40_000 for number in range(40)]
        connection.write(b"first")
        assert (far.recv(10), reactor.writers) == (b"first", [])
        for text in texts:
            connection.write(text)
        assert reactor.writers == [connection]
        heard = bytearray()
        while reactor.writers:
            heard += far.recv(65_536)
            assert connection.doWrite() is None
        connection.write(b"last")
        far.shutdown(socket.SHUT_WR)
        near.shutdown(socket.SHUT_WR)
        while part := far.recv(65_536):
            heard += part
        assert bytes(heard) == b"".join(texts) + b"last"


def test_by_which_error_it_was_lost_is_kept_until_the_loop_ends_it() -> None:
    near, far = socket.socketpair()
    with near:
        connection = connection_to(near, reactor := Wanting())
        far.close()
        connection.write(b"to nobody")
        connection.write(b"nor this")
        assert reactor.writers == [connection]
        assert connection.lost_by == errno.EPIPE
        connection.lost_by = errno.ETIMEDOUT  # as the system says once; from then on it says EPIPE
        assert connection.doWrite() is CONNECTION_LOST
        assert connection.lost_by == errno.ETIMEDOUT
