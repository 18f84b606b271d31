"""A steady load on two web processes, as many streams as are asked for, while what carries no audio is restarted beside them: a worker when
two fifths of the time are over, Redis when three are, which comes back empty. It may cost nothing: no frame, no callback, no cent."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.chaos.invariants import late_p99_ms
from tests.chaos.sites import LargeSite
from tests.chaos.trial import Fault, Trial
from tests.process_use import cpu_seconds, seconds_without_core

SETTLE_SECONDS = 120.0
PAUSE_SECONDS, SPOKEN_SECONDS = 0.04, 5.0
"""So many calls that begin are no steady load: it is judged from when that is over, with their rows written and their starts told."""
PEERS = "callers and customers"


def steady_load(streams: int, minutes: float) -> Fault:
    seconds = minutes * 60
    return Fault(
        f"{streams} streams for {minutes:g} min",
        restarted_beside,
        seconds,
        calls_before=streams,
        pause_seconds=PAUSE_SECONDS,
        spoken_seconds=SPOKEN_SECONDS,
        settle_seconds=SETTLE_SECONDS,
        is_ready=True,
        is_written=True,
        keeps_moments=False,
    )


@asynccontextmanager
async def restarted_beside(trial: Trial) -> AsyncIterator[None]:
    restarting = asyncio.create_task(_restart(trial))
    began, sent, used, waited = time.monotonic(), frames_sent(trial), cpu_used(trial), waited_for_core(trial)
    try:
        yield
    finally:
        await restarting
        trial.peers.record()
        trial.history.remarks.append(f"of 100 frames the latest comes {late_p99_ms(trial.history):.0f} ms after it was sent")
        more = {who: seconds - used.get(who, 0.0) for who, seconds in cpu_used(trial).items()}
        seconds = time.monotonic() - began
        trial.history.remarks += cpu_words(more, seconds, frames_sent(trial) - sent)
        shares = [f"{name} {100 * (after - waited.get(name, 0.0)) / seconds:.0f}" for name, after in waited_for_core(trial).items()]
        trial.history.remarks += [f"ready and without a core, % of the time: {', '.join(shares)}"] if shares else []


def frames_sent(trial: Trial) -> int:
    return sum(call.sent for call in trial.history.calls)


def cpu_used(trial: Trial) -> dict[tuple[str, int], float]:
    """CPU seconds of each process that takes part, by name and id: of one that is started meanwhile it is all, its start included."""
    site = trial.site
    assert isinstance(site, LargeSite)
    pids = {**site.alive(), "PostgreSQL": site.postgres.process.pid, "Redis": site.redis.process.pid}
    return {**{who: cpu_seconds([who[1]]) for who in pids.items()}, (PEERS, 0): time.process_time()}


def waited_for_core(trial: Trial) -> dict[str, float]:
    """Seconds that event loops were ready and did not run."""
    pids = {name: pid for name, pid in trial.site.alive().items() if name.startswith("web")} | {PEERS: os.getpid()}
    return {name: seconds_without_core(pid) for name, pid in pids.items()}


def cpu_words(used: Mapping[tuple[str, int], float], seconds: float, frames: int) -> list[str]:
    """How much of the machine it took, and of whom: whether it is the platform that was busy, or who tries it."""
    shares = ", ".join(f"{name} {100 * cpu / seconds:.0f}" for (name, _), cpu in used.items())
    webs = sum(cpu for (name, _), cpu in used.items() if name.startswith("web"))
    words = f"CPU, % of a core: {shares}; together {100 * sum(used.values()) / seconds:.0f} of {100 * len(os.sched_getaffinity(0))}"
    each = " and ".join(
        f"{1e6 * cpu / max(frames, 1):.0f} us in {name}" for name, cpu in (("a web process", webs), (PEERS, used[PEERS, 0]))
    )
    return [words, f"CPU of a frame: {each}"]


async def _restart(trial: Trial) -> None:
    site = trial.site
    assert isinstance(site, LargeSite)
    await asyncio.sleep(trial.seconds * 0.4)
    status = await asyncio.to_thread(site.end, "worker 1")
    if status != 0:
        trial.history.seen_wrong.append(f"the worker that was stopped ended with {status}")
    await asyncio.to_thread(site.start_worker, "worker 1")
    await asyncio.sleep(trial.seconds * 0.2)
    await asyncio.to_thread(site.redis.kill)
    await asyncio.to_thread(site.redis.start)
