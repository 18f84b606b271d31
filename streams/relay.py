"""Runs one call: a gateway's socket on one side, its streams' customer sockets on the other, a CallSession between them.

Owns the call's beginning, its clock and its end. Carries out what the session wants; decides nothing itself. Must not know
Django, rows or the channel layer: the consumer supplies the note sink and the way to fetch an answer."""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from streams.customer_links import CustomerLinks
from streams.customer_socket import DialSettings
from streams.pure.effects import CloseCustomer, CloseGateway, Dial, Effect, TellGateway, Write
from streams.pure.gateway import CallIdentity, Dialect, identity
from streams.pure.lifecycle import (
    ANSWER_INVALID,
    ANSWER_UNREACHABLE,
    API_HANGUP,
    UNSUPPORTED_MEDIA,
    EndCause,
    EventKind,
    HangupCause,
    Level,
)
from streams.pure.messages import Audio, Ended, GatewayMessage, Started, StreamRequest, Unreadable, Unsupported
from streams.pure.notes import CallFacts, Note
from streams.pure.session import CLOSE_CALL_OVER, CallSession, Identity
from streams.pure.stream import Limits
from streams.pure.xml import Answer, InvalidAnswer

log = logging.getLogger(__name__)

MEDIA_START_SECONDS = 10.0
"""So long a gateway may be connected before it says what it brings."""
TICK_SECONDS = 0.1
EARLY_MESSAGES = 10
CLOSE_NO_MEDIA = 4408
CLOSE_TAKEN = 4409


class AnswerUnavailable(Exception):
    """The application's XML could not be had; `facts` for the debug log, the message for people."""

    def __init__(self, problem: str, facts: dict[str, Any]) -> None:
        super().__init__(problem)
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a gateway's upgrade request once its credentials were found good; the ids are rows'."""

    gateway_name: str
    dialect_name: str
    gateway_id: int
    application_id: int
    account_id: int
    auth_id: str
    auth_token: str
    address: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a relay needs of the process around it.

    `opened(relay, facts)` says whether the call may go on under that uuid; `record` keeps a note; `answer` fetches and checks
    the application's XML; `tell` sends to the gateway and `close` closes its socket, both without waiting."""

    limits: Limits
    dialling: DialSettings
    tls: ssl.SSLContext
    opened: Callable[["Relay", CallFacts], bool]
    record: Callable[[CallFacts, Note], None]
    answer: Callable[[CallFacts], Awaitable[tuple[Answer, dict[str, Any]]]]
    tell: Callable[[str | bytes], None]
    close: Callable[[int, str], None]


