"""The doors of the listening process: which connections it has, whose turn it is to be answered, and what is kept free for live calls.

Owns the turns and their pace. Must not know what is asked for, beyond the kind of its path, nor how it is refused."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from streams.pure.door_plan import DoorPlan
from streams.pure.peer_address import Networks, counted_as, forwarded_for, is_trusted
from streams.pure.turns import Turns
from streams.pure.waiting_room import WaitingRoom
from streams.serving.turned_away import TurnedAway

log = logging.getLogger(__name__)

CALLS, PAGES, PROBES = "calls", "pages", "probes"
PATIENCE_SECONDS = 5.0
"""Whoever had to wait longer has probably gone; a gateway would be accepted that nobody hears any more."""
REST, SHORTEST_REST_SECONDS, LONGEST_REST_SECONDS = 3.0, 0.001, 0.05
"""After a turn was begun, the next one waits so many times what that took and what the event loop was late: beginning turns takes at most a
quarter of its time, and less where it has no time."""
MOST_KNOWN = 10_000
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Entrances:
    """Which paths are whose: `calls` begins those of gateways, `probes` are those that say how the process is. `proxies`: whose word counts
    about where a request comes from."""

    calls: str = "/gateway/"
    probes: Collection[str] = ()
    proxies: Networks = ()

    def kind(self, path: str, *, upgrade: bool) -> str:
        if path in self.probes:
            return PROBES
        return CALLS if upgrade and path.startswith(self.calls) else PAGES

    def address(self, peer: str, header: str) -> str:
        """Under which the visitor is counted."""
        seen = forwarded_for(peer, header, self.proxies) if header and is_trusted(peer, self.proxies) else peer
        return counted_as(seen) or "unknown"


class Visitor(Protocol):
    """What can be sent away while it waits."""

    def send_away(self) -> None: ...

    def __hash__(self) -> int: ...


@dataclass(eq=False, slots=True)
class Visit:
    """Somebody who asked for something. `begin` or `refuse` is called once, unless it is over before."""

    kind: str
    address: str
    begin: Callable[[], Any]
    refuse: Callable[[], Any]
    came_at: float
    begun: bool = False
    over: bool = False


@dataclass
class Doors:
    plan: DoorPlan
    entrances: Entrances
    call_later: Callable[..., Any]
    taken: set[Any] = field(default_factory=set)
    """The transports of those that asked for something, and are not through with it."""

    def __post_init__(self) -> None:
        self.room: WaitingRoom[Visitor] = WaitingRoom(self.plan.waiting)
        self.lingering: WaitingRoom[Visitor] = WaitingRoom(self.plan.waiting // 2)
        self.turned_away = TurnedAway(self.call_later)
        self.turns: dict[str, Turns[Visit]] = {name: Turns(getattr(self.plan, name)) for name in (PROBES, CALLS, PAGES)}
        self._order = [CALLS, PAGES]
        self._known: OrderedDict[str, None] = OrderedDict()
        self._due_at: float | None = None
        self._rests_until = 0.0

    # Connections -----------------------------------------------------------------------------------------------------------------
    def wait(self, connection: Visitor, transport: Any) -> None:
        """It has come, or is through with what it asked for."""
        self.taken.discard(transport)
        address = counted_as(str(getattr(transport.getPeer(), "host", ""))) or "unknown"
        sent_away = self.room.come(connection, address)
        if sent_away is None and transport.fileno() >= self.last_number and (longest := self.room.longest()) is not connection:
            sent_away = longest
        if sent_away is not None:
            self.room.leave(sent_away)
            self.turned_away.send_away(address)
            sent_away.send_away()

    def linger(self, connection: Visitor, transport: Any) -> None:
        """It was refused, and may read why."""
        self.gone(connection, transport)
        if (sent_away := self.lingering.come(connection, "")) is not None:
            sent_away.send_away()

    def take(self, connection: Visitor, transport: Any) -> None:
        self.room.leave(connection)
        self.taken.add(transport)

    def gone(self, connection: Visitor, transport: Any) -> None:
        self.room.leave(connection)
        self.lingering.leave(connection)
        self.taken.discard(transport)

    @property
    def last_number(self) -> int:
        return self.plan.limit - self.plan.kept

    def is_full(self, transport: Any) -> bool:
        """Whether this one, which is taken already, is one too many."""
        return len(self.taken) > self.plan.taken or transport.fileno() >= self.last_number

    # Turns -------------------------------------------------------------------------------------------------------------------------
    def ask(self, visit: Visit, transport: Any) -> None:
        full = visit.kind != PROBES and self.is_full(transport)
        if full or not self.turns[visit.kind].come(visit.address, visit, known=visit.address in self._known):
            self._refuse(visit)
        else:
            self._go_on()

    def leave(self, visit: Visit) -> None:
        """It was answered, let in, or has gone."""
        if visit.over:
            return
        visit.over = True
        if visit.begun:
            self.turns[visit.kind].over(visit.address)
            self._go_on()

    def came_in(self, visit: Visit) -> None:
        """Its WebSocket is open: from there somebody comes who may."""
        self._known[visit.address] = None
        self._known.move_to_end(visit.address)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        self.leave(visit)

    def _refuse(self, visit: Visit) -> None:
        visit.over = True
        self.turned_away.refuse(visit.address)
        visit.refuse()

    def _go_on(self) -> None:
        """A turn may be begun, once the rest after the last one is over."""
        if self._due_at is None:
            self._schedule(max(0.0, self._rests_until - time.monotonic()))

    def _schedule(self, seconds: float) -> None:
        self._due_at = time.monotonic() + seconds
        self.call_later(seconds, self._begin_next)

    def _begin_next(self) -> None:
        """One turn is begun, then others of the event loop have theirs."""
        began, due_at = time.monotonic(), self._due_at or 0.0
        visit = self._next()
        if visit is None:
            self._due_at = None
            return
        visit.begun = True
        try:
            self._let_in(visit, began - visit.came_at)
        except Exception:
            log.exception("A request could not be begun; others are.")
            self.leave(visit)
        now = time.monotonic()
        rest = min(max(REST * (now - began + max(0.0, began - due_at)), SHORTEST_REST_SECONDS), LONGEST_REST_SECONDS)
        self._rests_until = now + rest
        self._schedule(rest)

    def _let_in(self, visit: Visit, waited_seconds: float) -> None:
        if waited_seconds > PATIENCE_SECONDS:
            self.leave(visit)
            self._refuse(visit)
        else:
            visit.begin()

    def _next(self) -> Visit | None:
        while (visit := self._taken_next()) is not None and visit.over:
            self.turns[visit.kind].over(visit.address)
        return visit

    def _taken_next(self) -> Visit | None:
        """Probes before all; calls and pages in turns."""
        self._order.reverse()
        for kind in (PROBES, *self._order):
            if (visit := self.turns[kind].next()) is not None:
                return visit
        return None
