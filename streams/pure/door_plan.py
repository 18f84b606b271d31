"""How many connections a listening process takes, by how many descriptors it may have open: so that what keeps calls alive (customers'
sockets, the database, Redis, look-ups, files) finds one, whatever comes to the door.

Owns the reckoning. Must not know how the limit is found out, nor connections."""

from dataclasses import dataclass

from streams.pure.turns import TurnLimits

OWN = 48
"""What a process has open that nobody has come to yet: its libraries, its log, its threads' connections to the database and Redis."""
OF_A_REQUEST = 3
"""A page's thread has a connection to the database of its own; SQLite has three files open for it."""
MOST_WAITING = 1024


@dataclass(frozen=True, slots=True)
class DoorPlan:
    """`limit`: descriptors. `taken`: connections that asked for something, gateways' sockets above all; `waiting`: those that did not yet,
    beside them. `kept`: of the highest numbers, how many no connection that comes is given; the last half of them no socket that we open
    to somebody is given either. `calls`, `pages` and `probes`: turns, and those that wait for one."""

    limit: int
    kept: int
    waiting: int
    taken: int
    calls: TurnLimits
    pages: TurnLimits
    probes: TurnLimits


def door_plan(limit: int) -> DoorPlan:
    """As many are left for sockets that we open as for those that come: a call needs one of each at least."""
    kept, waiting, pages = _between(16, limit // 8, 512), _between(8, limit // 10, MOST_WAITING), _between(4, limit // 32, 16)
    taken = max(8, (limit - OWN - OF_A_REQUEST * pages - waiting - kept) // 2)
    for_calls, for_pages = _between(10, taken // 2, 1024), _between(10, taken // 4, 256)
    return DoorPlan(
        limit=limit,
        kept=kept,
        waiting=waiting,
        taken=taken,
        calls=TurnLimits(at_once=8, at_once_each=4, there=for_calls, there_each=max(8, for_calls // 4)),
        pages=TurnLimits(at_once=pages, at_once_each=max(2, pages * 2 // 3), there=for_pages, there_each=max(8, for_pages // 2)),
        probes=TurnLimits(at_once=4, at_once_each=2, there=16, there_each=8),
    )


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))
