"""Faults of the embedded form: its SQLite locked, its disk full, its processes killed under the supervisor, which starts them again."""

import asyncio
import os
import resource
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from tests.chaos.history import BroughtCall
from tests.chaos.sites import EmbeddedSite
from tests.chaos.trial import Fault, Trial, suffers

BACK_SECONDS = 30.0


def embedded(trial: Trial) -> EmbeddedSite:
    assert isinstance(trial.site, EmbeddedSite)
    return trial.site


@asynccontextmanager
async def nothing(trial: Trial) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def locked(trial: Trial) -> AsyncIterator[None]:
    """By somebody who has begun to write and does not go on, such as a tool that a person has left open."""
    connection = sqlite3.connect(embedded(trial).database, timeout=20, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        await trial.nothing_was_written("SQLite was locked")
    finally:
        connection.close()


@asynccontextmanager
async def web_killed_while_locked(trial: Trial) -> AsyncIterator[None]:
    """What begins and ends before the process is killed stands in no row then; and it comes back while nothing can be written yet."""
    site = embedded(trial)
    connection = sqlite3.connect(site.database, timeout=20, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        unwritten = [trial.peers.place("unwritten") for _ in range(2)]
        brief = trial.peers.place("unwritten and over")
        await trial.peers.until_heard([*unwritten, brief], frames=30)
        brief.hang_up()
        await brief.task
        await asyncio.sleep(1.2)  # what a spool promises: flushed each second
        trial.look_at_spools()
        async with killed("web")(trial):
            yield
            await trial.nothing_was_written("SQLite was locked")
            connection.close()
    finally:
        connection.close()


@asynccontextmanager
async def disk_full(trial: Trial) -> AsyncIterator[None]:
    """No file may grow past a page: what is on a full disk. The processes' own limit, so that nobody else notices."""
    pids = [pid for name, pid in embedded(trial).alive().items() if name != "redis"]
    try:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        yield
        await trial.nothing_was_written("the disk was full")
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def killed(*names: str) -> Callable[[Trial], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def inject(trial: Trial) -> AsyncIterator[None]:
        site = embedded(trial)
        pids = {name: site.pid(name) for name in names}
        trial.note("killed")
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        try:
            yield
        finally:
            await until_back(trial, pids)

    return inject


async def until_back(trial: Trial, gone: Mapping[str, int]) -> None:
    site, deadline = embedded(trial), time.monotonic() + BACK_SECONDS
    for name, pid in gone.items():
        while site.alive().get(name, pid) == pid or (name == "web" and not await asyncio.to_thread(site.ready, "web")):
            if time.monotonic() > deadline:
                trial.history.seen_wrong.append(f"{name} is not back within {BACK_SECONDS:g} s")
                break
            await asyncio.sleep(0.1)


def with_the_web(trial: Trial, call: BroughtCall) -> None:
    if call.part in ("before", "short", "unwritten"):
        suffers(call, "process_lost")
        call.may_end = ("process_lost",)
    if call.part in ("during", "fleeting"):
        call.may_be_refused, call.steady = True, False


def with_the_web_while_locked(trial: Trial, call: BroughtCall) -> None:
    """Billed to the last sign of life that was on disk."""
    with_the_web(trial, call)
    if not call.whole:
        call.may_miss_seconds = 4.0


FAULTS = [
    Fault("embedded: nothing", nothing, 1),
    # Before beat is killed: the calls of a dead process are ended only by a reaper that has not paused itself.
    Fault("embedded: kill -9 of the web process", killed("web"), 2, costs=with_the_web, is_written=True),
    Fault("SQLite locked", locked, 6, 30),
    Fault("disk full", disk_full, 4, 20),
    Fault("embedded: kill -9 of Redis", killed("redis"), 2),
    Fault("embedded: kill -9 of the worker and beat", killed("worker", "beat"), 2, settles_beside=True),
    Fault("kill -9 while SQLite is locked", web_killed_while_locked, 1, costs=with_the_web_while_locked, is_written=True),
]
