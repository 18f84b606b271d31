"""Faults of the platform's own processes: killed, stopped, drained, restarted."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.history import BroughtCall
from tests.chaos.sites import LargeSite
from tests.chaos.trial import Fault, Trial, suffers


def large(trial: Trial) -> LargeSite:
    assert isinstance(trial.site, LargeSite)
    return trial.site


@asynccontextmanager
async def web_killed(trial: Trial) -> AsyncIterator[None]:
    site = large(trial)
    gone = site.webs.pop("web 1")
    trial.note("killed")
    await asyncio.to_thread(site.kill, "web 1")
    try:
        yield
    finally:
        site.webs["web 1"] = gone
        await asyncio.to_thread(site.start_web, "web 1")


def on_the_killed_one(trial: Trial, call: BroughtCall) -> None:
    if call.web == "web 1" and call.began_at < trial.notes["killed"]:
        suffers(call, "process_lost")


@asynccontextmanager
async def web_stopped(trial: Trial) -> AsyncIterator[None]:
    site = large(trial)
    url = site.webs.pop("web 1")
    trial.note("killed")
    site.processes["web 1"].signal(signal.SIGSTOP)
    try:
        yield
    finally:
        site.processes["web 1"].signal(signal.SIGCONT)
        site.webs["web 1"] = url


def on_the_stopped_one(trial: Trial, call: BroughtCall) -> None:
    """Its lease ran out meanwhile; a short stop is survived."""
    on_the_killed_one(trial, call)
    if not call.whole:
        call.may_miss_seconds = trial.seconds + 6


@asynccontextmanager
async def worker_killed(trial: Trial) -> AsyncIterator[None]:
    site = large(trial)
    await asyncio.to_thread(site.kill, "worker 1")
    try:
        yield
    finally:
        await asyncio.to_thread(site.start_worker, "worker 1")


@asynccontextmanager
async def beat_killed(trial: Trial) -> AsyncIterator[None]:
    site = large(trial)
    await asyncio.to_thread(site.kill, "beat")
    try:
        yield
    finally:
        await asyncio.to_thread(site.start_beat, "beat")


@asynccontextmanager
async def workers_stopped(trial: Trial) -> AsyncIterator[None]:
    processes = [large(trial).processes[name] for name in ("worker 1", "worker 2", "beat")]
    for process in processes:
        process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.signal(signal.SIGCONT)


FAULTS = [
    Fault("kill -9 of a web process", web_killed, 2, costs=on_the_killed_one),
    Fault("kill -9 in a call's first moment", web_killed, 1, costs=on_the_killed_one, spoken_seconds=0),
    Fault("web process stopped (SIGSTOP)", web_stopped, 10, 60, costs=on_the_stopped_one),
    Fault("kill -9 of a worker", worker_killed, 1),
    Fault("kill -9 of beat", beat_killed, 3),
    Fault("workers and beat stopped (SIGSTOP)", workers_stopped, 6, 60),
]
