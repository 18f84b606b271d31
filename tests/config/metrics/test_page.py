"""/metrics of a web process, with calls that are live and calls that were: what it says, that it never goes back, who may read it, and that
nobody's reading costs anybody anything."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import AsyncRequestFactory
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config.behind_proxies import BehindProxies
from config.metrics import figures
from config.metrics.of_calls import TROUBLES
from config.metrics.page import MetricsPage
from config.serving_role import ALL
from streams.models import Call, Heartbeat
from streams.pure.lifecycle import CallState
from streams.simulate.customer import Customer
from tests.streams.callback_rows import owed, stream
from tests.streams.gateway_socket import call, socket, switchboard_running
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)

FRAME = bytes([0xFF]) * 160
HOSTILE = 'A "quoted"\nname\\ with} all{le="1"} of it'


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("metrics are answered before anything else")


LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture
def page(settings) -> MetricsPage:
    settings.METRICS_ALLOW = LOOPBACK
    figures.backlog.forget()
    return MetricsPage(elsewhere, ALL)


async def answered(page: Any, **scope: Any) -> tuple[int, str]:
    request = AsyncRequestFactory().get("/metrics").scope
    communicator = ApplicationCommunicator(page, {**request, **scope})
    await communicator.send_input({"type": "http.request"})
    start = await communicator.receive_output(30)
    body = (await communicator.receive_output(30))["body"].decode()
    await communicator.wait(30)
    return start["status"], body


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and the labels' values."""
    families = list(text_string_to_metric_families(text))
    return {(each.name, ",".join(each.labels.values())): each.value for family in families for each in family.samples}


async def scraped(page: MetricsPage) -> dict[tuple[str, str], float]:
    """A new page, whatever was made a moment ago."""
    page._pages.clear()
    code, text = await answered(page)
    assert code == 200, text
    return samples(text)


async def test_a_call_is_counted_while_it_lives_and_afterwards(page: MetricsPage) -> None:
    async with Customer() as customer:
        xml = f'<Response><Stream contentType="audio/x-mulaw;rate=8000" noiseCancellation="true">{customer.url}</Stream></Response>'
        await database_sync_to_async(gateway)("pbx", xml)
        async with switchboard_running() as board:
            before = await scraped(page)
            async with call() as socket_:
                for _ in range(20):
                    await socket_.send_to(bytes_data=FRAME)
                while (await scraped(page))["streamdesk_customer_frames_total", ""] < 20:
                    await asyncio.sleep(0.02)
                live = await scraped(page)
            while board.relays:
                await asyncio.sleep(0.02)
            after = await scraped(page)
    assert before["streamdesk_calls_live", ""] == 0 and live["streamdesk_calls_live", ""] == 1
    assert live["streamdesk_streams_live", "streaming"] == 1 and live["streamdesk_gateway_connections", "asterisk"] == 1
    assert live["streamdesk_gateway_frames_total", ""] == 20 and live["streamdesk_stream_added_latency_seconds_count", ""] == 20
    assert live["streamdesk_streams_noise_cancelled", ""] == 1 and after["streamdesk_streams_noise_cancelled", ""] == 0
    assert after["streamdesk_noise_cancelled_audio_seconds_total", ""] == pytest.approx(0.4)
    assert 0 < after["streamdesk_noise_cancellation_cpu_seconds_total", ""] < 1
    assert after["streamdesk_calls_live", ""] == 0 and after["streamdesk_gateway_connections", "asterisk"] == 0
    assert after["streamdesk_streams_ended_total", "call_ended"] + after["streamdesk_streams_ended_total", "gateway_lost"] == 1
    assert after["streamdesk_events_total", "call_ended"] == 1
    assert after["streamdesk_stream_peak_buffer_seconds_count", ""] == 1
    assert all(count >= live[key] for key, count in after.items() if key[0].endswith("_total") and key in live), "a counter went back"


async def test_refused_gateways_are_counted_by_reason(page: MetricsPage) -> None:
    await database_sync_to_async(gateway)()
    async with switchboard_running():
        await socket(password="wrong").connect(timeout=30)
        found = await scraped(page)
    assert found["streamdesk_gateways_refused_total", "wrong_password"] == 1


async def test_names_numbers_and_uuids_stand_nowhere_and_series_do_not_grow_with_tenants(page: MetricsPage) -> None:
    async with switchboard_running():
        few = await scraped(page)
        for number in range(20):
            await database_sync_to_async(gateway)(f"pbx{number}-{HOSTILE}"[:50])
        _, text = await answered(MetricsPage(elsewhere, ALL))
    assert "quoted" not in text and "pbx" not in text
    assert samples(text).keys() == few.keys()


