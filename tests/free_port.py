"""A port of this machine that nobody listens on, for a server that is told its port, or for one that is not there."""

import socket


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
