"""Runs one call: a gateway's line on one side, its streams' customer sockets on the other, a CallSession between them.

Owns the call's beginning, its clock and its end. Carries out what the session wants; decides nothing itself. Must not know
Django, rows or the channel layer: the consumer supplies the note sink and the way to fetch an answer."""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any

from streams.calls.answer_acts import act_on_answer, fail_to_follow
from streams.calls.call_recordings import Begin, CallRecordings, no_recording
from streams.customers.dial import DialSettings
from streams.customers.links import CustomerLinks
from streams.gateways.line import GatewayLine
from streams.pure.call.effects import CloseCustomer, CloseGateway, Dial, Effect, TellGateway, Write
from streams.pure.call.limits import StreamLimits
from streams.pure.call.noise_cancellation import PLENTY, NoiseMeans
from streams.pure.call.notes import CallFacts, Identity, Note
from streams.pure.call.session import CallAct, CallSession
from streams.pure.callback.auth_tokens import Tokens
from streams.pure.customer.answer_xml import Answer
from streams.pure.gateway.dialects import CallIdentity, filled_in
from streams.pure.lifecycle import API_HANGUP, CALL_LIMIT, EndCause, EventKind, HangupCause, Level
from streams.pure.messages import Audio, GatewayMessage, LateMetadata, Started

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
FILL_SECONDS = 0.02
SETTLED_SECONDS = 1.0
"""A socket that looks well is not taken over before: two that both come again for ever would take the call from each other for ever."""
CLOSE_TAKEN = 4409
CLOSE_TAKEN_OVER = 4410
CONTROL_FAILED = "That could not be done: the platform failed at it, and its log has the details."


async def at_once() -> None:
    """Where nothing is kept on disk."""


@dataclass(frozen=True, slots=True)
class RelayContext:
    """What a relay needs of the process around it.

    `record` keeps a note; `answer` fetches and checks the application's XML; `tokens` are the account's, those
    of now; `over` is told when the relay is done. `kept` returns when what was recorded is on disk, or is no longer waited for.
    `too_many` says why this call is one more than may be, "" where it is not; `noise` is what there is for noise cancellation;
    `recording` begins the recording of a stream."""

    limits: StreamLimits
    dialling: DialSettings
    tls: ssl.SSLContext
    record: Callable[[CallFacts, Note], None]
    answer: Callable[["Relay"], Awaitable[tuple[Answer, dict[str, Any]]]]
    tokens: Callable[[], Tokens]
    over: Callable[["Relay"], None]
    kept: Callable[[], Awaitable[None]] = at_once
    too_many: Callable[[], str] = lambda: ""
    noise: NoiseMeans = PLENTY
    recording: Begin = no_recording


