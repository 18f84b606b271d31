"""One fault, once: calls that run through it, begin in it and end in it; the injury, the healing, the wait, and the verdict.

Owns the course of a trial. Must not know any fault: each is a Fault, with what it does and what it may cost."""

import asyncio
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import rows
from tests.chaos.callers import LONGEST_CALL_SECONDS, Caller
from tests.chaos.history import BroughtCall, History
from tests.chaos.invariants import AFTERMATH_SECONDS, ByTime, Finding, findings
from tests.chaos.peers import Peers
from tests.chaos.sites import CANARIES, Site
from tests.chaos.usage import OthersUse, Watch, Yardstick
from tests.journeys.answers import Answers

LOOK_SECONDS, WRITTEN_SECONDS = 0.15, 45.0
UNWRITTEN = ("unwritten", "unwritten and over")
"""Parts of calls that a fault places itself, while nothing is written."""
REPLAYED_SECONDS = 20.0
REST_SECONDS = 0.4
"""From when it is healed until the next call begins."""
READINESS_ASKED = 3


@dataclass(frozen=True)
class Fault:
    """`inject` harms on entering and heals on leaving; in between `seconds` pass (in the random form `long_seconds`). `costs` says what
    may happen to a call. `not_here` is why this machine cannot do it. `settle_seconds`: how long rows and callbacks may take then."""

    name: str
    inject: "Callable[[Trial], AbstractAsyncContextManager[None]]"
    seconds: float = 3.0
    long_seconds: float = 0.0
    costs: "Callable[[Trial, BroughtCall], None]" = lambda trial, call: None
    not_here: str = ""
    settle_seconds: float = 45.0
    calls_before: int = 4
    pause_seconds: float = 0.0
    """Between two of them: of very many at once from one address a process refuses some."""
    spoken_seconds: float = 0.4
    """How long calls have gone on when it begins."""
    is_ready: bool | None = None
    """What a load balancer is to be told meanwhile: whether each web process may take calls. None: either."""
    is_written: bool = False
    """Whether it begins only when calls and streams have their rows."""
    keeps_moments: bool = True
    """Whether every message's moment is kept: of very many, only how often gaps were how long, and frames how late."""
    settles_beside: bool = False
    """Some callbacks come long after it, as they are meant to: the next faults are injected meanwhile, and may not hurt them. What
    processes use (I7) is looked at before."""
    is_asked_for: bool = False
    """It takes minutes, or is much like another: it comes only by its name, or at random."""


