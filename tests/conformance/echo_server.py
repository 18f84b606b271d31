"""A process that sends back every message, by streams.serving.server.Server and the loop of the gateways' sockets. Prints its port."""

import sys
from contextvars import copy_context
from typing import Any

from streams.gateways.socket_loop import Receive, Send, SocketLoop
from streams.pure.straight import STRAIGHT
from streams.serving.server import Server


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    loop = SocketLoop(send, "echo", copy_context())
    await loop.run(receive, loop.tell, scope["extensions"][STRAIGHT])


async def drain(limit_seconds: float) -> None:
    """Nothing here is worth waiting for."""


if __name__ == "__main__":
    server = Server(
        application,
        "127.0.0.1",
        0,
        announce=lambda: None,
        notice_seconds=0,
        drain=drain,
        drain_seconds=0,
        ready=lambda host, port: print(port, flush=True),
    )
    server.run()
    sys.exit(server.failure or 0)