class Relay:
    """`done` is set when the call is over and its sockets are closed."""

    def __init__(self, caller: Caller, dialect: Dialect, around: Surroundings) -> None:
        self.caller = caller
        self.dialect = dialect
        self.around = around
        self.done = asyncio.Event()
        self.facts: CallFacts | None = None
        self.session: CallSession | None = None
        self._early: list[GatewayMessage] = []
        self._closed_by_us = False
        self._fenced = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(MEDIA_START_SECONDS, self._no_media)
        self._answering: asyncio.Task[None] | None = None

    @property
    def live(self) -> bool:
        """Whether the call has begun and is not over."""
        return self.session is not None and self.session.over is None

    # The gateway's side ----------------------------------------------------------------------------------------------------
    def feed(self, data: str | bytes) -> None:
        """One message from the gateway. Nothing in it raises out of here."""
        messages = self.dialect.decode_binary(data) if isinstance(data, bytes) else self.dialect.decode_text(data)
        now = time.monotonic()
        session = self.session
        for message in messages:
            if type(message) is Audio and session is not None:
                for stream in session.audio(message, now):
                    self.links.pump(stream.id)
                if session.pending:
                    self._carry_out(session)
            else:
                self._hear(message, now)
                session = self.session
                if isinstance(message, Ended):
                    # A gateway that says goodbye without closing: nothing more can come of its socket.
                    self._close_gateway(CLOSE_CALL_OVER, message.words)

    def gateway_closed(self, code: int | None) -> None:
        """The gateway's socket is gone, with the WebSocket close code when there was one."""
        if not self.done.is_set():
            self._hear(self.dialect.closed(code, self._closed_by_us), time.monotonic())

    def _hear(self, message: GatewayMessage, now: float) -> None:
        session = self.session or self._begin_with(message, now)
        if session is None:
            return
        session.hear(message, now)
        self._after(now)
        if isinstance(message, Started) and self.live and self._answering is None:
            self._answering = self._loop.create_task(self._answer(session))

    def _begin_with(self, message: GatewayMessage, now: float) -> CallSession | None:
        """The call begins with the first message that says what it is; what came before is kept until then."""
        match message:
            case Started():
                return self._begin(message.variables, message.gateway_call_id, now)
            case Unsupported() | Ended():
                return self._begin({}, "", now)
            case Unreadable() if len(self._early) < EARLY_MESSAGES:
                self._early.append(message)
        return None

    def _begin(self, variables: Mapping[str, str], gateway_call_id: str, now: float) -> CallSession | None:
        """Opens the call, unless another of its uuid is live."""
        self._timer.cancel()
        who, epoch = identity(self.caller.query, variables), time.time()
        facts = self._call_facts(who, gateway_call_id, epoch)
        if not self.around.opened(self, facts):
            name = self.caller.gateway_name
            log.warning("Gateway %s brought call %s, which is live already; the second was refused.", name, facts.call_id)
            self._close_gateway(CLOSE_TAKEN, "This call_uuid is live already.")
            self.done.set()
            return None
        session = CallSession(Identity(facts.call_id, self.caller.auth_id), self.around.limits, now, epoch, self.dialect.marks)
        self.facts, self.session = facts, session
        self.links = CustomerLinks(session, self.caller.auth_token, self.around.dialling, self.around.tls, self._after)
        session.begin(now, self._first_facts(who))
        for early in self._early:
            session.hear(early, now)
        self._tick()
        return session

    def _call_facts(self, who: CallIdentity, gateway_call_id: str, epoch: float) -> CallFacts:
        return CallFacts(
            call_id=who.call_uuid or uuid4(),
            account_id=self.caller.account_id,
            gateway_id=self.caller.gateway_id,
            application_id=self.caller.application_id,
            from_number=who.from_number,
            to_number=who.to_number,
            direction=who.direction,
            gateway_call_id=gateway_call_id,
            started_at=epoch,
        )

    def _first_facts(self, who: CallIdentity) -> dict[str, Any]:
        return {
            "gateway": self.caller.gateway_name,
            "dialect": self.caller.dialect_name,
            "address": self.caller.address,
            "from": who.from_number,
            "to": who.to_number,
            "direction": who.direction,
            "problem": who.problem or None,
        }

    def _no_media(self) -> None:
        """The time to say MEDIA_START is over."""
        now = time.monotonic()
        session = self._begin({}, "", now)
        if session is not None:
            words = f"The gateway did not begin its media within {MEDIA_START_SECONDS:g} s."
            session.finish(EndCause.CALL_ENDED, UNSUPPORTED_MEDIA, words, now, close=CLOSE_NO_MEDIA)
            self._after(now)

    # The application's answer ----------------------------------------------------------------------------------------------
    def note(self, kind: EventKind, level: Level = Level.INFO, /, **details: Any) -> None:
        """A fact of the call that happened outside of the session."""
        if self.session is not None:
            self.session.note(kind, level, None, time.monotonic(), **details)
            self._carry_out(self.session)

    async def _answer(self, session: CallSession) -> None:
        assert self.facts is not None
        try:
            answer, facts = await self.around.answer(self.facts)
        except InvalidAnswer as error:
            self._answer_failed(session, ANSWER_INVALID, error.problem, {"place": error.place})
        except AnswerUnavailable as error:
            self._answer_failed(session, ANSWER_UNREACHABLE, str(error), error.facts)
        except Exception:
            log.exception("Call %s: fetching the answer broke", self.facts.call_id)
            self._answer_failed(session, ANSWER_UNREACHABLE, "The platform failed while fetching the answer.", {})
        else:
            self._follow(session, answer, facts)

    def _answer_failed(self, session: CallSession, hangup: HangupCause, problem: str, details: dict[str, Any]) -> None:
        now = time.monotonic()
        if self.live:
            session.note(EventKind.CALL_ANSWER_FAILED, Level.ERROR, None, now, problem=problem, code=hangup.code, **details)
            session.hang_up(hangup, problem, now)
            self._after(now)

    def _follow(self, session: CallSession, answer: Answer, facts: dict[str, Any]) -> None:
        now = time.monotonic()
        if not self.live:
            return
        session.note(EventKind.CALL_ANSWERED, Level.INFO, None, now, streams=len(answer.streams), **facts)
        for warning in answer.warnings:
            session.note(EventKind.CALL_ANSWER_WARNING, Level.WARNING, None, now, problem=warning)
        session.follow([(uuid4(), request) for request in answer.streams], now)
        self._after(now)

    # Control, from wherever it was asked -------------------------------------------------------------------------------------
    def start_stream(self, stream_id: UUID, request: StreamRequest, source: str, by: str) -> None:
        self._asked("start", by, lambda session, now: session.start_stream(stream_id, request, source, now))

    def stop_stream(self, stream_id: UUID, cause: EndCause, by: str) -> None:
        self._asked("stop", by, lambda session, now: session.stop_stream(stream_id, cause, by, now))

    def hang_up(self, by: str) -> None:
        self._asked("hang_up", by, lambda session, now: session.hang_up(API_HANGUP, f"Hung up at the request of {by}.", now))

    def send_dtmf(self, digits: str, by: str) -> None:
        self._asked("send_dtmf", by, lambda session, now: session.send_dtmf(digits, now))

    def _asked(self, kind: str, by: str, act: Callable[[CallSession, float], None]) -> None:
        """What comes after the end of the call comes too late, which is no error."""
        session, now = self.session, time.monotonic()
        if session is not None and session.over is None and session.format is not None:
            session.note(EventKind.CALL_CONTROL_REQUESTED, Level.INFO, None, now, kind=kind, by=by)
            act(session, now)
            self._after(now)

    def platform_stops(self, hangup: HangupCause, words: str, code: int) -> None:
        """The process is about to end, and so does what is still live."""
        if self.session is None:
            self._timer.cancel()
            self._close_gateway(code, words)
            self.done.set()
        else:
            self._finish(self.session, EndCause.PLATFORM_STOPPED, hangup, words, code)

    def lease_lost(self, words: str) -> None:
        """Another has ended this call in its rows: stop everything, and write nothing more."""
        log.error("Call %s: %s", self.facts.call_id if self.facts else "", words)
        self._fenced = True
        if self.session is not None:
            self._finish(self.session, EndCause.PROCESS_LOST, API_HANGUP, words, CLOSE_TAKEN)

    def _finish(self, session: CallSession, cause: EndCause, hangup: HangupCause, words: str, code: int) -> None:
        now = time.monotonic()
        session.finish(cause, hangup, words, now, close=code)
        self._after(now)

    # Carrying out, time, the end -----------------------------------------------------------------------------------------------
    def _after(self, now: float) -> None:
        """What follows whenever the session was told something."""
        session = self.session
        if session is None:
            return
        session.settle(now)
        self._carry_out(session)
        self.links.pump_all()
        self._carry_out(session)
        if session.over and not self.links:
            self._timer.cancel()
            self.done.set()

    def _carry_out(self, session: CallSession) -> None:
        while effects := session.drain():
            for effect in effects:
                self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Write(note):
                self._record(note)
            case Dial():
                self.links.dial(effect)
            case CloseCustomer():
                self.links.close(effect)
            case TellGateway(command):
                for data in self.dialect.encode(command):
                    self.around.tell(data)
            case CloseGateway(code, reason):
                self._close_gateway(code, reason)

    def _record(self, note: Note) -> None:
        assert self.facts is not None
        if not self._fenced:
            self.around.record(self.facts, note)

    def _close_gateway(self, code: int, reason: str) -> None:
        self._closed_by_us = True
        self.around.close(code, reason)

    def _tick(self) -> None:
        # Armed first: a failure below must not stop the call's clock.
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        session, now = self.session, time.monotonic()
        if session is not None:
            self.links.measure(now)
            session.tick(now)
            self._after(now)
