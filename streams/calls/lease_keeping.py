"""This process's hold on its calls: leases renewed for those that are here or still to be written, and for no others.

A row that only the database believes in is not renewed, and so ends. Watches by its own clock whether its leases run out, and says so:
the database cannot tell it while it does not answer. Must not know how calls are relayed, nor what else a process keeps."""

import asyncio
import logging
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from math import floor

from django.db import Error as DatabaseError

from streams import journal
from streams.calls.note_queue import NoteQueue
from streams.calls.relay import Relay
from streams.database_threads import DatabaseThreads
from streams.outages import Outage
from streams.pure.call.notes import CallKey

log = logging.getLogger(__name__)

ROUNDS_PER_LEASE = 4
THREADS = 4
"""A renewal that hangs keeps its thread and its connection until the system gives the connection up; the next round takes another."""
MEANWHILE = "calls go on, and a worker may end them in their rows once their leases have run out"

_keepers: "weakref.WeakSet[LeaseKeeper]" = weakref.WeakSet()


def leases_run_out() -> bool:
    """Whether this process holds calls and could not renew their leases in time. May be asked from any thread."""
    return any(keeper.run_out for keeper in list(_keepers))


def signs_of_life(relays: Iterable[Relay]) -> dict[int, list[CallKey]]:
    """When those that are live were heard of last, in whole seconds since the epoch, by the clock that their notes are dated by."""
    signs: dict[int, list[CallKey]] = {}
    for relay in relays:
        if relay.live:
            signs.setdefault(floor(relay.heard_at), []).append(relay.facts.key)
    return signs


class LeaseKeeper:
    """`lost` is told of a call that the database has given to another, or has ended."""

    def __init__(
        self, owner: str, lease_seconds: float, relays: Mapping[CallKey, Relay], note_queue: NoteQueue, lost: Callable[[CallKey], None]
    ) -> None:
        self.outage = Outage(log, "Renewing leases")
        self._owner, self._lease_seconds = owner, lease_seconds
        self._relays, self._note_queue, self._lost = relays, note_queue, lost
        self._threads = DatabaseThreads(THREADS, "leases", answer_seconds=self.round_seconds)
        self._renewed_at: float | None = None
        self._ghosts: set[CallKey] = set()
        _keepers.add(self)

    @property
    def round_seconds(self) -> float:
        return self._lease_seconds / ROUNDS_PER_LEASE

    @property
    def run_out(self) -> bool:
        renewed_at = self._renewed_at
        return renewed_at is not None and time.monotonic() - renewed_at > self._lease_seconds

    async def keep(self) -> None:
        while True:
            began = time.monotonic()
            await self._round()
            await asyncio.sleep(max(began + self.round_seconds - time.monotonic(), 0))

    async def stop(self) -> None:
        _keepers.discard(self)
        await self._threads.stop()

    async def _round(self) -> None:
        began = time.monotonic()
        here, begun = self._here(), {key for key in self._relays if self._note_queue.begun(key)}
        if not here:
            self._renewed_at = None
            return
        try:
            async with asyncio.timeout(self.round_seconds):
                rows = await self._threads.run(journal.renew_leases, self._owner, self._lease_seconds, here, self._signs_of_life())
        except TimeoutError:
            self._failed(f"no answer within {self.round_seconds:g} s", began)
        except DatabaseError as error:
            self._failed(error, began)
        else:
            self._renewed_at = began
            self.outage.worked()
            self._compare(rows, here, begun)

    def _failed(self, error: object, began: float) -> None:
        if self._renewed_at is None:
            self._renewed_at = began  # a call's first lease is written with its row
        self.outage.failed(error, MEANWHILE)

    def _here(self) -> set[CallKey]:
        """Calls that are live here, and those with something still to be written."""
        return {*self._relays, *self._note_queue.pages}

    def _signs_of_life(self) -> dict[int, list[CallKey]]:
        """What calls are billed to should this process die. Of one whose end, or a stream's, is not written yet, nothing is said."""
        return signs_of_life(relay for key, relay in self._relays.items() if self._note_queue.knows_of_ends(key))

    def _compare(self, rows: set[CallKey], here: set[CallKey], begun: set[CallKey]) -> None:
        for key in begun - rows:
            self._lost(key)
        ghosts = rows - here - self._here()
        for key in ghosts - self._ghosts:
            log.error("Call %s is live in its row and not in this process, which wrote it; its lease is left to run out.", key.call_id)
        self._ghosts = ghosts
