"""A rolling restart of two web processes behind a real nginx with TLS, while calls come all the time and others go on: none is lost, none
is cut, and nothing of a caller stands in its log."""

import asyncio
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.simulate.call_plan import End
from streams.simulate.customer import Customer
from tests.free_port import free_port
from tests.journeys import nginx
from tests.journeys.answers import Answers
from tests.journeys.certificates import Authority
from tests.journeys.installation import Installation, Web
from tests.journeys.nginx import Nginx
from tests.journeys.stage import PASSWORD, live, speech, streams_to
from tests.journeys.test_processes import until_ready

pytestmark = [pytest.mark.slow, pytest.mark.skipif(nginx.executable() is None, reason="there is no nginx here (Debian: nginx-light)")]

PROXIED = {"HTTPS": "1", "TRUSTED_PROXIES": "127.0.0.1", "DRAIN_NOTICE_SECONDS": "1", "DRAIN_SECONDS": "60"}
CALLER = "4915112345678"


class Rolled:
    """Two web processes on ports of their own, one of which can be replaced."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.webs = {port: self.start(port) for port in (free_port(), free_port())}

    def start(self, port: int) -> Web:
        web = Web(self.installation.manage("serve", "--role", "all", "--port", str(port), **PROXIED))
        until_ready(web, 200)
        return web

    def stop(self, port: int) -> None:
        """As a supervisor does: SIGTERM, and as long as it takes."""
        web = self.webs.pop(port)
        web.process.signal(signal.SIGTERM)
        assert web.process.wait(90) == 0, web.process.output
        self.installation.processes.remove(web.process)
        web.process.stop()

    def roll(self) -> None:
        for port in list(self.webs):
            self.stop(port)
            self.webs[port] = self.start(port)


@pytest.fixture
def rolled(installation: Installation) -> Iterator[Rolled]:
    rolled = Rolled(installation)
    yield rolled
    for port in list(rolled.webs):
        rolled.stop(port)


@pytest.fixture
def proxy(rolled: Rolled, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nginx]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    first, second = rolled.webs
    proxy = Nginx(tmp_path, authority.server_file(), (first, second))
    try:
        until_it_listens(proxy)
        yield proxy
    finally:
        proxy.process.stop()


def until_it_listens(proxy: Nginx) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", proxy.port), 10).close()
            return
        except OSError:
            assert time.monotonic() < deadline and proxy.process.popen.poll() is None, (proxy.folder / "nginx.log").read_text()
            time.sleep(0.05)


def until_port_is_closed(port: int) -> None:
    """Its process waits for its calls to end, and takes no new ones."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 10).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    raise AssertionError("its port stayed open")


async def one_call(proxy: Nginx, customer: Customer, answers: Answers, seconds: float, *, until: asyncio.Event | None = None) -> None:
    """Through the proxy, from its first frame to its hang-up, which has to be the gateway's own."""
    call_uuid = streams_to(answers, customer)
    sent = speech(seconds)
    call, conversation = await live(proxy, customer, call_uuid, from_number=CALLER)  # type: ignore[arg-type]  # it has a ws_url
    await call.send_frames(sent)
    if until is not None:
        await until.wait()
        assert call.end is None, call.end
        await call.send_frames(sent)
    await call.hang_up()
    assert call.end is End.HUNG_UP
    await conversation.until_closed()
    assert conversation.audio == b"".join(sent) * (1 if until is None else 2)


async def test_a_rolling_restart_loses_no_call(rolled: Rolled, proxy: Nginx, answers: Answers, authority: Authority) -> None:
    await asyncio.to_thread(see_from_outside, proxy, authority)
    done, calls = asyncio.Event(), 0
    async with Customer() as customer:
        half_through = asyncio.Event()
        # On both processes: they have begun before either stops, and end when the first is being waited for.
        staying = [asyncio.create_task(one_call(proxy, customer, answers, 0.2, until=half_through)) for _ in range(4)]

        async def callers() -> None:
            nonlocal calls
            while not done.is_set():
                await one_call(proxy, customer, answers, 0.2)
                calls += 1
                await asyncio.sleep(0.2)  # three of them make enough calls

        coming = [asyncio.create_task(callers()) for _ in range(3)]
        while customer.attempts < 8:
            await asyncio.sleep(0.05)
        rolling = asyncio.create_task(asyncio.to_thread(rolled.roll))
        await asyncio.to_thread(until_port_is_closed, next(iter(rolled.webs)))
        half_through.set()
        await rolling
        done.set()
        await asyncio.gather(*staying, *coming)
    assert calls > 10
    assert_nothing_of_callers_in(proxy)


def assert_nothing_of_callers_in(proxy: Nginx) -> None:
    logs = proxy.access_log.read_text() + proxy.error_log.read_text() + (proxy.folder / "nginx.log").read_text()
    assert "/gateway/asterisk/gw1/ 101" in logs
    assert CALLER not in logs and PASSWORD not in logs and "?" not in logs


def see_from_outside(proxy: Nginx, authority: Authority) -> None:
    """The console is there; what is asked from inside is not; and without TLS nothing is."""
    context = ssl.create_default_context(cafile=authority.file)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    for path in ("/metrics", "/status", "/readyz", "/healthz"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(proxy.http_url + path, timeout=30)
        assert refused.value.code == 404
        refused.value.close()
    with opener.open(proxy.http_url + "/admin/login/", timeout=30) as page:
        assert page.status == 200 and b"Streamdesk" in page.read()
    with pytest.raises(urllib.error.HTTPError) as plain:
        opener.open(f"http://127.0.0.1:{proxy.plain_port}/gateway/asterisk/gw1/{PASSWORD}/", timeout=30)
    assert plain.value.code == 403
    plain.value.close()
