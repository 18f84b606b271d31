"""Connections to PostgreSQL and Redis that fall silent without being closed: nothing hangs for long, and all goes on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from django.conf import settings as django_settings
from django.db import connections

from config.celery import app
from config.silent_peers import channel_host
from streams import control, database_threads
from streams.calls import lease_keeping, note_queue
from streams.control import listening, requests
from streams.delivery import broker
from streams.models import Call, StreamEvent
from streams.outages import Outage
from tests.on_postgresql import only_on_postgresql
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.redis_server import RedisServer
from tests.streams.rows import gateway
from tests.streams.silent_proxy import SilentProxy, silent_proxy

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = only_on_postgresql("has no connections")


# PostgreSQL ----------------------------------------------------------------------------------------------------------------------
@on_postgresql
async def test_a_silent_connection_to_the_database_costs_no_lease_and_no_note(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.LEASE_SECONDS = 8
    monkeypatch.setattr(database_threads, "ANSWER_SECONDS", 1.0)
    await database_sync_to_async(gateway)()
    entry = connections.settings["default"]
    before = dict(entry)
    async with silent_proxy(Path(entry["HOST"]) / ".s.PGSQL.5432") as proxy:
        # What is connected until the silence goes through the proxy and stays connected; what is connected after it does not.
        entry.update(HOST="127.0.0.1", PORT=str(proxy.port), CONN_MAX_AGE=None)
        async with switchboard_running() as board:
            async with call() as communicator:
                begun = await until(Call.objects.first)
                await until(Call.objects.filter(lease_until__gt=begun.lease_until).first)
                entry.update(before)
                await database_sync_to_async(connections.close_all)()  # the test's own
                proxy.silence()
                silent = await until(Call.objects.first)
                await communicator.send_to(text_data="DTMF_END digit:5 duration:100")
                renewed = await until(Call.objects.filter(lease_until__gt=silent.lease_until).first)
                await until(StreamEvent.objects.filter(kind="call_dtmf").first)
                assert (renewed.state, [relay.live for relay in board.relays.values()]) == ("live", [True])
                assert not lease_keeping.leases_run_out()
            assert await board.note_queue.written(30) and not note_queue.refused_for_now()


# Redis -----------------------------------------------------------------------------------------------------------------------------
@asynccontextmanager
async def layer_through_a_proxy(settings: Any) -> AsyncIterator[SilentProxy]:
    async with silent_proxy(django_settings.EMBEDDED_REDIS_SOCKET) as proxy:
        layer = dict(settings.CHANNEL_LAYERS["default"])
        layer["CONFIG"] = {**layer["CONFIG"], "hosts": [channel_host(f"redis://127.0.0.1:{proxy.port}/0")]}
        settings.CHANNEL_LAYERS = {"default": layer}
        channel_layers.backends.clear()
        try:
            yield proxy
        finally:
            await channel_layers["default"].flush()
            channel_layers.backends.clear()


async def test_a_listener_on_a_silent_connection_notices_and_hears_again(
    redis: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(listening, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(listening, "PAUSE_SECONDS", 0.05)
    heard = asyncio.Event()
    async with layer_through_a_proxy(settings) as proxy:
        ear = asyncio.create_task(listening.listen("me", heard.set))
        await redis.until_heard(control.control_group("me"))
        connected = proxy.connections
        proxy.silence()
        async with asyncio.timeout(30):
            while proxy.connections < connected + 2:  # one that subscribes, one that speaks
                await asyncio.sleep(0.01)
            await redis.until_heard(control.control_group("me"))
        heard.clear()
        async with asyncio.timeout(30):
            await heard.wait()
        ear.cancel()
        await asyncio.wait([ear])


async def test_who_asks_for_something_is_not_held_up_by_a_silent_redis(
    redis: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streams.control.requests.NUDGE_SECONDS", 0.3)
    monkeypatch.setattr(requests, "_messages", Outage(requests.log, "Sending control messages"))  # of which nothing has been said yet
    async with layer_through_a_proxy(settings) as proxy:
        proxy.deaf = True
        proxy.silence()
        began = time.monotonic()
        await sync_to_async(control.nudge)("me")
        assert time.monotonic() - began < 10  # its client alone would try for a minute
    assert "Sending control messages failed" in caplog.text


async def test_neither_is_who_owes_a_callback(redis: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with silent_proxy(django_settings.EMBEDDED_REDIS_SOCKET) as proxy:
        proxy.deaf = True
        proxy.silence()
        monkeypatch.setattr(app.conf, "broker_url", f"redis://127.0.0.1:{proxy.port}/0")
        monkeypatch.setattr(broker, "_broker", broker.new_broker())
        broker._producers.forget()
        began = time.monotonic()
        await sync_to_async(broker.nudge)(1)
        assert broker._broker.away and time.monotonic() - began < 10
        await sync_to_async(broker._producers.forget)()
