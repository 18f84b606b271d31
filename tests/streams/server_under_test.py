"""A process that runs streams.serving.server.Server around a small application, for test_server.py and test_limits.py to hit from outside.

Prints its port, then one word per thing that happens. Knows no Django, as the server does not."""

import asyncio
import json
import os
import socket
import sys
from ipaddress import ip_network
from typing import Any

from streams.serving.doors import Entrances
from streams.serving.limited_websocket import KEEP_ALIVE, LimitedWebSocket
from streams.serving.limits import ConnectionLimits
from streams.serving.server import Server

live: set["asyncio.Event"] = set()


def say(*words: object) -> None:
    print(*words, flush=True)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await (websocket if scope["type"] == "websocket" else http)(scope, receive, send)


async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    if scope["path"] == "/root":
        say("root", repr(scope["root_path"]))
    if scope["path"] == "/tables":
        say("tables", *tables())
    if scope["path"] == "/hog":
        await hog()
    if scope["path"] in ("/long", "/broken", "/left"):
        await long_answer(send, scope["path"])
        return
    if scope["path"] == "/slow":
        say("request")
        await asyncio.sleep(0.5)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def long_answer(send: Any, path: str) -> None:
    """/long is 200 MB in parts; /broken one part and an error, /left one part and nothing."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200 if path == "/long" else 1):
        await send({"type": "http.response.body", "body": bytes(1_000_000), "more_body": True})
    if path == "/broken":
        raise RuntimeError("in the middle of an answer")
    if path == "/left":
        return
    await send({"type": "http.response.body"})
    say("sent")


def tables() -> tuple[int, ...]:
    """How many the server has: taken, waiting, lingering; turns begun and waited for; bytes of bodies. This request is one of them."""
    doors = server.doors
    turns = doors.turns.values()
    begun, waiting = sum(each.begun_count for each in turns), sum(each.waiting_count for each in turns)
    return len(doors.taken), len(doors.room), len(doors.lingering), begun, waiting, server.body_bytes


async def hog() -> None:
    """Takes all descriptors there are for a second."""
    taken = []
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        say("hogging")
    await asyncio.sleep(1)
    for each in taken:
        os.close(each)
    say("hogged", len(taken) > 10)


async def websocket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """/call is a live call, which drain lets finish; /page a browser's page; /flood is sent more than it reads, /clock
    something all the time; /deaf never reads."""
    await receive()
    if scope["path"] == "/never":
        say("connecting")
        await asyncio.sleep(60)
    await send({"type": "websocket.accept"})
    say("open", scope["path"], *filter(None, [scope["root_path"]]))
    over = asyncio.Event()
    if scope["path"] == "/call":
        live.add(over)
    if scope["path"] == "/options":
        say_options()
    try:
        await converse(scope["path"], receive, send)
    finally:
        await asyncio.sleep(0.2 if scope["path"] == "/call" else 0)
        say("finalised", scope["path"])
        live.discard(over)
        over.set()


def say_options() -> None:
    """What is set on the only socket there is."""
    [protocol] = (protocol for protocol in server.connections if isinstance(protocol, LimitedWebSocket))
    there = protocol.transport.getHandle()
    idle, interval, count = (there.getsockopt(socket.IPPROTO_TCP, option) for option, _ in KEEP_ALIVE)
    keep_alive = there.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    unacknowledged_ms = there.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    say("options keepalive", keep_alive, idle, interval, count, "unacknowledged", unacknowledged_ms)


async def converse(path: str, receive: Any, send: Any) -> None:
    if path == "/deaf":
        await asyncio.sleep(60)
    saying = {"/flood": flood, "/clock": tick}
    flooding = asyncio.create_task(saying[path](send)) if path in saying else None
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 1013, "reason": "come back later"})
        else:
            await send({**message, "type": "websocket.send"})
    say("gone", message.get("code"), "by us" if message.get("by_server") else "by the peer", message.get("reason") or "")
    if flooding is not None:
        flooding.cancel()


async def flood(send: Any) -> None:
    while True:
        await send({"type": "websocket.send", "bytes": bytes(65_536)})
        await asyncio.sleep(0)


async def tick(send: Any) -> None:
    while True:
        await send({"type": "websocket.send", "text": "tick"})
        await asyncio.sleep(0.05)


async def drain(limit_seconds: float) -> None:
    say("drain", limit_seconds)
    waits = [asyncio.ensure_future(over.wait()) for over in live]
    if waits:
        await asyncio.wait(waits, timeout=limit_seconds)
    say("drained", len(live))


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    server = Server(
        application,
        "127.0.0.1",
        arguments.get("port", 0),
        announce=lambda: say("announced"),
        notice_seconds=arguments.get("notice_seconds", 0),
        drain=drain,
        drain_seconds=arguments.get("drain_seconds", 10),
        limits=ConnectionLimits(**arguments.get("limits", {})),
        entrances=Entrances(calls=arguments.get("calls", "/call"), probes=("/healthz",), proxies=(ip_network("127.0.3.0/24"),)),
        ready=lambda host, port: say("listening", port),
    )
    server.run()
    sys.exit(server.failure or 0)
