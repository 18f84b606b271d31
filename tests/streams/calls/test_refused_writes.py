"""A database that answers and refuses to write, for a while: calls that begin and end in it get row, charge and callbacks afterwards."""

import asyncio

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from django.test import AsyncClient

from cdr.models import Charge
from config import readiness
from streams.calls import note_queue
from streams.models import Call, Callback, Stream, StreamEvent
from streams.simulate.customer import Customer
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.refusing_database import WAYS, refusing
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
SPEECH = b"\x55" * 160
CERTAIN = ("read only", "without a privilege", "in a migration")
"""A full disk still takes what fits in somewhere."""


@pytest.fixture(params=WAYS[connection.vendor])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def database_finding() -> str:
    return str((await AsyncClient().get("/readyz")).json()["database"])


async def until_readiness_says(words: str) -> None:
    async with asyncio.timeout(30):
        while words not in await database_finding():
            await asyncio.sleep(0.05)


async def test_calls_of_that_time_are_written_afterwards(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PROBE_EVERY_SECONDS", 0.0)
    async with Customer() as customer:
        attributes = f'contentType="audio/x-mulaw;rate=8000" statusCallbackUrl="{customer.status_url}"'
        await database_sync_to_async(gateway)("pbx", f"<Response><Stream {attributes}>{customer.url}</Stream></Response>")
        async with switchboard_running() as board:
            await board.directory.find("pbx")
            async with refusing(way):
                async with call() as communicator:
                    conversation = await customer.conversation()
                    for _ in range(10):
                        await communicator.send_to(bytes_data=SPEECH)
                    await conversation.until_media(10)
                    if way in CERTAIN:
                        await until_readiness_says("migrate" if "migration" in way else "cannot write calls")
                        await until_refused()
            await until_readiness_says("ok")
            assert await board.note_queue.written(60)
            assert (note_queue.refused_for_now(), note_queue.notes_aside()) == (False, 0)
    row, stream = await until(Call.objects.first), await until(Stream.objects.first)
    assert (row.state, stream.state, stream.hangup_reason) == ("ended", "ended", "Call hangup")
    assert await database_sync_to_async(Charge.objects.filter(stream=stream).count)() == 1
    events = await database_sync_to_async(lambda: list(Callback.objects.order_by("number").values_list("event", flat=True)))()
    numbers = await database_sync_to_async(lambda: list(StreamEvent.objects.order_by("number").values_list("number", flat=True)))()
    assert events == ["StartStream", "StopStream"]
    assert numbers == list(range(1, len(numbers) + 1))


async def until_refused() -> None:
    async with asyncio.timeout(30):
        while not note_queue.refused_for_now():
            await asyncio.sleep(0.01)
