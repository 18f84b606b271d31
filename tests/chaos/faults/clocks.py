"""Faults of clocks: processes of one installation that do not agree on the time, and one that is set while it runs.

By libfaketime, which makes a process slow: audio is not judged in these. Where it is not installed they are not run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.faults.processes import place_one_to_be_told_again
from tests.chaos.history import BroughtCall
from tests.chaos.sites import FAKETIME, LargeSite
from tests.chaos.trial import Fault, Trial

NO_FAKETIME = "" if FAKETIME else "libfaketime is not installed (Debian: apt install libfaketime)"
TWO_DAYS = 2 * 86_400
WEB = "web 1"
AHEAD = {WEB: 600, "worker 1": 60, "worker 2": 60, "beat": 0}
"""Seconds, as these are started again."""
SET = {WEB: TWO_DAYS, "beat": -TWO_DAYS}
"""And to what they are set while calls are live."""
DIFFER_SECONDS = 2.0


@asynccontextmanager
async def clocks_wrong(trial: Trial) -> AsyncIterator[None]:
    """At first they differ, and calls begin and end; those that are still live see beat's and their own process's being set."""
    site = trial.site
    assert isinstance(site, LargeSite)
    site.webs.pop(WEB)
    await end_its_calls(trial)
    await asyncio.gather(*(asyncio.to_thread(restart, site, name, seconds) for name, seconds in AHEAD.items()))
    live = [trial.peers.place("by another clock", web=WEB) for _ in range(2)]
    over = trial.peers.place("by another clock", web=WEB)
    await trial.peers.until_heard([*live, over])
    await place_one_to_be_told_again(trial)
    await asyncio.sleep(DIFFER_SECONDS)
    over.hang_up()
    await over.task
    for name, seconds in SET.items():
        site.set_clock(name, seconds)
    try:
        await place_one_to_be_told_again(trial)
        yield
    finally:
        site.webs.pop(WEB, None)
        await end_its_calls(trial)
        await asyncio.gather(*(asyncio.to_thread(restart, site, name, None) for name in AHEAD))


async def end_its_calls(trial: Trial) -> None:
    mine = [caller for caller in trial.peers.callers if caller.record.web == WEB]
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


FAULTS = [
    Fault("clocks differ; beat -2 days, web +2 days", clocks_wrong, 3, costs=by_another_clock, not_here=NO_FAKETIME),
]
