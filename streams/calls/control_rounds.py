"""Control requests carried out in this process: claimed from their rows, done to the call, finished in their rows.

Owns that each is done at most once, whatever the database does meanwhile. Must not know what a request does (control_acts), nor when
to look for one."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from streams import control
from streams.calls.control_acts import act_of
from streams.calls.relay import Relay
from streams.pure.call.notes import CallKey

log = logging.getLogger(__name__)


class ControlRounds:
    """`query` runs a database function beside the event loop and returns None when the database is away."""

    def __init__(self, owner: str, relays: Mapping[CallKey, Relay], query: Callable[..., Awaitable[Any]]) -> None:
        self._owner = owner
        self._relays = relays
        self._query = query
        self._unfinished: dict[int, control.ClaimedRequest] = {}
        """What was carried out and could not be finished in its row yet, by the row's key. Such a row is claimed again when the claim
        runs out, and must not be carried out again: a second start would be a second stream, and digits would be heard twice."""

    @property
    def unfinished(self) -> bool:
        """Whether rows do not say yet that what they ask for was done."""
        return bool(self._unfinished)

    async def carry_out_waiting(self) -> None:
        """One round: all that waits for this process's calls, as far as the database lets us have it."""
        await self._finish()
        claimed = await self._query(control.claim_waiting, self._owner) or ()
        too_early = [asked for asked in claimed if not self._carried_out(asked)]
        await self._finish()
        if too_early:
            await self._query(control.give_back, too_early)

    def _carried_out(self, asked: control.ClaimedRequest) -> bool:
        """Carries a request out unless that was done before; False when it is too early for it."""
        relay = self._relays.get(asked.call)
        done_before = asked.row.pk in self._unfinished
        if relay is not None and relay.live and not relay.begun and not done_before:
            return False
        self._unfinished[asked.row.pk] = asked
        if not done_before:
            _carry_out(asked, relay)
        return True

    async def _finish(self) -> None:
        finished = list(self._unfinished.values())
        if finished and await self._query(control.finish, finished):
            self._unfinished.clear()


def _carry_out(asked: control.ClaimedRequest, relay: Relay | None) -> None:
    if relay is None:
        # A call is here before its row is there: this one is over, and its row does not say so yet.
        log.info("%s was asked for call %s, which is gone.", asked.kind, asked.call.call_id)
        return
    try:
        relay.carry_out(asked.kind, asked.by, act_of(asked))
    except Exception:
        log.exception("The request %s for call %s could not be carried out.", asked.kind, asked.call.call_id)
        relay.could_not_carry_out(asked.kind, asked.by)
        if asked.kind == "start" and asked.stream_id not in relay.session.streams:
            control.mark_failed(asked)
