"""A steady load on two web processes, as many streams as are asked for, while what carries no audio is restarted beside them: a worker when
two fifths of the time are over, Redis when three are, which comes back empty. It may cost nothing: no frame, no callback, no cent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.sites import LargeSite
from tests.chaos.trial import Fault, Trial

SETTLE_SECONDS = 120.0


def steady_load(streams: int, minutes: float) -> Fault:
    seconds = minutes * 60
    return Fault(
        f"{streams} streams for {minutes:g} min",
        restarted_beside,
        seconds,
        calls_before=streams,
        settle_seconds=SETTLE_SECONDS,
        is_ready=True,
    )


@asynccontextmanager
async def restarted_beside(trial: Trial) -> AsyncIterator[None]:
    restarting = asyncio.create_task(_restart(trial))
    try:
        yield
    finally:
        await restarting


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
