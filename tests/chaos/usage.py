"""What processes use of the machine while a trial runs; and how late the machine itself is.

Owns the looking. Must not know what is too much."""

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.chaos.history import ProcessUse
from tests.chaos.invariants import FRAME_MS, wait_p99_ms
from tests.journeys.processes import ChildProcess
from tests.process_use import machine_cpu_seconds, seconds_without_core, tree_cpu_seconds, use_of

YOUNG_SECONDS = 8.0
"""A process that is younger still loads what it is made of."""


def age_seconds(pid: int) -> float:
    with suppress(OSError, ValueError):
        began = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(Path("/proc/uptime").read_text().split()[0]) - began
    return 0.0


class Yardstick:
    """The process of tests/chaos/yardstick.py, one for a whole run."""

    def __init__(self, folder: Path) -> None:
        self._process = ChildProcess("yardstick", (sys.executable, "-m", "tests.chaos.yardstick"), folder, dict(os.environ))

    def noise_ms(self, since: float, until: float) -> float:
        return late_ms(((float(at), float(gap)) for at, gap in map(str.split, self._process.lines)), since, until)

    def worst_ms(self, since: float, until: float) -> float:
        return max((float(gap) - FRAME_MS for at, gap in map(str.split, self._process.lines) if since < float(at) < until), default=0.0)

    def stop(self) -> None:
        self._process.stop()


class OthersUse:
    """How many of the machine's cores are used, from now on, by whoever is none of the harness's processes."""

    def __init__(self) -> None:
        self._began, self._before = time.monotonic(), self._seconds()

    def cores(self) -> float:
        return max(self._seconds() - self._before, 0.0) / max(time.monotonic() - self._began, 0.001)

    def _seconds(self) -> float:
        return machine_cpu_seconds() - tree_cpu_seconds(os.getpid())


class Watch:
    """Looks at processes while a trial runs, and at how late a bare timer of the harness itself is, and how long web processes were ready
    and had no core: that is none of their doing either."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self.look_before()
        self._peak: dict[str, float] = {}
        self._ticks: list[tuple[float, float]] = []
        self._waits: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._tick())]

    def look_before(self) -> None:
        """What there is now is what there was before. A process that has never had a call has not filled its pools yet."""
        self._before = {name: use_of(pid) for name, pid in self._pids.items() if age_seconds(pid) > YOUNG_SECONDS}

    def noise_ms(self, since: float, until: float) -> float:
        return max(late_ms(self._ticks, since, until), *(late_ms(waits, since, until) for waits in self._waits.values()), 0.0)

    async def stop(self, pids: dict[str, int]) -> list[ProcessUse]:
        """`pids`: as they are now; of a process that is another one by now there is nothing to compare."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        uses = []
        for name, pid in pids.items():
            before, after = self._before.get(name) if self._pids.get(name) == pid else None, use_of(pid)
            use = ProcessUse(name, rss_peak_mb=self._peak.get(name, 0.0))
            if before is not None:
                use.rss_before_mb, use.descriptors_before, use.threads_before = before
            if after is not None:
                use.rss_after_mb, use.descriptors_after, use.threads_after = after
            uses.append(use)
        return uses

    async def _look(self) -> None:
        while True:
            for name, pid in self._pids.items():
                if (use := use_of(pid)) is not None:
                    self._peak[name] = max(self._peak.get(name, 0.0), use.rss_mb)
            await asyncio.sleep(0.5)

    async def _tick(self) -> None:
        webs = {name: pid for name, pid in self._pids.items() if name.startswith("web")}
        last, waited = time.monotonic(), {name: seconds_without_core(pid) for name, pid in webs.items()}
        while True:
            await asyncio.sleep(FRAME_MS / 1000)
            now = time.monotonic()
            self._ticks.append((now, (now - last) * 1000))
            for name, pid in webs.items():
                seconds = seconds_without_core(pid)
                if (more_ms := (seconds - waited[name]) * 1000) > FRAME_MS:
                    self._waits[name].append((now, more_ms + FRAME_MS))
                waited[name] = seconds
            last = now


def late_ms(gaps: Iterable[tuple[float, float]], since: float, until: float) -> float:
    """How much later than a frame is due one was at 99 of 100 moments. Of `gaps`, each with the moment at which it was over, those that are
    as short as they should be may be left out."""
    mine = [gap for at, gap in gaps if at > since and at - gap / 1000 < until]
    usual = max((until - since) * 1000 - sum(mine), 0)
    return max(wait_p99_ms([*mine, *[FRAME_MS] * int(usual / FRAME_MS)]) - FRAME_MS, 0.0)