async def test_what_waits_in_the_database_is_told(page: MetricsPage) -> None:
    def rows() -> None:
        owed(stream(), "http://127.0.0.1:9/")
        Call.objects.update(state=CallState.LIVE)
        Heartbeat.objects.create(name="reaper", beat_at=timezone.now())

    await database_sync_to_async(rows)()
    found = await scraped(page)
    assert found["streamdesk_callbacks_waiting", ""] == 1
    assert found["streamdesk_calls_live_in_database", ""] == 1
    assert 0 <= found["streamdesk_worker_silent_seconds", ""] < 60


# Who may read it -----------------------------------------------------------------------------------------------------------------
async def test_it_is_not_read_through_a_proxy_by_accident(page: MetricsPage) -> None:
    """A proxy on this machine passes everything on: named or not, its visitors are strangers."""
    visitor = [(b"x-forwarded-for", b"203.0.113.7")]
    for proxies in ((), settings.METRICS_ALLOW):
        around = BehindProxies(page, proxies, hints=False)
        assert (await answered(around, client=("127.0.0.1", 1), headers=visitor))[0] == 403
        assert (await answered(around, client=("127.0.0.1", 1), headers=[]))[0] == 200
    for header in (b"forwarded", b"via", b"x-real-ip"):
        unnamed = BehindProxies(page, (), hints=False)
        assert (await answered(unnamed, client=("127.0.0.1", 1), headers=[(header, b"1")]))[0] == 403


async def test_of_several_processes_each_shows_its_own_on_its_own_port_alone(page: MetricsPage) -> None:
    one_of_several = MetricsPage(elsewhere, ALL, 9001)
    assert (await answered(one_of_several, server=("127.0.0.1", 9001)))[0] == 200
    for elsewhere_asked in (("127.0.0.1", 8000), None):
        code, words = await answered(one_of_several, server=elsewhere_asked)
        assert code == 404 and "--own-port" in words


async def test_only_get(page: MetricsPage) -> None:
    assert (await answered(page, method="POST"))[0] == 405
    assert await answered(page, method="HEAD") == (200, "")


# Attacks -----------------------------------------------------------------------------------------------------------------------------
async def test_a_thousand_scrapes_at_once_are_one(page: MetricsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = page._make

    async def counted() -> bytes:
        made.append(1)
        return await make()

    monkeypatch.setattr(page, "_make", counted)
    answers = await asyncio.gather(*(answered(page) for _ in range(1000)))
    assert {code for code, _ in answers} == {200} and len(made) <= 3


async def test_who_goes_away_takes_nobody_s_page_along(page: MetricsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two wait for one page; the first hangs up."""
    going_on = asyncio.Event()
    make = page._make

    async def slow() -> bytes:
        await going_on.wait()
        return await make()

    monkeypatch.setattr(page, "_make", slow)
    first, second = (asyncio.create_task(answered(page)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    going_on.set()
    assert (await asyncio.wait_for(second, 30))[0] == 200


async def test_a_page_that_could_not_be_made_is_made_anew(page: MetricsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> bytes:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(page, "_make", broken)
    with pytest.raises(RuntimeError):
        await page.page()
    monkeypatch.undo()
    assert (await answered(page))[0] == 200


async def test_with_a_database_and_a_redis_that_hang_it_answers_all_the_same(page: MetricsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> Any:
        asyncio.run_coroutine_threadsafe(over.wait(), loop).result(30)
        return {}

    monkeypatch.setattr(figures.backlog, "_ask", hang)
    monkeypatch.setattr("config.metrics.page.LIMIT_SECONDS", 0.1)
    try:
        async with switchboard_running():
            found = await asyncio.wait_for(scraped(page), 30)
    finally:
        over.set()
    assert ("streamdesk_calls_live", "") in found and ("streamdesk_callbacks_waiting", "") not in found
    await asyncio.wrap_future(figures.backlog.begin())


async def test_very_many_streams_are_added_up_in_slices(page: MetricsPage) -> None:
    """No slice may hold up audio: between two of them, others have their turn."""

    class ManyStreams:
        live = True

        class session:  # noqa: N801 - stands for one
            streams: dict[int, Any] = {}
            late_frames = 1

    async with switchboard_running() as board:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(others())
        audio, live = await board.counts.so_far([ManyStreams()] * 1000)  # type: ignore[list-item]
        task.cancel()
    assert (live.calls, audio.late_frames) == (1000, 1000) and turns >= 15


def test_the_parts_of_status_are_all_told() -> None:
    """A trouble that a page has no series for would never be an alert."""
    documented = (settings.BASE_DIR / "docs/operation.md").read_text()
    line = documented.split("`about` is one of ")[1].split(". An alert")[0]
    assert {name.strip("` ") for name in line.replace("\n", " ").split(",")} == {*TROUBLES}
