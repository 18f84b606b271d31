"""Control requests are carried out once, and none is lost, whatever the database does while they are claimed and finished."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from channels.db import database_sync_to_async
from django.db import Error as DatabaseError
from django.db import OperationalError, connection, transaction
from django.db.backends.signals import connection_created
from django.utils import timezone

from streams import control
from streams.calls import switchboard
from streams.calls.control_rounds import ControlRounds
from streams.calls.relay import Relay
from streams.control import pending_streams
from streams.database_threads import DatabaseThreads
from streams.models import Call, ControlRequest, Stream
from streams.pure.call.notes import CallKey
from streams.pure.messages import StreamRequest
from streams.simulate.customer import Customer
from tests.streams.gateway_socket import call, switchboard_running, until
from tests.streams.rows import gateway

pytestmark = pytest.mark.django_db(transaction=True)
OWNER = "a" * 32


class Told:
    """A relay as far as control requests go: it keeps what it was asked."""

    live = True

    def __init__(self, *, begun: bool = True) -> None:
        self.begun = begun
        self.asked_for: list[str] = []

        self.failed_at: list[str] = []
        self.session = SimpleNamespace(streams={})

    def carry_out(self, kind: str, by: str, act: Any) -> None:
        self.asked_for.append(kind)

    def could_not_carry_out(self, kind: str, by: str) -> None:
        self.failed_at.append(kind)


class Database:
    """Runs queries in a thread, as the switchboard does. `fails(sql)`: whether the database refuses a statement."""

    def __init__(self) -> None:
        self.threads = DatabaseThreads(1, "control")
        self.fails: Callable[[str], bool] = lambda sql: False

    async def query(self, function: Any, *arguments: Any) -> Any:
        try:
            return await self.threads.run(self._run, function, *arguments)
        except DatabaseError:
            return None

    def _run(self, function: Any, *arguments: Any) -> Any:
        with connection.execute_wrapper(self._execute):
            return function(*arguments)

    def _execute(self, run: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if self.fails(sql):
            raise OperationalError("database is locked")
        return run(sql, parameters, many, context)


def updates(*numbers: int) -> Callable[[str], bool]:
    """Refuses those of the next updates, counted from 1."""
    seen: list[str] = []

    def refuse(sql: str) -> bool:
        if sql.startswith("UPDATE"):
            seen.append(sql)
        return sql.startswith("UPDATE") and len(seen) in numbers

    return refuse


@pytest.fixture
async def database() -> Any:
    database = Database()
    yield database
    await database.threads.stop()


async def live_call() -> Call:
    row = await database_sync_to_async(gateway)()
    return await database_sync_to_async(Call.objects.create)(account=row.account, started_at=timezone.now(), owner=OWNER)


async def ask(*digits: str, of: Call) -> None:
    for digit in digits:
        await database_sync_to_async(control.request_dtmf)(of, digit, "API")


def rounds(database: Database, told: Told | None, of: Call) -> ControlRounds:
    relays: dict[CallKey, Relay] = {CallKey(of.account_id, of.uuid): cast(Relay, told)} if told else {}
    return ControlRounds(OWNER, relays, database.query)


async def unfinished() -> int:
    return await database_sync_to_async(ControlRequest.objects.filter(finished_at=None).count)()


async def claims_run_out() -> None:
    await database_sync_to_async(ControlRequest.objects.exclude(claimed_until=None).update)(
        claimed_until=timezone.now() - timedelta(seconds=1)
    )


async def test_what_waits_is_carried_out_in_order_and_finished(database: Database) -> None:
    a_call, told = await live_call(), Told()
    await ask("1", of=a_call)
    await database_sync_to_async(control.request_hangup)(a_call, "API")
    control_rounds = rounds(database, told, a_call)
    await control_rounds.carry_out_waiting()
    await control_rounds.carry_out_waiting()
    assert told.asked_for == ["send_dtmf", "hang_up"] and await unfinished() == 0


async def test_a_second_claim_that_fails_loses_neither_request(database: Database) -> None:
    a_call, told = await live_call(), Told()
    await ask("1", "2", of=a_call)
    control_rounds = rounds(database, told, a_call)
    database.fails = updates(2)
    await control_rounds.carry_out_waiting()
    assert told.asked_for == ["send_dtmf"], "the first was claimed, so it is carried out"
    await control_rounds.carry_out_waiting()
    assert len(told.asked_for) == 2 and await unfinished() == 0


async def test_a_request_whose_end_could_not_be_written_is_not_carried_out_again(database: Database) -> None:
    a_call, told = await live_call(), Told()
    await ask("1", of=a_call)
    control_rounds = rounds(database, told, a_call)
    database.fails = updates(2, 3)
    await control_rounds.carry_out_waiting()
    assert told.asked_for == ["send_dtmf"] and await unfinished() == 1
    await claims_run_out()
    await control_rounds.carry_out_waiting()  # its end cannot be written at the beginning, either, and the row is claimed once more
    assert await unfinished() == 0
    await control_rounds.carry_out_waiting()
    assert told.asked_for == ["send_dtmf"]


async def test_a_request_that_was_claimed_and_never_carried_out_is_claimed_again_when_the_claim_ran_out(database: Database) -> None:
    """The answer to the claim was lost on its way here."""
    a_call, told = await live_call(), Told()
    await ask("1", of=a_call)
    assert len(await database_sync_to_async(control.claim_waiting)(OWNER)) == 1
    control_rounds = rounds(database, told, a_call)
    await control_rounds.carry_out_waiting()
    assert told.asked_for == []
    await claims_run_out()
    await control_rounds.carry_out_waiting()
    assert told.asked_for == ["send_dtmf"] and await unfinished() == 0


async def test_a_request_that_comes_too_early_waits_for_the_media(database: Database) -> None:
    a_call, told = await live_call(), Told(begun=False)
    await ask("1", of=a_call)
    control_rounds = rounds(database, told, a_call)
    await control_rounds.carry_out_waiting()
    assert told.asked_for == [] and await unfinished() == 1
    told.begun = True
    await control_rounds.carry_out_waiting()
    assert told.asked_for == ["send_dtmf"] and await unfinished() == 0


async def test_a_request_for_a_call_that_is_gone_is_finished(database: Database) -> None:
    a_call = await live_call()
    await ask("1", of=a_call)
    await rounds(database, None, a_call).carry_out_waiting()
    assert await unfinished() == 0


async def test_a_request_that_breaks_is_finished_and_keeps_none_behind_it(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    a_call, told = await live_call(), Told()
    await database_sync_to_async(ControlRequest.objects.create)(call=a_call, kind="levitate", requested_by="API")
    await ask("1", of=a_call)
    await rounds(database, told, a_call).carry_out_waiting()
    assert told.asked_for == ["send_dtmf"] and await unfinished() == 0
    assert "The request levitate for call" in caplog.text and told.failed_at == ["levitate"]


async def test_a_start_that_breaks_ends_its_stream_and_one_whose_stream_began_is_left_to_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_call, told = await live_call(), Told()
    monkeypatch.setattr(told, "carry_out", lambda *_: 1 // 0)
    ids = [await database_sync_to_async(control.request_start)(a_call, StreamRequest("wss://bot.example/"), "API") for _ in range(2)]
    told.session.streams[ids[1]] = "began"
    await rounds(database, told, a_call).carry_out_waiting()
    assert await database_sync_to_async(pending_streams.settle_overdue)(-1.0) == [ids[0]]


async def test_what_was_done_is_written_though_the_call_is_over_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is away in the moment after the last call of the process was hung up."""
    monkeypatch.setattr(switchboard, "CONTROL_SECONDS", 0.05)
    refused: list[str] = []

    def finishing(sql: str) -> bool:
        if sql.startswith('UPDATE "streams_controlrequest"') and '"finished_at" = %s' in sql and len(refused) < 3:
            refused.append(sql)
            return True
        return False

    await database_sync_to_async(gateway)()
    with refusing_in_every_thread(finishing):
        async with switchboard_running() as board, call():
            row = await until(Call.objects.first)
            await database_sync_to_async(control.request_hangup)(row, "API")
            await until(lambda: ControlRequest.objects.filter(finished_at__isnull=False).first())
            assert not board.relays and len(refused) == 3


