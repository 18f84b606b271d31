"""What a process holds is renewed, and nothing else: a call that only its row believes in ends, billed to when it was heard of last."""

import asyncio
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import AsyncClient

from cdr.models import Charge
from streams import journal
from streams.calls import lease_keeping
from streams.models import Call, Stream
from streams.pure.lifecycle import EventKind
from streams.simulate.customer import Customer
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
SPEECH = b"\x55" * 160
ENDED, OTHER = "7d1f7a52-41a9-4c05-9d9c-9f6b3a2d7e10", "0f8e3d1c-77aa-4b6e-8d0f-2c1b9a7e6d54"


@pytest.fixture(autouse=True)
def short_leases(settings: Any) -> None:
    settings.LEASE_SECONDS = 2


def row(uuid: str) -> Call:
    return Call.objects.get(uuid=uuid)


async def until_renewed(uuid: str, rounds: int = 2) -> None:
    await until(Call.objects.filter(uuid=uuid).first)
    for _ in range(rounds):
        before = (await database_sync_to_async(row)(uuid)).lease_until
        await until(Call.objects.filter(uuid=uuid, lease_until__gt=before).first)


def reap_all() -> None:
    Call.objects.update(lease_until=Now() - timedelta(seconds=1))
    for call_id in journal.expired_calls():
        journal.reap(call_id)


async def test_an_end_that_cannot_be_written_does_not_bill_on_while_the_process_has_other_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease is renewed, because its end is still to be written; but should the process die, it is billed no longer for that."""
    record = journal.record

    def no_ends(owner: str, lease: float, facts: Any, notes: Any, lost: int = 0) -> None:
        if any(note.kind is EventKind.STREAM_ENDED for note in notes):
            raise OperationalError("disk full")
        record(owner, lease, facts, notes, lost)

    monkeypatch.setattr(journal, "record", no_ends)
    async with Customer() as customer:
        stream = f'<Stream contentType="audio/x-mulaw;rate=8000">{customer.url}</Stream>'
        await database_sync_to_async(gateway)("pbx", f"<Response>{stream}</Response>")
        async with switchboard_running() as board, call(f"call_uuid={OTHER}"):
            async with call(f"call_uuid={ENDED}") as communicator:
                await communicator.send_to(bytes_data=SPEECH)
                await until(lambda: Stream.objects.filter(call__uuid=ENDED, state="streaming").first())
                heard_at = next(relay for key, relay in board.relays.items() if key.call_id == UUID(ENDED)).heard_at
            await until_renewed(ENDED, rounds=4)
            assert (await database_sync_to_async(row)(OTHER)).state == (await database_sync_to_async(row)(ENDED)).state == "live"
            await database_sync_to_async(reap_all)()
            ended = await database_sync_to_async(Stream.objects.get)(call__uuid=ENDED)
            assert ended.ended_at.timestamp() <= max(heard_at, ended.started_at.timestamp())
            assert await database_sync_to_async(Charge.objects.filter(stream=ended).count)() == 1
            monkeypatch.setattr(journal, "record", record)


async def test_a_call_that_only_its_row_believes_in_is_not_renewed(caplog: pytest.LogCaptureFixture) -> None:
    await database_sync_to_async(gateway)()
    async with switchboard_running() as board, call(f"call_uuid={OTHER}"):
        async with call(f"call_uuid={ENDED}"):
            await until(lambda: Call.objects.filter(uuid=ENDED).first())
        ended = await until(lambda: Call.objects.filter(uuid=ENDED, state="ended").first())
        await database_sync_to_async(Call.objects.filter(pk=ended.pk).update)(state="live", ended_at=None, owner=board.owner)
        await until_renewed(OTHER, rounds=4)
        await until(journal.expired_calls)
        assert (await database_sync_to_async(row)(ENDED)).lease_until == ended.lease_until
        assert await database_sync_to_async(journal.reap)(ended.pk)
        again = await database_sync_to_async(row)(ENDED)
    assert again.ended_at == again.renewed_at
    assert caplog.text.count(f"Call {ENDED} is live in its row and not in this process") == 1


async def test_a_renewal_that_hangs_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    await database_sync_to_async(gateway)()
    renew, over, hung = journal.renew_leases, threading.Event(), threading.Event()

    def hangs_once(*arguments: Any) -> set[UUID]:
        if not hung.is_set():
            hung.set()
            over.wait(30)
        return renew(*arguments)

    async with switchboard_running(), call(f"call_uuid={OTHER}"):
        await until(lambda: Call.objects.filter(uuid=OTHER).first())
        monkeypatch.setattr(journal, "renew_leases", hangs_once)
        await asyncio.to_thread(hung.wait, 30)
        await until_renewed(OTHER)
        over.set()


async def test_a_process_whose_leases_run_out_says_so_by_its_own_clock(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await database_sync_to_async(gateway)()
    renew, over = journal.renew_leases, threading.Event()
    async with switchboard_running(), call(f"call_uuid={OTHER}"):
        await until(lambda: Call.objects.filter(uuid=OTHER).first())
        monkeypatch.setattr(journal, "renew_leases", lambda *arguments: over.wait(60))
        async with asyncio.timeout(30):
            while not lease_keeping.leases_run_out():
                await asyncio.sleep(0.05)
        assert "could not renew" in (await AsyncClient().get("/readyz")).json()["leases"]
        monkeypatch.setattr(journal, "renew_leases", renew)
        over.set()
        async with asyncio.timeout(30):
            while lease_keeping.leases_run_out():
                await asyncio.sleep(0.05)
    assert caplog.text.count("Renewing leases failed (no answer within 0.5 s)") == 1
    assert caplog.text.count("Renewing leases works again") == 1
