"""Faults of clocks: processes of one installation that do not agree on the time, and one that is set while it runs.

By libfaketime, which makes a process slow: audio is not judged in these. Where it is not installed they are not run."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.chaos.faults.processes import place_one_to_be_told_again
from tests.chaos.history import BroughtCall
from tests.chaos.sites import FAKETIME, LargeSite
from tests.chaos.trial import Fault, Trial

NO_FAKETIME = "" if FAKETIME else "libfaketime is not installed (Debian: apt install libfaketime)"
TWO_DAYS = 2 * 86_400


def clocks(ahead: Mapping[str, int], later: Mapping[str, int] | None = None) -> Callable[[Trial], AbstractAsyncContextManager[None]]:
    """These processes are started again with clocks so many seconds ahead, which are set to `later` while calls are live."""

    @asynccontextmanager
    async def inject(trial: Trial) -> AsyncIterator[None]:
        site = trial.site
        assert isinstance(site, LargeSite)
        urls = {name: site.webs.pop(name) for name in ahead if name in site.webs}
        await end_calls_on(trial, set(urls))
        await asyncio.gather(*(asyncio.to_thread(restart, site, name, seconds) for name, seconds in ahead.items()))
        through = [trial.peers.place("by another clock", web=name) for name in urls for _ in range(2)]
        await trial.peers.until_heard(through)
        for name, seconds in (later or {}).items():
            site.set_clock(name, seconds)
        try:
            await place_one_to_be_told_again(trial)
            yield
        finally:
            for name in urls:
                site.webs.pop(name, None)
            await end_calls_on(trial, set(urls))
            await asyncio.gather(*(asyncio.to_thread(restart, site, name, None) for name in ahead))

    return inject


async def end_calls_on(trial: Trial, webs: set[str]) -> None:
    mine = [caller for caller in trial.peers.callers if caller.record.web in webs]
    for caller in mine:
        caller.hang_up()
    await asyncio.gather(*(caller.task for caller in mine))


def restart(site: LargeSite, name: str, ahead_seconds: int | None) -> None:
    """With a clock that can be set, or with the machine's."""
    site.end(name)
    more: dict[str, str] = {}
    if ahead_seconds is not None:
        more = site.clock(name)
        site.set_clock(name, ahead_seconds)
    start = {"web": site.start_web, "worker": site.start_worker, "beat": site.start_beat}[name.split(maxsplit=1)[0]]
    start(name, **more)


def by_another_clock(trial: Trial, call: BroughtCall) -> None:
    call.steady = False


DIFFER, ARE_SET = {"web 1": 600, "worker 1": 60, "worker 2": 60}, {"beat": 0, "web 2": 0}
FAULTS = [
    Fault("clocks: web 10 min, workers 1 min ahead", clocks(DIFFER), 2, costs=by_another_clock, not_here=NO_FAKETIME),
    Fault(
        "clocks set: beat -2 days, web +2 days",
        clocks(ARE_SET, {"beat": -TWO_DAYS, "web 2": TWO_DAYS}),
        3,
        costs=by_another_clock,
        not_here=NO_FAKETIME,
    ),
]