# In a whole process --------------------------------------------------------------------------------------------------------
@contextmanager
def refusing_in_every_thread(fails: Callable[[str], bool]) -> Iterator[None]:
    """On each connection that is made meanwhile."""

    def execute(run: Callable[..., Awaitable[Any]], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if fails(sql):
            raise OperationalError("database is locked")
        return run(sql, parameters, many, context)

    def arm(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(execute)

    connection_created.connect(arm)
    try:
        yield
    finally:
        connection_created.disconnect(arm)


async def test_two_stops_end_both_streams_though_the_second_claim_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "CONTROL_SECONDS", 0.1)
    written: list[str] = []
    watching = False

    def second_claim(sql: str) -> bool:
        """Both wait when they are looked for, so that two are claimed before one is finished."""
        if not (watching and sql.startswith('UPDATE "streams_controlrequest"')):
            return False
        written.append(sql)
        return len(written) == 2

    def both_wait(streams: list[Stream]) -> None:
        nonlocal watching
        watching = True
        with transaction.atomic():
            for stream in streams:
                control.request_stop(stream, "API")

    async with Customer() as customer:
        xml = f'<Stream keepCallAlive="true" contentType="audio/x-mulaw;rate=8000">{customer.url}</Stream>'
        await database_sync_to_async(gateway)("pbx", f"<Response>{xml}</Response>")
        with refusing_in_every_thread(second_claim):
            async with switchboard_running(), call() as communicator:
                row = await until(Call.objects.first)
                request = StreamRequest(customer.url + "other", content_type="audio/x-mulaw;rate=8000", keep_call_alive=True)
                await database_sync_to_async(control.request_start)(row, request, "API")
                await until(lambda: Stream.objects.filter(state="connected").count() == 2)
                await communicator.send_to(bytes_data=b"\x55" * 160)
                streams = await until(lambda: len(found := list(Stream.objects.filter(state="streaming"))) == 2 and found)
                await database_sync_to_async(both_wait)(streams)
                await until(lambda: Stream.objects.filter(end_cause="stopped_by_api").count() == 2)
                await until(lambda: not ControlRequest.objects.filter(finished_at=None).exists())
    assert len(written) >= 4
