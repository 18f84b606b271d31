"""With HTTPS=1 no secret that came without TLS is read, and whoever brings none is led to https."""

import asyncio
import json
import logging
from typing import Any

import pytest

from config.plain_http import NoPlainSecrets

BASIC = (b"authorization", b"Basic TUExOnNlY3JldC10b2tlbg==")


def asked(scope: dict[str, Any], https: bool = True) -> tuple[list[dict[str, Any]], bool]:
    """What is answered, and whether it went on to the application. Nothing may be read before."""
    sent: list[dict[str, Any]] = []
    went_on: list[bool] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        went_on.append(True)

    async def receive() -> None:
        raise AssertionError("the body was read")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": ("192.0.2.7", 5), **scope}
    asyncio.run(NoPlainSecrets(application, https=https)(scope, receive, send))
    return sent, bool(went_on)


@pytest.mark.parametrize(
    "scope",
    [
        {"path": "/v1/Account/MA1/", "headers": [BASIC]},
        {"path": "/v1/Account/MA1/Call/", "method": "POST"},
        {"path": "/admin/login/", "method": "POST", "scheme": "http"},
        {"path": "/admin/login/", "method": "PUT", "scheme": ""},
    ],
)
def test_what_brings_a_secret_is_refused_unread(scope: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    (head, body), went_on = asked(scope)
    assert (head["status"], went_on) == (403, False)
    words = json.loads(body["body"])["error"] if scope["path"].startswith("/v1/") else body["body"].decode()
    assert "use https://" in words and "change it" in words
    (line,) = caplog.messages
    assert "192.0.2.7" in line and "secret" not in line


@pytest.mark.parametrize(
    ("scope", "https"),
    [
        ({"scheme": "https", "method": "POST", "headers": [BASIC]}, True),
        ({"scheme": "http", "method": "GET"}, True),
        ({"scheme": "http", "method": "POST", "headers": [BASIC]}, False),
        ({"type": "lifespan"}, True),
    ],
)
def test_anything_else_goes_on(scope: dict[str, Any], https: bool) -> None:
    assert asked(scope, https) == ([], True)
