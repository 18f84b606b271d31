"""Each endless loop of a process, made to fail as nobody expects: the status names it, and it goes on doing its work."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from config import status
from streams import control, journal, keeper, process_troubles
from streams.calls import crowding, note_page, orphaned_spools, presence, switchboard, timing
from streams.control import listening
from streams.gateways import directory, refusals, traffic
from streams.models import Call, CallMeasure, Gateway, GatewayRefusal, GatewayTraffic, Heartbeat, ProcessReport, StreamEvent, WebProcess
from tests.streams.gateway_socket import call, socket, switchboard_running, until
from tests.streams.redis_server import RedisServer
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def otherwise_ready(redis: RedisServer, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Nothing else is wrong; a loop that failed counts as down until the test says otherwise; and of what is told to others with each
    quarter of a lease, they hear soon that it is over."""
    settings.LEASE_SECONDS = 2
    Heartbeat.objects.create(name="reaper", beat_at=timezone.now())
    gateway()
    monkeypatch.setattr(status, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "STEADY_SECONDS", 3600.0)


class FailsFirst:
    """A function of ours that fails the first time, or so many times."""

    def __init__(self, function: Callable[..., Any], error: Exception, times: int = 1) -> None:
        self.function, self.error, self.left = function, error, times

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method is bound."""
        return self if instance is None else partial(self, instance)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self.left:
            self.left -= 1
            raise self.error
        return self.function(*arguments, **options)


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def fail(module: Any, name: str, error: Exception | None = None, times: int = 1) -> None:
        failing = FailsFirst(getattr(module, name), error or ValueError("nobody expects this"), times)
        monkeypatch.setattr(module, name, failing)

    return fail


async def probe(path: str) -> tuple[int, Any]:
    response = await AsyncClient().get(path)
    return response.status_code, response.json()


async def said_of_loops() -> str:
    """By the status page, "" when nothing is."""
    _, found = await probe("/status")
    return "".join(trouble["what"] for trouble in found["troubles"] if trouble["about"] == "loops")


async def until_said(words: str) -> None:
    """The page is asked when the loop is down: each time, all work of the installation is looked through."""
    async with asyncio.timeout(30):
        while not any(words in name for name in keeper.loops_down()):
            await asyncio.sleep(0.02)
        while words not in await said_of_loops():
            await asyncio.sleep(0.1)


async def it_recovers(
    monkeypatch: pytest.MonkeyPatch, name: str, works: Callable[[], Awaitable[Any]], *, calls_need_it: bool = True
) -> None:
    """The loop has failed or is about to: the status says so, and readiness where calls need it; its work is done all the same, and in
    the end all is well."""
    await until_said(name)
    ready, found = await probe("/readyz")
    assert (ready, found["loops"] != "ok") == ((503, True) if calls_need_it else (200, False))
    await works()
    monkeypatch.setattr(keeper, "STEADY_SECONDS", 0.0)
    async with asyncio.timeout(30):
        while keeper.loops_down():
            await asyncio.sleep(0.02)
        await until(lambda: not ProcessReport.objects.exists())
        while await said_of_loops() or (await probe("/readyz"))[0] != 200:
            await asyncio.sleep(0.1)


async def test_list_of_processes(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has gone is not listed, and removed after an hour."""
    fail(presence, "say_present")
    async with switchboard_running():
        await it_recovers(monkeypatch, "list of processes", lambda: until(WebProcess.objects.first), calls_need_it=False)
    await database_sync_to_async(WebProcess.objects.update)(seen_at=timezone.now() - timedelta(minutes=2))
    assert not await database_sync_to_async(presence.processes_there().exists)()
    await database_sync_to_async(presence.forget_gone)()
    assert await database_sync_to_async(WebProcess.objects.exists)()
    await database_sync_to_async(WebProcess.objects.update)(seen_at=timezone.now() - timedelta(minutes=61))
    await database_sync_to_async(presence.forget_gone)()
    assert not await database_sync_to_async(WebProcess.objects.exists)()


