"""Frames a second by gateway: measured by each process with its lease rounds, and forgotten with the process."""

import asyncio
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.db.models import Sum
from django.db.models.functions import Now

from streams import tasks
from streams.gateways import traffic
from streams.models import Call, Gateway, GatewayTraffic
from streams.simulate.ending import cancelled
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)


def rates() -> list[float]:
    return list(traffic.fresh(20).order_by("owner").values_list("frames_per_second", flat=True))


async def test_a_live_call_brings_its_frames_and_their_end_is_measured_too(settings) -> None:
    settings.LEASE_SECONDS = 2.0
    row = await database_sync_to_async(gateway)()
    async with switchboard_running():
        async with call() as communicator:

            async def talk() -> None:
                while True:
                    await communicator.send_to(bytes_data=b"\x55" * 160)
                    await asyncio.sleep(0.02)

            talking = asyncio.create_task(talk())
            await until(lambda: [rate for rate in rates() if 40 <= rate <= 55])
            await cancelled(talking)
        await until(lambda: rates() == [0.0])
        assert (await database_sync_to_async(GatewayTraffic.objects.get)()).gateway_id == row.pk
    assert not await database_sync_to_async(GatewayTraffic.objects.exists)()


async def test_a_gateway_that_was_deleted_during_a_call_is_measured_no_more(settings) -> None:
    settings.LEASE_SECONDS = 0.4
    await database_sync_to_async(gateway)()
    async with switchboard_running() as board, call() as communicator:
        await until(Call.objects.exists)
        await database_sync_to_async(Gateway.objects.all().delete)()
        await until(lambda: not board.directory.entries)
        await communicator.send_to(bytes_data=b"\x55" * 160)
        await until(lambda: not board.meters)
    assert not await database_sync_to_async(GatewayTraffic.objects.exists)()


def test_the_processes_add_up_and_one_that_is_dead_does_not_count() -> None:
    row, other = gateway(), gateway("other")
    traffic.write("a" * 32, {row.pk: 50.0, other.pk: 7.0})
    traffic.write("b" * 32, {row.pk: 100.0})
    traffic.write("a" * 32, {row.pk: 49.0})
    assert traffic.fresh(20).filter(gateway=row).aggregate(Sum("frames_per_second")) == {"frames_per_second__sum": 149.0}
    GatewayTraffic.objects.filter(owner="b" * 32).update(measured_at=Now() - timedelta(seconds=21))
    assert sorted(rates()) == [7.0, 49.0]


def test_rows_of_processes_that_are_long_dead_are_removed() -> None:
    row = gateway()
    traffic.write("a" * 32, {row.pk: 50.0})
    traffic.write("b" * 32, {row.pk: 50.0})
    GatewayTraffic.objects.filter(owner="b" * 32).update(measured_at=Now() - timedelta(days=2))
    tasks.forget_old_gateway_rows()
    assert GatewayTraffic.objects.get().owner == "a" * 32
