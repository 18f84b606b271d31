"""The process around its live calls: they keep their leases, their timing is measured, control and shutdown reach them.

Owns the process's loops and its draining. Must not know how a call is relayed."""

import asyncio
import logging
import time
import weakref
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import Error as DatabaseError

from streams import process_troubles
from streams.calls import call_lines, call_troubles, presence, timing
from streams.calls.control_rounds import ControlRounds
from streams.calls.crowding import Crowding
from streams.calls.lease_keeping import LeaseKeeper, signs_of_life
from streams.calls.live_calls import LiveCalls
from streams.calls.noise_places import NoisePlaces
from streams.calls.note_queue import NoteQueue
from streams.calls.orphaned_spools import ROUND_SECONDS, OrphanedSpools
from streams.calls.process_counts import ProcessCounts
from streams.calls.relay import Relay
from streams.control import listening
from streams.database_threads import DatabaseThreads
from streams.gateways import traffic
from streams.gateways.directory import Directory
from streams.gateways.refusals import Refusals
from streams.keeper import keep
from streams.outages import Outage
from streams.pure.call.notes import CallFacts, CallKey, Note
from streams.pure.gateway.guesses import Guesses
from streams.pure.gateway.meter import Meter
from streams.pure.lifecycle import PROCESS_LOST, EndCause
from streams.recordings.recorder import Recorders

log = logging.getLogger(__name__)
# Where calls are, and before a storm: whoever else tells of troubles does without all that carries calls.
process_troubles.FINDERS[1:1] = call_troubles.FINDERS

CONTROL_SECONDS = 2.0
"""How often waiting control requests are looked for without a message: the most a request waits when Redis is away."""
CLOSE_PLATFORM_STOPS = 4012
SIGN_SECONDS = 1.0
"""How much later than it was heard of last a call's sign of life may be on disk."""
FINISH_SECONDS = 6.0
"""At most this long for the sockets and the last notes of a stopping process."""

stopping = False
"""True once this process was told to stop: it is not ready, so that nobody sends it calls any more. Those that come are taken."""
draining = False
"""True once that was to be seen for long enough: it takes no new calls."""


