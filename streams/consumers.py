"""The gateways' WebSocket endpoint: from the upgrade into a relay, and back.

Owns the accept and the receive loop. Must not know what credentials are, nor pages or money."""

import logging
import ssl
import time
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings

from streams import guard
from streams.admission import Rejected, admit, caller_of, listed_host, loggable_path
from streams.calls import answer_fetch as answers
from streams.calls import switchboard
from streams.calls.answer_acts import AnswerUnavailable, NoRoom, parse_answer
from streams.calls.relay import Relay, RelayContext
from streams.customers.dial import DialSettings
from streams.gateways.directory import KnownGateway
from streams.gateways.line import Caller, GatewayLine, LineCallbacks
from streams.gateways.socket_loop import Receive, Send, SocketEnd, SocketLoop
from streams.pure.call.limits import StreamLimits
from streams.pure.call.noise_cancellation import NoiseMeans
from streams.pure.callback.auth_tokens import Tokens
from streams.pure.customer.answer_sample import answer_sample
from streams.pure.customer.answer_xml import Answer
from streams.pure.gateway.dialects import CallIdentity, Dialect, dialect
from streams.pure.gateway.refusal import Reason, Refusal
from streams.pure.lifecycle import SPENDING_LIMIT, EventKind, recorded_seconds
from streams.pure.messages import GatewayMessage
from streams.pure.scrubbing import scrubbed
from streams.pure.straight import STRAIGHT, Straight
from streams.shares import SharedThreads, Shares

log = logging.getLogger(__name__)

TLS = ssl.create_default_context()
CLOSE_REFUSED = 4403
ROW_SECONDS = 1.0
"""How long a call that may belong to another process waits for its row, so that no customer hears of it twice; not for ever, because the
database may be away."""
TOLD_SECONDS = 0.25
"""How long a call waits for its row before its application is asked, which may ask the API about it before it answers."""
DISK_SECONDS = 0.25
"""How long a call waits for its beginning to be on this machine's disk, and so each stream, before anybody is asked or told about it; the
audio is kept."""

ANSWERS = Shares("answers", places=256, each=32)
"""Fetched and read beside the event loop."""
_answers = SharedThreads(ANSWERS)


class GatewayConsumer(AsyncConsumer):
    """A gateway's socket. Attached to no channel layer (a consumer on one dies with Redis), and with a receive loop of its own:
    the stock dispatch hops to a thread that all consumers share before each message, fifty times a second and call."""

    channel_layer_alias = "none"

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self.scope, self.base_send, self.channel_layer = scope, send, None
        began = time.monotonic()
        await receive()  # websocket.connect
        try:
            entry = await admit(scope)
        except Rejected as error:
            # During a pause no line each: the one that began it said how long it lasts.
            unseen = error.refusal.reason is Reason.TOO_MANY_GUESSES
            log.log(logging.DEBUG if unseen else logging.WARNING, "Gateway refused: %s", error)
            await send({"type": "websocket.close", "code": CLOSE_REFUSED})
            switchboard.current().refusals.add(error.refusal)
            return
        caller = caller_of(scope, entry)
        spoken = dialect(entry.dialect, caller.query)
        if turned_away(caller, entry):
            await send({"type": "websocket.close", "code": CLOSE_REFUSED})
            return
        offered = scope.get("subprotocols", [])
        chosen = next((name for name in spoken.subprotocols if name in offered), None)
        await send({"type": "websocket.accept", "subprotocol": chosen})
        caller = replace(caller, upgrade_ms=round((time.monotonic() - began) * 1000, 1))
        await GatewaySocket(caller, spoken, entry, send).run(receive, scope.get("extensions", {}).get(STRAIGHT))


def turned_away(caller: Caller, entry: KnownGateway) -> bool:
    """Whether it can be seen at the door that a call will not be taken, so that it costs no row."""
    board = switchboard.current()
    if board.calls.turns_away(caller):
        return True
    coming = 1 + board.calls.undecided_of(entry.gateway_id)
    words = "" if board.calls.goes_on(caller) else board.crowding.refused_call(entry, coming=coming)
    if not words or board.crowding.is_told(entry.gateway_id):
        return False
    board.calls.note_refusal(caller, Reason.TOO_MANY_CALLS, words, None)
    return True


