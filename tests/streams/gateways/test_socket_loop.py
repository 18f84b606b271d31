"""The loop of an accepted socket: how its end is told, and that a failure of ours is ours."""

import asyncio
import time
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

import pytest

from streams.gateways.socket_loop import CLOSE_INTERNAL_ERROR, SocketEnd, SocketLoop
from streams.pure.allowance import Allowance
from streams.pure.straight import Straight, Taker

GONE: dict[str, Any] = {"type": "websocket.disconnect", "code": 1000}


async def end_of(*messages: dict[str, Any]) -> tuple[SocketEnd, list[str | bytes], list[dict[str, Any]]]:
    """How a socket ended that brought these; what was heard on it, "fail" being more than could be handled; and what was sent."""
    waiting, heard, sent = list(messages), list[str | bytes](), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    def feed(data: str | bytes) -> None:
        heard.append(data)
        if data == "fail":
            raise ZeroDivisionError

    return await SocketLoop(send, "pbx", copy_context()).run(receive, feed), heard, sent


def text(said: str) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": said}


@pytest.mark.parametrize(
    ("gone", "end"),
    [
        (GONE, SocketEnd(1000)),
        ({"type": "websocket.disconnect"}, SocketEnd(None)),
        ({**GONE, "code": 1009, "reason": "said its peer"}, SocketEnd(1009)),
        ({**GONE, "code": 1009, "reason": "too large", "by_server": True}, SocketEnd(1009, "too large")),
        ({**GONE, "code": None, "reason": "it did not read", "by_server": True}, SocketEnd(None, "it did not read")),
    ],
)
async def test_an_end_of_the_peer_is_told_from_one_of_the_server(gone: dict[str, Any], end: SocketEnd) -> None:
    assert (await end_of(text("a"), gone))[:2] == (end, ["a"])


async def test_a_gateway_that_sends_without_a_pause_lets_others_have_their_turn() -> None:
    """As Daphne hands over what came: without waiting, for as long as there is something."""
    waiting, heard, turns = [text(str(number)) for number in range(3000)] + [GONE], list[str | bytes](), 0

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def other() -> None:
        nonlocal turns
        while len(waiting) > 1:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.ensure_future(other())
    await SocketLoop(None, "pbx", copy_context()).run(receive, heard.append)
    await beside
    assert heard == [str(number) for number in range(3000)]
    assert turns > 1000


async def test_what_a_gateway_sends_beyond_its_pace_is_read_later_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.gateways.socket_loop.OF_GATEWAYS", Allowance(a_second=1000, at_once=100))
    waiting, heard = [text(str(number)) for number in range(300)] + [GONE], list[str | bytes]()

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    began = time.monotonic()
    await SocketLoop(None, "pbx", copy_context()).run(receive, heard.append)
    assert heard == [str(number) for number in range(300)]
    assert time.monotonic() - began > 0.15


async def test_a_message_that_broke_us_closes_the_socket_and_whatever_comes_back_is_an_echo() -> None:
    end, heard, sent = await end_of(text("fail"), text("more"), {**GONE, "code": CLOSE_INTERNAL_ERROR})
    assert end == SocketEnd(CLOSE_INTERNAL_ERROR, "internal error")
    assert heard == ["fail", "more"]
    assert sent == [{"type": "websocket.close", "code": CLOSE_INTERNAL_ERROR, "reason": "internal error"}]


async def test_a_message_that_cannot_be_sent_keeps_back_none_behind_it(caplog: pytest.LogCaptureFixture) -> None:
    """Audio that is played to the call would stop, and nothing say so."""
    sent, over = list[Any](), asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        if message.get("text") in ("bad", "gone"):
            raise {"bad": ValueError("no such message"), "gone": ConnectionResetError()}[message["text"]]
        sent.append(message["text"])
        if message["text"] == "last":
            over.set()

    async def receive() -> dict[str, Any]:
        await over.wait()
        return GONE

    loop = SocketLoop(send, "pbx", copy_context())
    for said in ("first", "bad", "gone", "last"):
        loop.tell(said)
    async with asyncio.timeout(10):
        await loop.run(receive, lambda said: None)
    assert sent == ["first", "last"]
    assert caplog.text.count("a message could not be sent") == 1 and "ValueError" in caplog.text


