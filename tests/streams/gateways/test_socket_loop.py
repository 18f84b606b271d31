"""The loop of an accepted socket: how its end is told, and that a failure of ours is ours."""

import asyncio
import time
from typing import Any

import pytest

from streams.gateways.socket_loop import CLOSE_INTERNAL_ERROR, SocketEnd, SocketLoop
from streams.pure.allowance import Allowance

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

    return await SocketLoop(send, "pbx").run(receive, feed), heard, sent


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
    await SocketLoop(None, "pbx").run(receive, heard.append)
    await beside
    assert heard == [str(number) for number in range(3000)]
    assert turns > 1000


async def test_what_a_gateway_sends_beyond_its_pace_is_read_later_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.gateways.socket_loop.OF_GATEWAYS", Allowance(a_second=1000, at_once=100))
    waiting, heard = [text(str(number)) for number in range(300)] + [GONE], list[str | bytes]()

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    began = time.monotonic()
    await SocketLoop(None, "pbx").run(receive, heard.append)
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

    loop = SocketLoop(send, "pbx")
    for said in ("first", "bad", "gone", "last"):
        loop.tell(said)
    async with asyncio.timeout(10):
        await loop.run(receive, lambda said: None)
    assert sent == ["first", "last"]
    assert caplog.text.count("a message could not be sent") == 1 and "ValueError" in caplog.text