class Relay:
    """One live call on `line`, its gateway's present one. `done` is set when the call is over and its customers' sockets are closed."""

    def __init__(self, line: GatewayLine, facts: CallFacts, context: RelayContext) -> None:
        self.line = line
        self.facts = facts
        self.context = context
        self.done = asyncio.Event()
        self._whose_call = copy_context()
        """Where it is said: frames come outside of it."""
        caller, now = line.caller, time.monotonic()
        identity, marks = Identity(facts.call_id, caller.auth_id), line.dialect.marks
        self.session = CallSession(identity, context.limits, now, facts.started_at, marks, noise=context.noise)
        self.links = CustomerLinks(self.session, context.tokens, context.dialling, context.tls, kept=context.kept, after=self._after)
        self.recordings = CallRecordings(self.session, context.recording)
        self._fenced = False
        self._loop = asyncio.get_running_loop()
        self._answering: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        self._filler: asyncio.TimerHandle | None = None

    @property
    def live(self) -> bool:
        return self.session.over is None

    @property
    def begun(self) -> bool:
        """Whether its media has begun: before that it can be asked for nothing."""
        return self.session.media is not None

    @property
    def heard_at(self) -> float:
        """When its gateway was heard of last, as its notes are dated: seconds since the epoch."""
        return self.session.heard_at + self.session.offset

    def begin(self, who: CallIdentity) -> None:
        """The call's first note."""
        caller = self.line.caller
        self.note(
            EventKind.CALL_STARTED,
            gateway=caller.gateway_name,
            dialect=caller.dialect_name,
            address=caller.address,
            upgrade_ms=caller.upgrade_ms or None,
            **{"from": who.from_number, "to": who.to_number},
            direction=who.direction,
            problem=who.problem or None,
        )

    # The gateway's side ----------------------------------------------------------------------------------------------------
    def audio(self, frame: Audio, now: float) -> None:
        """The hot path: 50 a second and call."""
        for stream in self.session.audio(frame, now):
            self.links.pump(stream.id)
        if self.session.effects.pending:
            self._whose_call.copy().run(self._carry_out)

    def hear(self, message: GatewayMessage, now: float) -> None:
        """Anything else that the gateway says."""
        if isinstance(message, LateMetadata):
            self._fill_in(message)
        self.session.hear(message, now)
        self._after(now)
        if isinstance(message, Started) and self.live and self._answering is None:
            self._answering = self._loop.create_task(self._answer())

    def _fill_in(self, late: LateMetadata) -> None:
        """What was not known of the call, and is now."""
        facts = self.facts
        known = {"from": facts.from_number, "to": facts.to_number, "direction": facts.direction, "gateway_call_id": facts.gateway_call_id}
        told = filled_in(self.line.caller.query, {**known, "call_uuid": str(facts.call_id)}, late)
        level = Level.WARNING if "problem" in told else Level.INFO if told or late.audio else Level.DEBUG
        self.note(EventKind.CALL_METADATA_LATE, level, **told, audio=late.audio or None)
        known |= told
        self.facts = replace(
            facts,
            from_number=known["from"],
            to_number=known["to"],
            direction=known["direction"],
            gateway_call_id=known["gateway_call_id"],
        )

    def continue_on(self, line: GatewayLine, first: GatewayMessage | None) -> str:
        """Another socket brings this call: it goes on there. Returns '', or why it does not, in a sentence."""
        if not self.live:
            return "This call has ended."
        if not isinstance(first, Started) or not line.dialect.resumes or line.caller.gateway_id != self.facts.gateway_id:
            return "This call_uuid is live already."
        now = time.monotonic()
        if not self.line.gone and now - self.line.opened_at < SETTLED_SECONDS:
            return f"This call_uuid is live already, on a socket that is younger than {SETTLED_SECONDS:g} s."
        problem = self.session.resume(first, line.caller.address, now)
        if not problem:
            self.line.refuse(CLOSE_TAKEN_OVER, "Another socket of the gateway has taken this call over.")
            self.line = line
        self._after(now)
        return problem

    async def _answer(self) -> None:
        act = await act_on_answer(self.context.answer(self), self.facts.call_id)
        if not self.live:
            return
        try:
            self._act(act)
        except Exception:  # or the call would stay without its streams, and nobody be told
            log.exception("Call %s: its answer could not be followed", self.facts.call_id)
            self._act(fail_to_follow)

    # From elsewhere --------------------------------------------------------------------------------------------------------
    def note(self, kind: EventKind, level: Level = Level.INFO, /, **details: Any) -> None:
        """A fact of the call that happened outside of the session."""
        self.session.note(kind, level, None, time.monotonic(), **details)
        self._carry_out()

    def carry_out(self, kind: str, by: str, act: CallAct) -> None:
        """A control request. What comes after the end of the call comes too late, which is no error."""
        if self.live and self.begun:
            self.note(EventKind.CALL_CONTROL_REQUESTED, kind=kind, by=by)
            self._act(act)

    def could_not_carry_out(self, kind: str, by: str) -> None:
        """Who asked has been told that it would be done: the call's log says that it was not."""
        if self.live:
            self.note(EventKind.CALL_CONTROL_REQUESTED, Level.ERROR, kind=kind, by=by, problem=CONTROL_FAILED)

    def _act(self, act: CallAct) -> None:
        now = time.monotonic()
        act(self.session, now)
        self._after(now)

    def finish(self, cause: EndCause, hangup: HangupCause, words: str, code: int) -> None:
        """Ends the call and closes its gateway with `code`."""
        self._act(lambda session, now: session.finish(cause, hangup, words, now, close=code))

    def refuse_if_too_many(self) -> None:
        """Before anything comes of the call: no application is asked about it."""
        if words := self.context.too_many():
            self._act(lambda session, now: session.hang_up(CALL_LIMIT, words, now))

    def lease_lost(self, words: str) -> None:
        """Another has ended this call in its rows: stop everything, and write nothing more."""
        log.error("Call %s: %s", self.facts.call_id, words)
        self._fenced = True
        self.finish(EndCause.PROCESS_LOST, API_HANGUP, words, CLOSE_TAKEN)

    # Carrying out, time, the end -----------------------------------------------------------------------------------------------
    def _after(self, now: float) -> None:
        """What follows whenever the session was told something."""
        self.session.settle(now)
        self._carry_out()
        self.links.pump_waiting(now)
        self._carry_out()
        if not self.live and not self.links and not self.recordings and not self.done.is_set():
            self._timer.cancel()
            if self._filler is not None:
                self._filler.cancel()
            self.done.set()
            self.context.over(self)

    def _carry_out(self) -> None:
        while effects := self.session.effects.drain():
            for effect in effects:
                self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Write(note):
                if not self._fenced:
                    self.context.record(self.facts, note)
            case Dial():
                self.links.dial(effect)
            case CloseCustomer():
                self.links.close(effect)
            case TellGateway(command):
                self.line.tell(command)
            case CloseGateway(code, reason):
                self.line.close(code, reason)

    def _tick(self) -> None:
        # Armed first: a failure below must not stop the call's clock.
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        now = time.monotonic()
        spared = self.session.leaves_out(self.session.is_calm(now) and self.links.are_calm(now), now)
        if not spared:
            self.links.measure(now)
            self.session.tick(now)
        if self.recordings:
            self.recordings.look(now)
        if not spared or self.session.effects.pending:
            self._after(now)
        if self.session.filling and self._filler is None:
            self._filler = self._loop.call_later(FILL_SECONDS, self._fill)

    def _fill(self) -> None:
        """Audio does not come: silence does, at the pace of audio."""
        self._filler = self._loop.call_later(FILL_SECONDS, self._fill) if self.session.filling else None
        for stream in self.session.fill(time.monotonic()):
            self.links.pump(stream.id)
        if self.session.effects.pending:
            self._carry_out()
