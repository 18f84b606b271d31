"""What a process uses of the machine, read from /proc."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
ON_A_CORE = 2
"""Which clock of a process (`clock_getcpuclockid`): the one that counts while it is on a core."""


class Use(NamedTuple):
    rss_mb: float
    descriptors: int
    threads: int


def use_of(pid: int) -> Use | None:
    """None when it is gone, or when this is no Linux."""
    with suppress(OSError, ValueError, KeyError):
        words = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
        descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        return Use(int(words["VmRSS"].split()[0]) / 1024, descriptors, int(words["Threads"]))
    return None


def cpu_seconds(pids: Iterable[int]) -> float:
    """Of these processes and of those that they started, the ones that have ended included."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            ticks += sum(map(int, _stat(pid)[11:15]))
            for child in children(pid):
                ticks += sum(map(int, _stat(child)[11:13]))
    return ticks / TICKS_A_SECOND


def fine_cpu_seconds(pid: int) -> float:
    """Of this process, all its threads, to the microsecond where `cpu_seconds` counts in ticks of 10 ms. On Linux."""
    return time.clock_gettime((~pid << 3) | ON_A_CORE)


def tree_cpu_seconds(pid: int) -> float:
    """Of this process and all below it, the ones that have ended included."""
    with suppress(OSError):
        return sum(map(int, _stat(pid)[11:15])) / TICKS_A_SECOND + sum(map(tree_cpu_seconds, children(pid)))
    return 0.0


def machine_cpu_seconds() -> float:
    """For which its cores were busy, or taken by others on the same metal; 0 where this is no Linux."""
    with suppress(OSError):
        user, nice, system, _, _, *interrupted = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
        return (user + nice + system + sum(interrupted)) / TICKS_A_SECOND
    return 0.0


def seconds_without_core(pid: int) -> float:
    """That its first thread, where an event loop is, was ready and did not run, as others did; 0 where no Linux counts them."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    return 0.0


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(word) for word in task.read_text().split()]
    return found


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
