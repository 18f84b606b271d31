"""What a process uses of the machine, read from /proc."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


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
