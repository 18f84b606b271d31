"""Ports of this machine that nobody listens on, and that are given to nobody else: for a server that is told its port, or for one that is
not there.

They lie below those that the system gives to outgoing connections: any of these could take one before its server is there. Each process
has a stretch of them for as long as it lives, beside other processes of the tests, of this tree and of others. Owns which they are."""

import fcntl
import os
import socket
import tempfile
from itertools import cycle
from pathlib import Path

LOWEST, A_STRETCH = 20_000, 40
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""Of Linux. Others begin no lower than Linux does if it is told nothing."""
FIRST_OUTGOING = 32_768


def free_port() -> int:
    """Another one each time, until all of the stretch were given."""
    for _ in range(A_STRETCH):
        port = next(_ports)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise OSError(f"Servers listen on all {A_STRETCH} ports of this process.")


def free_ports_in_a_row(count: int) -> range:
    """For processes that are told the first one."""
    row = [free_port()]
    while len(row) < count:
        port = free_port()
        row = [*row, port] if port == row[-1] + 1 else [port]
    return range(row[0], row[0] + count)


def reserve_stretch(lowest: int, end: int) -> tuple[range, int]:
    """The first that no other process has; and the descriptor of the file that says so while it is open, however the process ends."""
    folder = Path(tempfile.gettempdir(), f"streamdesk-test-ports-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    for first in range(lowest, end - A_STRETCH + 1, A_STRETCH):
        descriptor = os.open(folder / str(first), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return range(first, first + A_STRETCH), descriptor
    raise OSError(f"Other processes have all ports from {lowest} to {end}.")


def first_outgoing() -> int:
    try:
        told = int(OUTGOING.read_text().split()[0])
    except OSError:
        return FIRST_OUTGOING
    return told if told >= LOWEST + A_STRETCH else FIRST_OUTGOING


own, _descriptor = reserve_stretch(LOWEST, first_outgoing())
_ports = cycle(own)
