"""A WebSocket peer that vanishes while it is spoken to, in a network of its own (Linux, as root).

    vanishing_peer.py PORT

It connects from 127.0.0.2 to the server on 127.0.0.1, is told something, and then nothing reaches 127.0.0.2 any more."""

import subprocess
import sys

from websockets.sync.client import connect

CUT = ("ip", "route", "add", "table", "local", "blackhole", "127.0.0.2/32")


def vanish(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/clock", compression=None, ping_interval=None, source_address=("127.0.0.2", 0)) as socket:
        socket.recv()
        subprocess.run(CUT, check=True)
        for _ in socket:
            """Until it is killed."""


if __name__ == "__main__":
    vanish(int(sys.argv[1]))
