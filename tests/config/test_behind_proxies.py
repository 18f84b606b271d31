"""Who is seen through a proxy, and who only claims to be somebody else: of a page, of the API and of a WebSocket."""

import asyncio
import logging
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import HttpCommunicator
from django.conf import settings
from django.contrib.auth.models import User

from cdr.api.throttle import FAILED_LOGINS
from cdr.models import FailedSignIn
from config.asgi import application as served
from config.behind_proxies import BehindProxies
from config.metrics.page import MetricsPage
from config.plain_http import NoPlainSecrets
from streams.models import GatewayRefusal
from tests.patient_communicator import PatientCommunicator
from tests.streams.gateway_socket import switchboard_running

PROXY, STRANGER = "10.0.0.1", "203.0.113.66"
PROXIES = [ip_network("10.0.0.0/24")]
application = BehindProxies(served.application, PROXIES, hints=True)


def seen(peer: str, *headers: tuple[bytes, bytes], kind: str = "http", scheme: str = "http") -> dict[str, Any]:
    """What the application behind is given."""
    given: list[dict[str, Any]] = []

    async def behind(scope: dict[str, Any], receive: Any, send: Any) -> None:
        given.append(scope)

    scope = {"type": kind, "client": (peer, 5060), "headers": list(headers), "scheme": scheme}
    asyncio.run(BehindProxies(behind, PROXIES, hints=True)(scope, None, None))
    return given[0]


def test_a_proxy_that_is_named_says_who_came_how_and_for_what() -> None:
    scope = seen(
        PROXY,
        (b"host", b"inside:8000"),
        (b"x-forwarded-for", b"198.51.100.4"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"desk.example.com"),
    )
    assert (scope["client"], scope["scheme"], scope["headers"]) == (("198.51.100.4", 0), "https", [(b"host", b"desk.example.com")])
    assert seen(PROXY, (b"x-forwarded-proto", b"https"), kind="websocket", scheme="ws")["scheme"] == "wss"


