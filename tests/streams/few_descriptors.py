"""A process that has hardly a descriptor left, for a moment: by its real limit."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def few_descriptors_left(count: int) -> Iterator[None]:
    """The next free number and `count - 1` after it can still be had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/dev/fd"))
    holes = [os.open(os.devnull, os.O_RDONLY)]
    while holes[-1] < highest:  # what is free between those in use is filled
        holes.append(os.open(os.devnull, os.O_RDONLY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (holes[-1] + 1 + count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in holes:
            os.close(each)
