"""How many descriptors this process may have open, and those that are kept back for what keeps its calls alive.

Owns the limit of the system (RLIMIT_NOFILE), and what is said when it is reached. A new descriptor has the lowest number that is free: so
whoever gives back each one of the last numbers leaves these to others, and nobody has to count."""

import errno
import resource
import socket
from contextlib import suppress

from streams.pure.door_plan import DoorPlan, door_plan

ENOUGH = 65_536
"""The limit is raised to this at most: some systems allow a thousand million, which nothing needs."""


class NoDescriptorLeft(OSError):
    def __init__(self, limit: int) -> None:
        words = f"this process has no descriptor left for it (its limit is {limit}: LimitNOFILE of systemd, ulimit -n)"
        super().__init__(errno.EMFILE, words)


def raise_limit() -> None:
    """To what the system lets us have without asking anybody."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has another limit behind this one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def current_plan() -> DoorPlan:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return door_plan(ENOUGH if soft == resource.RLIM_INFINITY else soft)


def keep_back(sock: socket.socket) -> None:
    """Raises NoDescriptorLeft where this socket, which we open to somebody else, has one of the last numbers."""
    plan = current_plan()
    if sock.fileno() >= plan.limit - plan.kept // 2:
        raise NoDescriptorLeft(plan.limit)


def in_words(error: OSError) -> OSError:
    """The system's own error of this kind says less."""
    return NoDescriptorLeft(current_plan().limit) if error.errno in (errno.EMFILE, errno.ENFILE) else error