class Switchboard:
    """One per event loop, which in a real process means one. `owner` is the name of the process in the leases."""

    def __init__(self) -> None:
        self.owner = uuid4().hex
        self.lease_seconds = settings.LEASE_SECONDS
        self.note_queue = NoteQueue(self.owner, self.lease_seconds)
        self.directory = Directory()
        self.refusals = Refusals()
        self.guesses = Guesses()
        self.calls = LiveCalls(self.note_queue, self.refusals)
        self.relays = self.calls.relays
        self.noise_places = NoisePlaces(settings.NOISE_CANCELLATION_STREAMS, self.relays)
        self.recorders = Recorders()
        self.leases = LeaseKeeper(self.owner, self.lease_seconds, self.relays, self.note_queue, self._lost)
        self.counts = ProcessCounts()
        self.meters: dict[int, Meter] = {}
        self._frames_of_gone_gateways = 0
        self._threads = DatabaseThreads(2, "switchboard")
        self._orphans = OrphanedSpools(self.note_queue.spool.file.path.parent)
        self._replaying = DatabaseThreads(1, "orphans", answer_seconds=2 * ROUND_SECONDS)
        self._stopped = False
        self._outage = Outage(log, "Looking for control requests, or writing figures,")
        self._look = asyncio.Event()
        self.crowding = Crowding(self.owner, self.relays, self._query)
        self._control = ControlRounds(self.owner, self.relays, self._query)
        self._metered_at = time.monotonic()
        self._loops = [
            # Rests at most as long as it waits between two rounds: however often something fails after a renewal, no lease runs out.
            keep("lease renewal", self.leases.keep, longest_pause_seconds=self.leases.round_seconds),
            keep("frame rates of gateways", self._keep_traffic, calls_need_it=False),
            keep("signs of life of calls", self._keep_signs_of_life, calls_need_it=False),
            keep("spools of killed processes", self._replay_orphans, calls_need_it=False),
            keep("timing of live calls", self._keep_timing, calls_need_it=False),
            keep("calls of other processes", self.crowding.keep, calls_need_it=False),
            keep("control requests", self._take_requests),
            keep("channel layer listener", partial(listening.listen, self.owner, self._look.set), calls_need_it=False),
            keep("report of trouble", self._keep_reported, calls_need_it=False),
            keep("list of processes", self._keep_present, calls_need_it=False),
        ]

    def meter_of(self, gateway_id: int) -> Meter:
        return self.meters.setdefault(gateway_id, Meter())

    # What becomes of calls ------------------------------------------------------------------------------------------------------
    def record(self, facts: CallFacts, note: Note) -> None:
        """A fact of a call, to be written and counted."""
        call_lines.say(facts, note)
        self.counts.note(note)
        self.note_queue.add(facts, note)

    def over(self, relay: Relay) -> None:
        """The call has ended, and its customers' sockets are closed."""
        self.counts.over(relay)
        self.calls.over(relay)

    @property
    def frames_received(self) -> int:
        """From all gateways since the process began."""
        return self._frames_of_gone_gateways + sum(meter.frames for meter in self.meters.values())

    # Leases and figures ----------------------------------------------------------------------------------------------------------
    async def _keep_timing(self) -> None:
        await timing.keep(self.owner, self.relays, self.note_queue.begun, self._query)

    async def _keep_reported(self) -> None:
        await process_troubles.keep_reported(self.owner, self.lease_seconds / 4, self._query)

    async def _keep_present(self) -> None:
        await presence.keep_present(self.owner, self._query)

    async def _keep_traffic(self) -> None:
        """As often as leases, and not with them: a fault in a figure must not cost a lease."""
        while True:
            now = time.monotonic()
            seconds, self._metered_at = now - self._metered_at, now
            await self._write_traffic(seconds)
            await asyncio.sleep(self.lease_seconds / 4)

    async def _write_traffic(self, seconds: float) -> None:
        """How much came from each gateway in the `seconds` since the last round; nothing of gateways that are gone."""
        there = {entry.gateway_id for entry in self.directory.entries.values()}
        gone = self.meters.keys() - there
        self._frames_of_gone_gateways += sum(self.meters.pop(gateway_id).frames for gateway_id in gone)
        measured = {gateway_id: meter.per_second(seconds) for gateway_id, meter in self.meters.items()}
        rates = {gateway_id: rate for gateway_id, rate in measured.items() if rate is not None}
        if rates:
            await self._query(traffic.write, self.owner, rates)

    async def _keep_signs_of_life(self) -> None:
        while True:
            self.note_queue.spool.heard(signs_of_life(self.relays.values()))
            await asyncio.sleep(SIGN_SECONDS)

    async def _replay_orphans(self) -> None:
        """What processes of this machine had noted that were killed: at the start of this one, and whenever one dies beside it."""
        while True:
            await self._replaying.run(self._orphans.replay, lambda: not self._stopped)
            await asyncio.sleep(self.lease_seconds / 4)

    def _lost(self, key: CallKey) -> None:
        relay = self.relays.get(key)
        if relay is None or not relay.live:
            return
        try:
            relay.lease_lost("The lease of this call was taken: it was ended in the database while this process could not renew it.")
        except Exception:
            log.exception("Call %s, whose lease was taken, could not be ended; the next round tries again.", key.call_id)

    # Control ---------------------------------------------------------------------------------------------------------------------
    async def _take_requests(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CONTROL_SECONDS):
                    await self._look.wait()
            self._look.clear()
            if self.relays or self._control.unfinished:
                await self._control.carry_out_waiting()

    # The end of the process --------------------------------------------------------------------------------------------------------
    async def drain(self, limit_seconds: float) -> None:
        """Lets live calls finish within the limit, ends the rest, and writes what is known of them."""
        await self.calls.until_done(limit_seconds)
        words = "The platform was stopped while the call was live."
        self.calls.end_all(EndCause.PLATFORM_STOPPED, PROCESS_LOST, words, CLOSE_PLATFORM_STOPS)
        await self.calls.until_done(FINISH_SECONDS)
        await self.note_queue.stop(FINISH_SECONDS)

    async def stop(self) -> None:
        """Stops the loops of this process; calls are drained before."""
        self._stopped = True
        await asyncio.gather(*(loop.stop() for loop in self._loops))
        if self.meters:
            await self._query(traffic.leave, self.owner)
        await self.directory.stop()
        await self.refusals.stop()
        await self.leases.stop()
        await self._replaying.stop()
        await self.recorders.stop(FINISH_SECONDS)
        await self._threads.stop()

    # Plumbing ------------------------------------------------------------------------------------------------------------------------
    async def _query(self, function: Any, *arguments: Any) -> Any:
        """Runs a database function in a thread; None when the database is away."""
        try:
            result = await self._threads.run(function, *arguments)
        except DatabaseError as error:
            self._outage.failed(error, "calls go on")
            return None
        self._outage.worked()
        return result


_boards: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Switchboard] = weakref.WeakKeyDictionary()


def of_running_loop() -> Switchboard | None:
    """Where there is one: a process that takes no calls has none."""
    return _boards.get(asyncio.get_running_loop())


def current() -> Switchboard:
    """The switchboard of the running event loop; made when the server listens, or by the first gateway that comes."""
    loop = asyncio.get_running_loop()
    board = _boards.get(loop)
    if board is None:
        board = _boards[loop] = Switchboard()
    return board


def announce_stop() -> None:
    """What the server calls when the process is told to stop, while it still listens."""
    global stopping  # noqa: PLW0603 - as below
    stopping = True


async def drain(limit_seconds: float) -> None:
    """What the server calls when it listens no more; afterwards nothing of this process is live."""
    global draining  # noqa: PLW0603 - one flag of the process, set once
    announce_stop()
    draining = True
    board = _boards.get(asyncio.get_running_loop())
    if board is not None:
        await board.drain(limit_seconds)
        await board.stop()
