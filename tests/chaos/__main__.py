"""`make chaos`: every fault once, or, for MINUTES, faults drawn by SEED, or a steady load of so many STREAMS. Exit status 0 only when
everything that ran is good, or nearly all, and whoever else uses the machine is why the rest proves nothing.

Owns the order of things: installations up, lanes side by side, the table, everything down."""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from tests import warm_start
from tests.chaos import small_disk, table
from tests.chaos.faults.steady import steady_load
from tests.chaos.history import History
from tests.chaos.invariants import findings
from tests.chaos.lanes import LANES, Lane
from tests.chaos.sites import ROOT, Site
from tests.chaos.table import Row
from tests.chaos.trial import Fault, Trial
from tests.chaos.usage import Watch, Yardstick
from tests.journeys.answers import Answers, AnswerServer
from tests.journeys.processes import STARTER

MOST_DISTURBED = 3
"""With more of them that proved nothing, the run proves nothing."""
THREADS = 48


Course = Iterable[tuple[Fault, float]]
"""Which faults come, in their order, and how long each lasts."""


def each_once(faults: Sequence[Fault]) -> Course:
    return [(fault, fault.seconds) for fault in faults]


def chosen(lane: Lane, options: argparse.Namespace) -> Sequence[Fault]:
    """Those with the words in their names; without words those that are quick, or at random all."""
    if options.streams:
        return [steady_load(options.streams, options.minutes)] if lane is LANES[0] else []
    return [fault for fault in lane.faults if options.fault in fault.name and (options.fault or options.minutes or not fault.is_asked_for)]


def at_random(faults: Sequence[Fault], seed: str, until: float) -> Course:
    """The same faults for the same seed, for as long as there is time."""
    chance = random.Random(seed)
    while time.monotonic() < until:
        fault = chance.choice(faults)
        yield fault, chance.uniform(fault.seconds, fault.long_seconds or fault.seconds * 1.5)


class Run:
    """`settles_beside`: whether the next fault is injected while one waits that may. Not where it may be the same."""

    def __init__(self, folder: Path, answers: Answers, yardstick: Yardstick, settles_beside: bool) -> None:
        self.folder, self.answers, self.yardstick, self.settles_beside = folder, answers, yardstick, settles_beside
        self.rows: list[Row] = []
        self.trials = 0

    def trial(self, site: Site, fault: Fault, seconds: float, *, is_first: bool = False) -> Trial:
        return Trial(fault, site, self.answers, seconds, self.yardstick, is_first)

    async def one(self, row: Row, trial: Trial) -> None:
        await self.judge(row, trial)
        if not row.is_to_be_tried_again:
            self.add(row)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        print("\n".join([table.line(row.cells), *table.words_of(row)]), flush=True)

    async def judge(self, row: Row, trial: Trial) -> None:
        self.trials += 1
        name = f"{self.trials:03}-{row.site}-{''.join(letter if letter.isalnum() else '-' for letter in row.fault)}.jsonl"
        row.found, row.history = await trial.run(self.folder / name), trial.history

    async def all_of(self, lane: Lane, course: Course) -> None:
        tried: list[tuple[Row, Fault, float]] = []
        async with running(lane, self.answers) as site:
            whole: Watch | None = None
            async with asyncio.TaskGroup() as under_way:
                for fault, seconds in course:
                    row = Row(fault.name, lane.name, reason=fault.not_here)
                    if row.reason:
                        self.add(row)
                        continue
                    tried.append((row, fault, seconds))
                    trial = self.trial(site, fault, seconds, is_first=whole is None)
                    judged = under_way.create_task(self.one(row, trial))
                    await (trial.calls_over.wait() if fault.settles_beside and self.settles_beside else judged)
                    whole = whole or Watch(site.alive())
            for row, fault, seconds in tried:
                if row.is_to_be_tried_again:
                    row.first_found = row.found
                    await self.one(row, self.trial(site, fault, seconds))
            if whole is not None:
                self.add(await flat(lane, site, whole))


async def flat(lane: Lane, site: Site, watch: Watch) -> Row:
    """Processes that have lived since the first fault use no more than after it: what each fault leaves behind would add up."""
    history = History(f"all of {lane.name}: nothing grew", processes=await watch.stop(site.alive()))
    history.settled_at = history.healed_at = history.injected_at = time.monotonic()
    return Row(history.fault, lane.name, history, findings(history))


@asynccontextmanager
async def running(lane: Lane, answers: Answers) -> AsyncIterator[Site]:
    site = lane.site(lane.name, answers.url)
    try:
        await site.start()
        yield site
    finally:
        await site.stop()


async def main(options: argparse.Namespace) -> int:
    this = asyncio.current_task()
    assert this is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    # Whoever waits for a process to start must not keep others from asking a database.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    answers = Answers()
    folder = ROOT / "build/chaos" / time.strftime("%Y%m%d-%H%M%S")
    yardstick = Yardstick(ROOT)
    run = Run(folder, answers, yardstick, settles_beside=not options.minutes)
    server = AnswerServer(answers)
    began = time.monotonic()
    seed = options.seed or random.randrange(1, 1_000_000)
    at_random_for = 0 if options.streams else options.minutes
    if at_random_for:
        print(f"At random, for {options.minutes:g} minutes. To have the same again: make chaos MINUTES={options.minutes:g} SEED={seed}")
    print(table.line(table.HEAD), flush=True)
    try:
        async with asyncio.TaskGroup() as group:
            for lane in (lane for lane in LANES if options.lane in lane.name):
                if faults := chosen(lane, options):
                    drawn = at_random(faults, f"{seed} {lane.name}", began + options.minutes * 60)
                    group.create_task(run.all_of(lane, drawn if at_random_for else each_once(faults)))
    finally:
        server.stop()
        yardstick.stop()
    print(f"{table.summary(run.rows)}, in {time.monotonic() - began:.0f} s. What everybody saw: {folder}")
    return status(run.rows)


def status(rows: Sequence[Row]) -> int:
    """0: what ran is good, but for a few that the machine disturbed."""
    count = Counter(row.verdict for row in rows)
    return 0 if rows and not count[table.FAILED] and count[table.DISTURBED] <= MOST_DISTURBED else 1


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--minutes", type=float, default=0.0, help="Faults at random for so long, in place of each once.")
    parser.add_argument("--seed", type=int, default=0, help="Of the random form; 0: one that is printed.")
    parser.add_argument("--lane", default="", help="Only this lane: stores, processes or embedded.")
    parser.add_argument("--streams", type=int, default=0, help="A steady load of so many for MINUTES (1), beside which is restarted.")
    parser.add_argument("--fault", default="", help="Only faults with this in their name.")
    given = parser.parse_args()
    if given.streams and not given.minutes:
        given.minutes = 1.0
    return given


if __name__ == "__main__":
    small_disk.begin_with_own_mounts(["-m", "tests.chaos", *sys.argv[1:]])
    STARTER.submit(int).result()
    warm_start.wanted = nullcontext
    try:
        sys.exit(asyncio.run(main(options())))
    except asyncio.CancelledError:
        sys.exit("Stopped; everything was taken down.")
