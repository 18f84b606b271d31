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
            for child in children_of(pid):
                ticks += sum(map(int, _stat(child)[11:13]))
    return ticks / TICKS_A_SECOND


def fine_cpu_seconds(pid: int) -> float:
    """Of this process, all its threads, to the microsecond where `cpu_seconds` counts in ticks of 10 ms. On Linux."""
    return time.clock_gettime((~pid << 3) | ON_A_CORE)


def children_of(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