SPENT = "the account has spent what it may this month; an operator can raise the limit"


class NowhereConsumer(AsyncConsumer):
    """Any other WebSocket path: refused in one line instead of the traceback of a missing route."""

    channel_layer_alias = "none"

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        where = loggable_path(self.scope["path"], switchboard.current().directory.entries)
        log.warning("WebSocket refused: there is nothing at %s; gateways connect to /gateway/<dialect>/<name>/.", where)
        await self.send({"type": "websocket.close", "code": CLOSE_REFUSED})
        words = "There is nothing at this path; gateways connect to /gateway/<dialect>/<name>/."
        switchboard.current().refusals.add(Refusal(Reason.NO_SUCH_PATH, words, name=where[:80], address=listed_host(self.scope)))
        raise StopConsumer


class GatewaySocket:
    """An accepted gateway's socket, and what its line needs of the process around it."""

    def __init__(self, caller: Caller, spoken: Dialect, entry: KnownGateway, send: Send) -> None:
        self.entry = entry
        context = copy_context()
        self.loop = SocketLoop(send, entry.name, context)
        self.board = switchboard.current()
        self.relay: Relay | None = None
        meter = self.board.meter_of(caller.gateway_id)
        callbacks = LineCallbacks(self.bring, self.loop.tell, self.loop.close, self.refused, meter)
        self.line = GatewayLine(caller, spoken, callbacks, context)
        self.board.calls.lines.add(self.line)

    def bring(self, line: GatewayLine, who: CallIdentity, first: GatewayMessage | None) -> Relay | None:
        """The call that the gateway turned out to bring."""
        context = RelayContext(
            limits=self.limits(line),
            dialling=self.dialling(),
            tls=TLS,
            record=self.board.record,
            answer=self.answer,
            tokens=self.tokens,
            over=self.board.over,
            kept=self.kept,
            too_many=lambda: self.board.crowding.refused_call(self.known),
            noise=NoiseMeans(partial(self.board.noise_places.no_room, self.entry.account_id), time.thread_time),
            recording=partial(self.board.recorders.begin, self.entry.account_id),
        )
        self.relay = self.board.calls.open(line, who, first, context)
        return self.relay

    def dialling(self) -> DialSettings:
        """Which hosts are blocked is asked at each attempt, also hours into a call."""
        account_id = self.entry.account_id
        return DialSettings(
            settings.DIAL_REACH,
            settings.CONNECT_TIMEOUT_SECONDS,
            settings.OFFER_SUBPROTOCOL,
            account_id,
            blocked=partial(self.board.directory.refused_host, account_id),
        )

    def limits(self, line: GatewayLine) -> StreamLimits:
        return StreamLimits(
            buffer_ms=settings.BUFFER_MS,
            retry_seconds=settings.CONNECT_RETRY_SECONDS,
            resume_seconds=settings.GATEWAY_RESUME_SECONDS if line.dialect.resumes else 0.0,
            fill_silence=self.entry.fill_silence,
            goodbye_seconds=self.entry.goodbye_seconds,
            play_failed_messages=self.entry.play_failed_messages,
            media_timeout_seconds=settings.MEDIA_TIMEOUT_SECONDS,
            turns=self.entry.measure_turns,
            recorded_seconds=recorded_seconds(self.entry.record, self.entry.record_seconds, self.entry.callers_consent),
        )

    async def run(self, receive: Receive, straight: Straight | None) -> None:
        end = SocketEnd(None)
        try:
            end = await self.loop.run(receive, self.line.feed, straight)
        finally:
            # Also when the server cancels us: the call's gateway is gone. What is left of the call does not need us.
            self.line.closed(end.code, end.problem)
            self.board.calls.lines.discard(self.line)

    def refused(self, reason: Reason, words: str) -> None:
        """The gateway is in, and the media that it brings is not taken."""
        if self.relay is not None:
            self.board.calls.note_refusal(self.line.caller, reason, words, self.relay.facts.call_id)

    @property
    def known(self) -> KnownGateway:
        """What is known of the gateway now, also hours into a call."""
        return self.board.directory.entries.get(self.entry.name, self.entry)

    def tokens(self) -> Tokens:
        """Those in force now, also hours into a call."""
        return self.board.directory.tokens_of(self.entry)

    async def kept(self) -> None:
        """Nobody hears of a call or a stream before the disk has it; but a disk that is slow holds up no audio for longer than that."""
        await self.board.note_queue.spool.until_kept(DISK_SECONDS)

    async def answer(self, relay: Relay) -> tuple[Answer, dict[str, Any]]:
        """The application's XML, checked, with facts for the debug log. Raises AnswerUnavailable."""
        facts = relay.facts
        await self.kept()
        if relay.line.dialect.resumes or self.entry.answer_url:
            await self.board.note_queue.until_begun(facts.key, ROW_SECONDS if relay.line.dialect.resumes else TOLD_SECONDS)
            if not relay.live:
                raise AnswerUnavailable("Another process has the call.", {})
        answer, details = await self._read_answer(relay)
        if not relay.live:
            return answer, details
        if answer.streams and self.known.spending_stopped_at:
            raise NoRoom(f"None of the answer's {len(answer.streams)} streams is begun: {SPENT}.", details, SPENDING_LIMIT)
        return within_limits(answer, details, *self.board.crowding.room_for_streams(self.known))

    async def _read_answer(self, relay: Relay) -> tuple[Answer, dict[str, Any]]:
        """Beside the event loop, in a share of the account's own."""
        entry, facts = self.entry, relay.facts
        if not entry.answer_url:
            return await _answers.run(entry.account_id, own_answer, entry.answer_xml.encode())
        asked = answers.answer_parameters(str(facts.call_id), facts.from_number, facts.to_number, facts.direction, entry.auth_id)
        url = scrubbed(entry.answer_url)
        relay.note(EventKind.CALL_ANSWER_REQUESTED, url=url, method=entry.answer_method, parameters=asked)
        return await _answers.run(
            entry.account_id,
            fetched_answer,
            entry.answer_url,
            entry.answer_method,
            parameters=asked,
            auth_tokens=self.tokens(),
            reach=settings.DIAL_REACH,
            timeout_seconds=settings.ANSWER_TIMEOUT_SECONDS,
        )