# Messages that need not wake the loop ---------------------------------------------------------------------------------------
class StraightServer:
    """As our server hands messages over: past the queue where nothing waits in it and the loop takes it. `straight` were taken so."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[str | bytes] = []
        self.straight: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.taker: Taker | None = None
        self.offered: list[str | bytes] = []
        self.open = True

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def feed(self, said: str | bytes) -> None:
        self.heard.append(said)
        if said == "fail":
            raise ZeroDivisionError

    def give_to(self, taker: Taker | None) -> None:
        self.taker = taker

    def sends(self, said: str | bytes) -> bool:
        self.offered.append(said)
        if said == "bad":
            raise UnicodeError
        if self.open:
            self.sent.append({"said": said})
        return self.open

    def brings(self, said: str) -> None:
        if self.taker is not None and self.queue.empty() and self.taker(said):
            self.straight.append(said)
        else:
            self.queue.put_nowait(text(said))

    async def ends(self, running: "asyncio.Task[SocketEnd]") -> SocketEnd:
        self.queue.put_nowait(GONE)
        return await asyncio.wait_for(running, 10)

    async def begins(self) -> "asyncio.Task[SocketEnd]":
        self.loop = SocketLoop(self.send, "pbx", copy_context())
        running = asyncio.ensure_future(self.loop.run(self.queue.get, self.feed, Straight(self.give_to, self.sends)))
        while self.taker is None:
            await asyncio.sleep(0)
        return running


async def test_a_message_is_heard_at_once_and_one_that_comes_in_a_heap_when_others_had_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    server = StraightServer()
    running = await server.begins()
    now = time.monotonic()
    with monkeypatch.context() as meanwhile:  # however long this machine takes for them, they come at once
        meanwhile.setattr("streams.gateways.socket_loop.time", SimpleNamespace(monotonic=lambda: now))
        server.brings("a frame")
        assert server.heard == ["a frame"]
        for number in range(100):
            server.brings(str(number))
    assert len(server.heard) <= 2
    await asyncio.sleep(0.01)
    server.brings("behind all")
    assert await server.ends(running) == SocketEnd(1000)
    assert server.heard == ["a frame", *map(str, range(100)), "behind all"]
    assert server.taker is None


async def test_whichever_way_messages_come_their_order_is_kept_and_their_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.gateways.socket_loop.OF_GATEWAYS", Allowance(a_second=1000, at_once=100))
    server, began = StraightServer(), time.monotonic()
    running = await server.begins()
    for number in range(300):
        server.brings(str(number))
        if number % 7 == 0:
            await asyncio.sleep(0.002 * (number % 2))
    await server.ends(running)
    assert server.heard == [str(number) for number in range(300)]
    assert server.straight and len(server.straight) < 300
    assert time.monotonic() - began > 0.15


async def test_one_that_breaks_us_closes_the_socket_also_where_it_came_straight() -> None:
    server = StraightServer()
    running = await server.begins()
    server.brings("fail")
    assert server.straight == ["fail"]
    await asyncio.sleep(0.01)
    assert await server.ends(running) == SocketEnd(CLOSE_INTERNAL_ERROR, "internal error")
    assert server.sent == [{"type": "websocket.close", "code": CLOSE_INTERNAL_ERROR, "reason": "internal error"}]


async def test_what_is_told_goes_out_at_once_and_behind_what_waits_where_anything_does() -> None:
    server = StraightServer()
    running = await server.begins()
    server.loop.tell(b"at once")
    assert server.sent == [{"said": b"at once"}]
    server.open = False
    server.loop.tell("later")
    server.open = True
    server.loop.tell("behind it")
    server.loop.close(4000, "over")
    server.loop.tell("too late")
    server.loop.tell("bad")
    assert len(server.sent) == 1 and server.offered == [b"at once", "later"]
    await asyncio.sleep(0.01)
    server.loop.tell("bad")
    assert server.offered[-1] == "bad"
    await server.ends(running)
    assert [message.get("text", message.get("code")) for message in server.sent[1:]] == [
        "later",
        "behind it",
        4000,
        "too late",
        "bad",
        "bad",
    ]
