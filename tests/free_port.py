"""Ports of this machine that nobody listens on, for a server that is told its port, or for one that is not there."""

import socket
from contextlib import ExitStack


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def free_ports_in_a_row(count: int) -> range:
    """For processes that are told the first one."""
    while True:
        first = free_port()
        try:
            with ExitStack() as stack:
                for port in range(first, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
        except (OSError, OverflowError):
            continue
        return range(first, first + count)