def within_limits(answer: Answer, facts: dict[str, Any], room: int, words: str) -> tuple[Answer, dict[str, Any]]:
    """The answer without the streams for which there is no room. Raises AnswerUnavailable where there is room for none."""
    left_out = len(answer.streams) - room
    if left_out <= 0:
        return answer, facts
    if not room:
        raise NoRoom(f"None of the answer's {len(answer.streams)} streams is begun: {words}.", facts)
    return Answer(answer.streams[:room], (*answer.warnings, f"The last {left_out} of its streams are left out: {words}.")), facts


def own_answer(document: bytes) -> tuple[Answer, dict[str, Any]]:
    """The XML that stands in the application. Raises AnswerUnavailable."""
    return parse_answer(document, {"source": "XML", "document": answer_sample(document)})


def fetched_answer(
    url: str, method: str, *, parameters: list[tuple[str, str]], auth_tokens: Tokens, reach: guard.Reach, timeout_seconds: float
) -> tuple[Answer, dict[str, Any]]:
    """The XML that an answer URL gives. Blocks; raises AnswerUnavailable."""
    try:
        fetched = answers.fetch_answer(
            url, method, parameters=parameters, auth_tokens=auth_tokens, reach=reach, timeout_seconds=timeout_seconds
        )
    except answers.AnswerUnreachable as error:
        raise AnswerUnavailable(str(error), error.facts) from error
    return parse_answer(fetched.document, {"source": scrubbed(url), **fetched.facts})
