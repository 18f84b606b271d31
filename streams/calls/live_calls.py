"""The live calls of this process, and the lines that may bring one: which call a line brings, or why it brings none.

Owns that a call is live once. Must not know leases, control, or how a call is relayed."""

import asyncio
import logging
import time
from functools import partial
from uuid import UUID, uuid4

from streams.calls.note_queue import NoteQueue
from streams.calls.relay import CLOSE_TAKEN, Relay, RelayContext
from streams.gateways.line import Caller, GatewayLine
from streams.gateways.refusals import Refusals
from streams.log_subject import speak_of_call
from streams.pure.call.notes import CallFacts, CallKey
from streams.pure.gateway.dialects import CallIdentity, identity
from streams.pure.gateway.refusal import Reason, Refusal
from streams.pure.gateway.returning_calls import ReturningCalls
from streams.pure.lifecycle import EndCause, HangupCause
from streams.pure.messages import GatewayMessage, Started

log = logging.getLogger(__name__)

OVER = "This call has ended, or another process has it; a new call needs a call_uuid of its own."


class LiveCalls:
    """`lines`: every gateway's socket that is open."""

    def __init__(self, note_queue: NoteQueue, refusals: Refusals) -> None:
        self.relays: dict[CallKey, Relay] = {}
        self.lines: set[GatewayLine] = set()
        self._returning = ReturningCalls()
        self._note_queue = note_queue
        self._refusals = refusals

    # The beginning -----------------------------------------------------------------------------------------------------------
    def open(self, line: GatewayLine, who: CallIdentity, first: GatewayMessage | None, context: RelayContext) -> Relay | None:
        """The call that a line brings: a new one, or one that goes on on this line; None, and the line is refused, when it is neither."""
        facts = facts_of(line.caller, who, first)
        speak_of_call(facts.call_id)
        relay = self.relays.get(facts.key)
        if relay is not None:
            reason = Reason.CALL_LIVE if relay.live else Reason.CALL_USED
            problem = relay.continue_on(line, first)
        elif facts.key in self._returning or self._note_queue.still_writes(facts.key):
            reason, problem = Reason.CALL_USED, OVER
        else:
            return self._begin(line, who, facts, first, context)
        if not problem:
            return relay
        pause_seconds = self._refusal_seconds(line.caller, facts.key, problem)
        line.refuse(CLOSE_TAKEN, problem, pause_seconds if line.dialect.resumes else 0.0)
        self.note_refusal(line.caller, reason, problem, facts.call_id)
        return None

    def _begin(self, line: GatewayLine, who: CallIdentity, facts: CallFacts, first: GatewayMessage | None, context: RelayContext) -> Relay:
        relay = self.relays[facts.key] = Relay(line, facts, context)
        self._note_queue.open(facts, partial(self._lose, relay))
        relay.begin(who)
        relay.refuse_if_too_many()
        if first is not None and relay.live:
            relay.hear(first, time.monotonic())
        return relay

    # What is not taken ---------------------------------------------------------------------------------------------------------
    def turns_away(self, caller: Caller) -> bool:
        """Whether a gateway brings a call that is over, by its URL, so that it need not be let in to find that out."""
        key = key_in_url(caller)
        if key is None or not self._is_over(key):
            return False
        self._refusal_seconds(caller, key, OVER)
        self.note_refusal(caller, Reason.CALL_USED, OVER, key.call_id)
        return True

    def goes_on(self, caller: Caller) -> bool:
        """Whether a gateway brings a call that is live, by its URL."""
        relay = self.relays.get(key) if (key := key_in_url(caller)) else None
        return relay is not None and relay.live

    def undecided_of(self, gateway_id: int) -> int:
        """How many lines of a gateway are open that have not said yet what they bring."""
        return sum(line.caller.gateway_id == gateway_id for line in self._undecided())

    def _is_over(self, key: CallKey) -> bool:
        """Also while its customers' sockets are still being closed: an old build comes again within a millisecond."""
        relay = self.relays.get(key)
        return key in self._returning or (relay is not None and not relay.live and relay.line.dialect.resumes)

    def _refusal_seconds(self, caller: Caller, key: CallKey, problem: str) -> float:
        """How long to take over refusing a gateway that may come again for ever. It is logged once for each call."""
        before, seconds = self._returning.refuse(key)
        if not before:
            log.warning("Gateway %s brought call %s again and was refused: %s", caller.gateway_name, key.call_id, problem)
        return seconds

    def _lose(self, relay: Relay, words: str, begun: bool) -> None:
        """The journal says that the call is not ours (any more). One that had not begun has a call_uuid that was used before."""
        if not begun:
            self.note_refusal(relay.line.caller, Reason.CALL_USED, words, relay.facts.call_id)
        relay.lease_lost(words)

    def note_refusal(self, caller: Caller, reason: Reason, words: str, call_id: UUID | None) -> None:
        """Has it written down that a gateway that is in brought a call that is not taken."""
        self._refusals.add(Refusal(reason, words, caller.gateway_name, caller.dialect_name, caller.host, known=True, call_uuid=call_id))

    # The end -------------------------------------------------------------------------------------------------------------------
    def over(self, relay: Relay) -> None:
        """The call has ended, and its customers' sockets are closed."""
        key = relay.facts.key
        del self.relays[key]
        self._note_queue.close(key)
        if relay.line.dialect.resumes:
            self._returning.add(key)

    def end_all(self, cause: EndCause, hangup: HangupCause, words: str, code: int) -> None:
        """Ends what is live, and lets nobody begin."""
        for line in self._undecided():
            line.refuse(code, words)
        for relay in list(self.relays.values()):
            relay.finish(cause, hangup, words, code)

    async def until_done(self, within_seconds: float) -> None:
        """Until no call is live and no line may bring one, or the time is over."""
        deadline = time.monotonic() + within_seconds
        while waits := [relay.done.wait() for relay in self.relays.values()] + [line.decided.wait() for line in self._undecided()]:
            _, late = await asyncio.wait([asyncio.ensure_future(wait) for wait in waits], timeout=max(deadline - time.monotonic(), 0))
            for wait in late:
                wait.cancel()
            if late:
                return

    def _undecided(self) -> list[GatewayLine]:
        return [line for line in self.lines if not line.decided.is_set()]


def key_in_url(caller: Caller) -> CallKey | None:
    """The call that a gateway names before it says a word."""
    call_id = identity(caller.query, {}).call_uuid
    return CallKey(caller.account_id, call_id) if call_id else None


def facts_of(caller: Caller, who: CallIdentity, first: GatewayMessage | None) -> CallFacts:
    return CallFacts(
        call_id=who.call_uuid or uuid4(),
        account_id=caller.account_id,
        gateway_id=caller.gateway_id,
        application_id=caller.application_id,
        from_number=who.from_number,
        to_number=who.to_number,
        direction=who.direction,
        gateway_call_id=first.gateway_call_id if isinstance(first, Started) else "",
        started_at=time.time(),
    )