def test_what_anybody_else_says_is_believed_nowhere_and_goes_no_further() -> None:
    claims = [(name, b"198.51.100.4") for name in (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")]
    scope = seen(STRANGER, (b"host", b"desk.example.com"), *claims)
    assert (scope["client"], scope["scheme"], scope["headers"]) == ((STRANGER, 5060), "http", [(b"host", b"desk.example.com")])


def test_a_line_that_a_stranger_sent_stands_above_the_proxys_own_and_counts_for_nothing() -> None:
    scope = seen(
        PROXY,
        *[(b"x-forwarded-for", b"198.51.100.4"), (b"x-forwarded-for", STRANGER.encode())],
        *[(b"x-forwarded-proto", b"https"), (b"x-forwarded-proto", b"http")],
    )
    assert (scope["client"][0], scope["scheme"]) == (STRANGER, "http")


@pytest.mark.parametrize("client", [None, ("", 0), ["192.0.2.1", 5]])
def test_a_peer_without_an_address_is_no_proxy(client: Any) -> None:
    scope = {"type": "http", "client": client, "headers": [(b"x-forwarded-for", b"198.51.100.4")]}
    assert application.seen_through(scope)["client"][0] in ("", "192.0.2.1")


def test_a_forgotten_proxy_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    forgetful = BehindProxies(served.application, (), hints=True)
    for _ in range(3):
        forgetful.seen_through({"type": "http", "client": (PROXY, 1), "headers": [(b"x-forwarded-for", b"198.51.100.4")]})
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{PROXY} sent X-Forwarded headers and is not in TRUSTED_PROXIES")


# Nobody goes round it ------------------------------------------------------------------------------------------------
def test_it_stands_before_everything_and_what_refuses_plain_secrets_behind_it() -> None:
    assert isinstance(served, BehindProxies) and isinstance(served.application, MetricsPage)
    plain_refused = served.application.application
    assert isinstance(plain_refused, NoPlainSecrets)
    assert (served.proxies, plain_refused.https) == (settings.TRUSTED_PROXIES, settings.HTTPS)


READ_BY = {
    "forwarded": {
        "config/behind_proxies.py",
        "streams/serving/limits.py",  # which counts who waits at the door, before there is an application
        "config/metrics/of_worker.py",  # which refuses whatever was passed on
    },
    "REMOTE_ADDR": {"cdr/addresses.py"},
    'get("client")': {
        "config/behind_proxies.py",
        "config/metrics/page.py",
        "config/plain_http.py",
        "cdr/addresses.py",
        "streams/admission.py",
    },
}


@pytest.mark.parametrize("words", READ_BY)
def test_an_address_is_read_in_one_place_for_pages_and_in_one_for_sockets(words: str) -> None:
    root = Path(settings.BASE_DIR)
    files = [path for wing in ("config", "cdr", "streams") for path in (root / wing).rglob("*.py") if "migrations" not in path.parts]
    said = re.compile(r"x[-_]forwarded" if words == "forwarded" else re.escape(words), re.IGNORECASE)
    code = {path.relative_to(root).as_posix(): re.sub(r'""".*?"""|#[^\n]*', "", path.read_text(), flags=re.DOTALL) for path in files}
    found = {name for name, text in code.items() if said.search(text)}
    assert found - {"config/checks.py", "config/entry_settings.py"} == READ_BY[words]


# Those who count and log ---------------------------------------------------------------------------------------------
def through(forwarded: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"localhost"), (b"x-forwarded-for", forwarded.encode())]


async def asked(method: str, path: str, body: bytes = b"", forwarded: str = "", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    communicator = HttpCommunicator(application, method, path, body, [*through(forwarded), *headers])
    communicator.scope["client"] = (PROXY, 40_000)
    answer = dict(await communicator.get_response(timeout=30))
    await communicator.wait(timeout=30)
    return answer


@pytest.mark.django_db(transaction=True)
async def test_a_failed_sign_in_is_counted_where_it_came_from() -> None:
    await database_sync_to_async(User.objects.create_user)("maria", password="a-long-password-1", is_staff=True)
    page = await asked("GET", "/admin/login/")
    cookie = next(value for name, value in page["headers"] if name.lower() == b"set-cookie").split(b";")[0]
    body = b"username=maria&password=wrong&csrfmiddlewaretoken=" + cookie.split(b"=")[1]
    form = [(b"content-type", b"application/x-www-form-urlencoded"), (b"cookie", cookie)]
    for number in (1, 2):
        await asked("POST", "/admin/login/", body, f"198.51.100.{number}, {STRANGER}", *form)
    rows = await database_sync_to_async(lambda: list(FailedSignIn.objects.values_list("ip_address", "failures_since_start")))()
    assert rows == [(STRANGER, 2)]


@pytest.mark.django_db(transaction=True)
async def test_a_guesser_at_the_api_is_counted_by_network(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    monkeypatch.setattr("cdr.api.auth.counters.refuse_exhausted", lambda limit, who: None)
    monkeypatch.setattr("cdr.api.auth.counters.count", lambda limit, who: counted.append((limit, who)))
    for number in (1, 2):
        answer = await asked("GET", "/v1/Account/MA1/", b"", f"2001:db8:0:7::{number}", (b"authorization", b"Basic TUExOnNlY3JldA=="))
        assert answer["status"] == 401
    assert counted == [(FAILED_LOGINS, "2001:db8:0:7::")] * 2


@pytest.mark.django_db(transaction=True)
async def test_a_refused_gateway_is_written_down_with_where_it_came_from() -> None:
    async with switchboard_running():
        socket = PatientCommunicator(application, "/gateway/asterisk/nobody/", headers=through(f"198.51.100.4, {STRANGER}"))
        socket.scope["client"] = (PROXY, 40_000)
        assert not (await socket.connect(timeout=30))[0]
    row = await database_sync_to_async(GatewayRefusal.objects.get)()
    assert row.address == STRANGER
