"""The live calls of this process: which there are, that they keep their leases, and how control and shutdown reach them.

Owns the process's listener on the channel layer, its lease renewal and its draining. Must not know how a call is relayed."""

import asyncio
import logging
import weakref
from collections.abc import Coroutine
from typing import Any
from uuid import UUID, uuid4

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseError

from streams import control, journal
from streams.database_threads import DatabaseThreads
from streams.directory import Directory
from streams.notebook import Notebook
from streams.pure.lifecycle import PROCESS_LOST, EndCause
from streams.pure.messages import StreamRequest
from streams.pure.notes import CallFacts
from streams.relay import Relay

log = logging.getLogger(__name__)

CONTROL_SECONDS = 2.0
"""How often waiting control requests are looked for without a message: the most a request waits when Redis is away."""
LISTENER_PAUSE_SECONDS = 1.0
CLOSE_PLATFORM_STOPS = 4012
FINISH_SECONDS = 6.0
"""So long the sockets and the last notes of a stopping process may take."""

draining = False
"""True once this process was told to stop: it takes no new calls, and is not ready."""


class Switchboard:
    """One per event loop, which in a real process means one. `owner` is the name of the process in the leases."""

    def __init__(self) -> None:
        self.owner = uuid4().hex
        self.lease_seconds = settings.LEASE_SECONDS
        self.relays: dict[UUID, Relay] = {}
        self.starting: set[Relay] = set()
        self.notebook = Notebook(self.owner, self.lease_seconds)
        self.directory = Directory()
        self._threads = DatabaseThreads(2, "switchboard")
        self._look = asyncio.Event()
        self._tasks = [self._spawn(self._keep_leases()), self._spawn(self._take_requests()), self._spawn(self._listen())]

    # Calls ---------------------------------------------------------------------------------------------------------------------
    def opened(self, relay: Relay, facts: CallFacts) -> bool:
        """A relay found out which call it has; False when that call is live here already."""
        if facts.call_id in self.relays:
            return False
        self.relays[facts.call_id] = relay
        self.notebook.open(facts, relay.lease_lost)
        return True

    def closed(self, relay: Relay) -> None:
        self.starting.discard(relay)
        call_id = relay.facts.call_id if relay.facts else None
        if call_id is not None and self.relays.get(call_id) is relay:
            del self.relays[call_id]
            self.notebook.close(call_id)

    # Leases --------------------------------------------------------------------------------------------------------------------
    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self.lease_seconds / 4)
            held = {call_id for call_id in self.relays if self.notebook.begun(call_id)}
            if not held:
                continue
            still = await self._query(journal.renew_leases, self.owner, self.lease_seconds)
            for call_id in held - still if still is not None else ():
                self._lost(call_id)

    def _lost(self, call_id: UUID) -> None:
        relay = self.relays.get(call_id)
        if relay is not None and relay.session is not None and not relay.session.over:
            relay.lease_lost("The lease of this call was taken: it was ended in the database while this process could not renew it.")

    # Control ---------------------------------------------------------------------------------------------------------------------
    async def _listen(self) -> None:
        """Waits for messages that something was asked. Outlives Redis: it begins anew until it is back."""
        away = ""
        while True:
            try:
                await self._listen_once()
            except Exception as error:  # noqa: BLE001 - whatever a channel layer raises must not end the listening
                if away != str(error):
                    log.warning("The channel layer is away (%s); control requests are found in their rows meanwhile.", error)
                away = str(error)
            await asyncio.sleep(LISTENER_PAUSE_SECONDS)

    async def _listen_once(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            await asyncio.Event().wait()
            return
        channel = await layer.new_channel()
        await layer.group_add(control.group_of(self.owner), channel)
        self._look.set()
        while True:
            await layer.receive(channel)
            self._look.set()

    async def _take_requests(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._look.wait(), CONTROL_SECONDS)
            except TimeoutError:
                pass
            self._look.clear()
            if self.relays:
                for asked in await self._query(control.take, self.owner) or ():
                    self._obey(asked)

    def _obey(self, asked: control.Asked) -> None:
        relay = self.relays.get(asked.call_id)
        if relay is None:
            log.info("%s was asked for call %s, which is gone.", asked.kind, asked.call_id)
            return
        try:
            self._pass_on(relay, asked)
        except Exception:
            log.exception("The request %s for call %s could not be carried out.", asked.kind, asked.call_id)

    def _pass_on(self, relay: Relay, asked: control.Asked) -> None:
        from_api = asked.by == "API"
        match asked.kind, asked.stream_id:
            case "start", UUID() as stream_id:
                relay.start_stream(stream_id, StreamRequest(**asked.details["request"]), "API" if from_api else "console", asked.by)
            case "stop", UUID() as stream_id:
                relay.stop_stream(stream_id, EndCause.STOPPED_BY_API if from_api else EndCause.STOPPED_BY_OPERATOR, asked.by)
            case "hang_up", _:
                relay.hang_up(asked.by)
            case "send_dtmf", _:
                relay.send_dtmf(asked.details["digits"], asked.by)

    # The end of the process --------------------------------------------------------------------------------------------------------
    async def drain(self, limit_seconds: float) -> None:
        """Lets live calls finish within the limit, ends the rest, and writes what is known of them."""
        await self._all_done(limit_seconds)
        for relay in [*self.relays.values(), *self.starting]:
            relay.platform_stops(PROCESS_LOST, "The platform was stopped while the call was live.", CLOSE_PLATFORM_STOPS)
        await self._all_done(FINISH_SECONDS)
        await self.notebook.stop(FINISH_SECONDS)

    async def _all_done(self, within_seconds: float) -> None:
        waits = [asyncio.ensure_future(relay.done.wait()) for relay in {*self.relays.values(), *self.starting}]
        if waits:
            _, late = await asyncio.wait(waits, timeout=within_seconds)
            for wait in late:
                wait.cancel()

    async def stop(self) -> None:
        """Stops the tasks of this process; calls are drained before."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.directory.stop()
        await self._threads.stop()

    # Plumbing ------------------------------------------------------------------------------------------------------------------------
    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    async def _query(self, function: Any, *arguments: Any) -> Any:
        """Runs a database function in a thread; None when the database is away."""
        try:
            return await self._threads.run(function, *arguments)
        except DatabaseError as error:
            log.warning("The database is away (%s); calls go on.", str(error).strip())
            return None


_boards: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Switchboard] = weakref.WeakKeyDictionary()


def current() -> Switchboard:
    """The switchboard of the running event loop; made by the first gateway that comes."""
    loop = asyncio.get_running_loop()
    board = _boards.get(loop)
    if board is None:
        board = _boards[loop] = Switchboard()
    return board


async def drain(limit_seconds: float) -> None:
    """What the server calls when the process is told to stop; afterwards nothing of this process is live."""
    global draining  # noqa: PLW0603 - one flag of the process, set once and read by the readiness page
    draining = True
    board = _boards.get(asyncio.get_running_loop())
    if board is not None:
        await board.drain(limit_seconds)
        await board.stop()