async def test_lease_renewal(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.LEASE_SECONDS = 4
    fail(journal, "renew_leases")
    async with switchboard_running(), call():
        begun = await until(Call.objects.first)

        async def works() -> None:
            await until(lambda: Call.objects.filter(lease_until__gt=begun.lease_until, state="live").first())

        await it_recovers(monkeypatch, "lease renewal", works)


async def test_lease_renewal_never_rests_longer_than_between_two_rounds(
    fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it fails, the reaper must not end the calls of a process that lives."""
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 30.0)
    fail(journal, "renew_leases", times=2)
    async with switchboard_running(), call():
        begun = await until(Call.objects.first)
        await until(lambda: Call.objects.filter(lease_until__gt=begun.lease_until).first())
    assert caplog.text.count("lease renewal failed and is started again in 0.5 s") == 2


async def test_frame_rates_of_gateways(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    fail(traffic, "write")
    async with switchboard_running(), call() as gateway_socket:
        await gateway_socket.send_to(bytes_data=b"\x55" * 160)
        await it_recovers(monkeypatch, "frame rates of gateways", lambda: until(GatewayTraffic.objects.first), calls_need_it=False)


async def test_timing_of_live_calls(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "MEASURE_SECONDS", 0.05)
    fail(journal, "keep_measures")
    async with switchboard_running(), call() as gateway_socket:
        await gateway_socket.send_to(bytes_data=b"\x55" * 160)
        await it_recovers(monkeypatch, "timing of live calls", lambda: until(CallMeasure.objects.first), calls_need_it=False)


async def test_signs_of_life_of_calls(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    fail(switchboard, "signs_of_life")
    async with switchboard_running() as board, call():

        async def works() -> None:
            (relay,) = board.relays.values()
            await until(lambda: relay.facts.call_id.hex.encode() in board.note_queue.spool.notes._signs)

        await it_recovers(monkeypatch, "signs of life of calls", works, calls_need_it=False)


async def test_spools_of_killed_processes(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    left = settings.DATA_DIR / "spool" / ("0" * 32 + ".spool")
    left.parent.mkdir(exist_ok=True)
    left.touch()
    fail(orphaned_spools.OrphanedSpools, "replay")
    async with switchboard_running():
        await it_recovers(monkeypatch, "spools of killed processes", lambda: until(lambda: not left.exists()), calls_need_it=False)


async def test_calls_of_other_processes(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowding, "REFRESH_SECONDS", 0.05)
    fail(crowding, "in_use_elsewhere")
    async with switchboard_running() as board:
        row = await until(Gateway.objects.first)

        async def works() -> None:
            await database_sync_to_async(Call.objects.create)(account_id=row.account_id, started_at=timezone.now(), owner="another")
            await until(lambda: board.crowding._elsewhere.calls["account", row.account_id] == 1)

        await it_recovers(monkeypatch, "calls of other processes", works, calls_need_it=False)


async def test_control_requests(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "CONTROL_SECONDS", 0.1)
    fail(control, "claim_waiting")
    async with switchboard_running(), call():
        row = await until(Call.objects.first)

        async def works() -> None:
            await database_sync_to_async(control.request_hangup)(row, "API")
            await until(lambda: Call.objects.filter(state="ended").first())

        await it_recovers(monkeypatch, "control requests", works)


async def test_channel_layer_listener(redis: RedisServer, fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    fail(listening, "get_channel_layer")
    async with switchboard_running() as board:
        heard = partial(redis.until_heard, control.control_group(board.owner))
        await it_recovers(monkeypatch, "channel layer listener", heard, calls_need_it=False)


async def test_gateway_directory(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    fail(directory, "load_gateways")
    async with switchboard_running():

        async def works() -> None:
            communicator = socket()
            assert (await communicator.connect(timeout=30))[0]
            await communicator.disconnect(timeout=30)

        await it_recovers(monkeypatch, "gateway directory", works)


async def test_refused_attempts(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    fail(refusals, "write", RuntimeError("can't start new thread"))
    async with switchboard_running():
        assert not (await socket(password="wrong").connect(timeout=30))[0]
        await it_recovers(monkeypatch, "refused attempts", lambda: until(GatewayRefusal.objects.first), calls_need_it=False)


async def test_note_writers(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no fault of a note loses none, and the page of the call finds a writer again."""
    fail(note_page.NotePage, "next_batch", RuntimeError("nobody expects this"), times=2)
    async with switchboard_running() as board:
        async with call():
            await until_said("note writer")
            assert (await probe("/readyz"))[0] == 503
            begun = await until(Call.objects.first)
        assert await board.note_queue.written(30)
        monkeypatch.setattr(keeper, "STEADY_SECONDS", 0.0)
        await until(lambda: not ProcessReport.objects.exists())
        assert (await probe("/readyz"))[0] == 200 and await said_of_loops() == ""
        assert (await database_sync_to_async(Call.objects.get)()).state == "ended"
    events = await database_sync_to_async(lambda: list(StreamEvent.objects.order_by("number").values_list("number", flat=True)))()
    assert begun.state == "live" and events == list(range(1, len(events) + 1))


async def test_report_of_trouble(fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What tells others of a process's trouble fails as well: they are told the next time, and that it is over."""
    fail(process_troubles, "report")
    fail(traffic, "write")
    async with switchboard_running(), call() as gateway_socket:
        await gateway_socket.send_to(bytes_data=b"\x55" * 160)

        async def works() -> None:
            await until(ProcessReport.objects.first)

        await it_recovers(monkeypatch, "report of trouble", works, calls_need_it=False)
        await until(lambda: not ProcessReport.objects.exists())
