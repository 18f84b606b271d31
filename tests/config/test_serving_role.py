"""Each role serves its part and tells the other's addresses whose they are; what is behind them is a stand-in that says it was reached."""

import logging
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from config.serving_role import ALL, CLOSE_ELSEWHERE, CLOSE_REFUSED, CONSOLE, MEDIA, NO_CALLS, NO_PAGES, in_role

PAGES = ("/", "/admin/", "/admin/cdr/calldetail/", "/v1/Account/MA1/Call/", "/static/cdr/console.css", "/gateway/asterisk/pbx/", "/x")
PROBES = ("/healthz", "/readyz", "/status")
GATEWAYS = ("/gateway/asterisk/pbx/", "/gateway/twilio/pbx/secret/", "/gateway", "/x", "/")
LIVE = "/admin/live/call/0a/"
SECONDS = 10


async def reached(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "reached", "role": scope["serving_role"]})


async def told(role: str, kind: str, path: str, **more: Any) -> list[dict[str, Any]]:
    """All that the application sends."""
    communicator = ApplicationCommunicator(in_role(role, reached), {"type": kind, "path": path, **more})
    await communicator.send_input({"type": "websocket.connect"})
    await communicator.wait(SECONDS)
    return [communicator.output_queue.get_nowait() for _ in range(communicator.output_queue.qsize())]


def served(role: str) -> list[dict[str, Any]]:
    return [{"type": "reached", "role": role}]


@pytest.mark.parametrize("path", PAGES)
async def test_media_has_no_page_and_says_who_has(path: str):
    start, body = await told(MEDIA, "http", path)
    assert (start["status"], body["body"].decode()) == (404, f"{NO_PAGES}\n")
    assert await told(CONSOLE, "http", path) == served(CONSOLE)


@pytest.mark.parametrize("role", [ALL, CONSOLE, MEDIA])
@pytest.mark.parametrize("path", PROBES)
async def test_each_answers_probes_and_they_know_whose_they_are(role: str, path: str):
    assert await told(role, "http", path) == served(role)


@pytest.mark.parametrize("path", GATEWAYS)
async def test_the_console_takes_no_gateway(path: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert await told(CONSOLE, "websocket", path) == [{"type": "websocket.close", "code": CLOSE_REFUSED}]
    assert NO_CALLS in caplog.text and "secret" not in caplog.text
    assert await told(MEDIA, "websocket", path) == served(MEDIA)


async def test_media_has_no_live_page_and_says_so_with_code_and_reason():
    accepted, closed = await told(MEDIA, "websocket", LIVE)
    assert accepted["type"] == "websocket.accept"
    assert closed == {"type": "websocket.close", "code": CLOSE_ELSEWHERE, "reason": NO_PAGES}
    assert len(NO_PAGES.encode()) <= 123, "no longer than a close frame can carry"
    assert await told(CONSOLE, "websocket", LIVE) == served(CONSOLE)


async def test_a_prefix_that_a_server_takes_off_hides_nothing():
    start, _ = await told(MEDIA, "http", "/x/admin/", root_path="/x")
    assert start["status"] == 404
    assert (await told(MEDIA, "websocket", f"/x{LIVE}", root_path="/x"))[-1]["code"] == CLOSE_ELSEWHERE
    assert (await told(CONSOLE, "websocket", "/admin/live/gateway/asterisk/pbx/", root_path="/admin/live"))[-1]["code"] == CLOSE_REFUSED


@pytest.mark.parametrize(("kind", "path"), [("http", "/admin/"), ("websocket", LIVE), ("websocket", "/gateway/asterisk/pbx/")])
async def test_all_is_everything(kind: str, path: str):
    assert await told(ALL, kind, path) == served(ALL)
