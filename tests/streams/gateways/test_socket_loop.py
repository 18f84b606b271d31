"""The loop of an accepted socket: how its end is told, and that a failure of ours is ours."""

import asyncio
from typing import Any

import pytest

from streams.gateways.socket_loop import CLOSE_INTERNAL_ERROR, SocketEnd, SocketLoop

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


async def test_a_message_that_broke_us_closes_the_socket_and_whatever_comes_back_is_an_echo() -> None:
    end, heard, sent = await end_of(text("fail"), text("more"), {**GONE, "code": CLOSE_INTERNAL_ERROR})
    assert end == SocketEnd(CLOSE_INTERNAL_ERROR, "internal error")
    assert heard == ["fail", "more"]
    assert sent == [{"type": "websocket.close", "code": CLOSE_INTERNAL_ERROR, "reason": "internal error"}]