@dataclass
class Trial:
    fault: Fault
    site: Site
    answers: Answers
    seconds: float
    yardstick: Yardstick
    is_first: bool = False
    history: History = field(init=False)
    calls_over: asyncio.Event = field(default_factory=asyncio.Event)
    """In their rows as well."""
    notes: dict[str, float] = field(default_factory=dict)
    """What a fault keeps for its `costs`: moments, by name."""

    def __post_init__(self) -> None:
        self.history = History(self.fault.name, began_at=time.monotonic())

    async def nothing_was_written(self, what: str) -> None:
        """A fault that does not hurt proves nothing: calls that began in it must not have rows yet."""
        began = [call.call_uuid for call in self.history.calls if call.part in ("during", "fleeting", *UNWRITTEN)]
        if await asyncio.to_thread(rows.there, self.site.ask, began):
            self.history.seen_wrong.append(f"{what}, and rows were written all the same: the fault did not hurt")

    async def until_written(self, call_uuids: Sequence[str]) -> None:
        deadline = time.monotonic() + WRITTEN_SECONDS
        while await asyncio.to_thread(rows.streaming, self.site.ask, call_uuids) < len(call_uuids):
            assert time.monotonic() < deadline, "calls that are heard are not written"
            await asyncio.sleep(0.1)

    def ended(self, call_uuids: Sequence[str]) -> set[str]:
        """Those whose rows say so."""
        return rows.ended(self.site.ask, call_uuids)

    def note(self, name: str) -> None:
        self.notes[name] = time.monotonic()

    async def run(self, file: Path) -> list[Finding]:
        """The verdict: what does not hold."""
        history = self.history
        watch, others = Watch(self.site.alive()), OthersUse()
        try:
            longest = LONGEST_CALL_SECONDS + self.seconds
            async with Peers(self.site, self.answers, history, longest, keeps_moments=self.fault.keeps_moments) as self.peers:
                await self._course(watch)
                if self.fault.settles_beside:
                    await self._settle(rows.all_ended)
                    history.processes = await watch.stop(self.site.alive())
                    self.calls_over.set()
                await self._settle(rows.settled)
                await self.look_for_spools_left()
                self.peers.record()
                await asyncio.to_thread(rows.read_into, history, self.site.ask)
        except Exception:  # whatever keeps the harness from finding out is no reason to call it good, nor to leave out what comes next
            history.troubles.append(traceback.format_exc())
        finally:
            self.look_at_machine(watch, others)
            history.processes = history.processes or await watch.stop(self.site.alive())
            self.calls_over.set()
        for call in [] if history.troubles else history.calls:
            self.fault.costs(self, call)
        said = self.site.said()
        history.leaks = [f"{word[:20]}... stands in what a process printed" for word in CANARIES if word in said]
        await asyncio.to_thread(history.write, file)
        return findings(history)

    def look_at_machine(self, watch: Watch, others: OthersUse) -> None:
        """Also where the harness could not find out: that may be why."""
        history = self.history
        window = history.injected_at or history.began_at, (history.healed_at or time.monotonic()) + AFTERMATH_SECONDS
        history.noise_ms = max(watch.noise_ms(*window), self.yardstick.noise_ms(*window))
        history.others_cores = others.cores()

    async def _course(self, watch: Watch) -> None:
        peers, history = self.peers, self.history
        through = []
        for _ in range(self.fault.calls_before):
            through.append(peers.place("before"))
            await asyncio.sleep(self.fault.pause_seconds)
        short = [peers.place("short") for _ in range(min(2, self.fault.calls_before))]
        await peers.until_heard([*through, *short])
        await asyncio.sleep(self.fault.spoken_seconds)
        if self.fault.is_written:
            await self.until_written([caller.record.call_uuid for caller in (*through, *short) if caller.record.taken])
        if self.is_first:
            watch.look_before()
        history.injected_at = time.monotonic()
        async with self.fault.inject(self):
            during = [peers.place("during"), peers.place("during")]
            fleeting = [peers.place("fleeting")]
            await asyncio.sleep(self.seconds * 0.4)
            hang_up(short)
            await asyncio.sleep(self.seconds * 0.4)
            await peers.until_heard(fleeting)
            hang_up(fleeting)
            await asyncio.gather(self.ask_readiness(), asyncio.sleep(self.seconds * 0.2))
        history.healed_at = time.monotonic()
        await peers.until_heard(during)
        await asyncio.sleep(max(history.healed_at + REST_SECONDS - time.monotonic(), 0))
        after = [peers.place("after")]
        await peers.until_heard(after, 25)
        await asyncio.sleep(max(history.healed_at + AFTERMATH_SECONDS - time.monotonic(), 0))
        hang_up(peers.callers)
        await asyncio.gather(*(caller.task for caller in peers.callers))

    def look_at_spools(self) -> None:
        """What was noted and is written nowhere has to be on disk, or killing a process would prove nothing."""
        if sum(path.stat().st_size for path in self.spools()) < 500:
            self.history.seen_wrong.append("nothing of the calls was on disk when their process was killed")

    def spools(self) -> list[Path]:
        return [path for path in (self.site.folder / "spool").glob("*") if path.suffix in (".spool", ".damaged")]

    async def look_for_spools_left(self) -> None:
        """A process has one; what a killed one had on disk is written now, and gone."""
        deadline = time.monotonic() + REPLAYED_SECONDS
        while (left := len(self.spools()) - len(self.site.webs)) > 0 and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_SECONDS)
        if left > 0:
            self.history.seen_wrong.append(f"{left} spools of processes that are gone are still on disk")

    async def ask_readiness(self) -> None:
        if (expected := self.fault.is_ready) is None:
            return
        webs = list(self.site.webs)
        for web, is_right in zip(webs, await asyncio.gather(*(self.is_heard_to_be(web, expected) for web in webs)), strict=True):
            if not is_right:
                words = "says that it may take no calls, and it may" if expected else "says that it may take calls, and cannot write them"
                self.history.seen_wrong.append(ByTime(f"{web} {words}"))

    async def is_heard_to_be(self, web: str, expected: bool) -> bool:
        """By a load balancer, for which one answer that comes late on a busy machine is none."""
        for _ in range(READINESS_ASKED):
            if await asyncio.to_thread(self.site.ready, web) == expected:
                return True
            await asyncio.sleep(0.5)
        return False

    async def _settle(self, is_reached: Callable[[rows.Ask, Sequence[str]], bool]) -> None:
        """Until no row of a call that was taken is live, or waits. What is not right then is found by the checker."""
        history = self.history
        taken = {call.call_uuid: call for call in history.calls if call.taken}
        deadline = time.monotonic() + self.fault.settle_seconds
        while time.monotonic() < deadline:
            for uuid in await asyncio.to_thread(rows.ended, self.site.ask, list(taken)):
                taken[uuid].row_ended_at = taken[uuid].row_ended_at or time.monotonic()
            if await asyncio.to_thread(is_reached, self.site.ask, list(taken)):
                break
            await asyncio.sleep(LOOK_SECONDS)
        history.settled_at = time.monotonic()
        history.worst_noise_ms = self.yardstick.worst_ms(history.began_at, history.settled_at)


def hang_up(callers: list[Caller]) -> None:
    for caller in callers:
        caller.hang_up()


def suffers(call: BroughtCall, *causes: str, steady: bool = False, misses: float = 2.5) -> None:
    """The call may be cut off with one of these causes."""
    call.may_end = (*causes, "call_ended")
    call.whole, call.steady, call.may_miss_seconds = False, steady, misses
