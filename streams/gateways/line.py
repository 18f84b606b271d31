"""A gateway's line: one accepted socket, its dialect, and the call it brings, once it has said which.

Owns the time until then, and the wire's words in both directions. Must not know Django, rows, or what a message leads to."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, replace
from typing import Protocol

from streams.pure.call.session import CLOSE_CALL_OVER, CLOSE_NO_MEDIA
from streams.pure.gateway.closing import failed_message
from streams.pure.gateway.dialects import CallIdentity, Dialect, identity
from streams.pure.gateway.meter import Meter
from streams.pure.gateway.refusal import Reason
from streams.pure.gateway.version import Upgrade, guessed_version
from streams.pure.lifecycle import UNSUPPORTED_MEDIA, EndCause, HangupCause
from streams.pure.messages import Audio, Ended, GatewayCommand, GatewayMessage, Started, Unreadable, Unsupported

MEDIA_START_SECONDS = 10.0
"""How long a gateway may be connected before it says what it brings."""
EARLY_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a gateway's upgrade request once its credentials were found good; the ids are rows'. `upgrade_ms`: how long it
    waited for its answer."""

    gateway_name: str
    dialect_name: str
    gateway_id: int
    application_id: int
    account_id: int
    auth_id: str
    address: str
    host: str
    upgrade: Upgrade
    query: Mapping[str, str]
    upgrade_ms: float = 0.0


class CallOnLine(Protocol):
    """What a line needs of the call it brings."""

    def audio(self, frame: Audio, now: float) -> None: ...

    def hear(self, message: GatewayMessage, now: float) -> None: ...

    def finish(self, cause: EndCause, hangup: HangupCause, words: str, code: int) -> None: ...


Bring = Callable[["GatewayLine", CallIdentity, GatewayMessage | None], CallOnLine | None]
"""bring(line, identity, first): the call, which has heard the `first` message, where one came; None when the line was refused."""


@dataclass(frozen=True, slots=True)
class LineCallbacks:
    """Where a line leads. `send` puts text or binary on the socket and `close` closes it, both without waiting; `refused` is told that
    the media of the call is not taken, and `meter` counts its frames."""

    bring: Bring
    send: Callable[[str | bytes], None]
    close: Callable[[int, str], None]
    refused: Callable[[Reason, str], None]
    meter: Meter


class GatewayLine:
    """`decided` is set as soon as it is known which call this line brings, or that it brings none; `gone` when the socket is. A call may
    go on on another line than it began on. In `context` everything is heard but frames of audio, which enter none: what is said there of
    whose call it is counts for all that follows."""

    def __init__(self, caller: Caller, dialect: Dialect, callbacks: LineCallbacks, context: Context) -> None:
        self.caller = caller
        self.dialect = dialect
        self.decided = asyncio.Event()
        self.opened_at = time.monotonic()
        self.gone = False
        self._callbacks = callbacks
        self._meter = callbacks.meter
        self._context = context
        self._call: CallOnLine | None = None
        self._early: list[GatewayMessage] = []
        self._refused = False
        self._closed_by_us = False
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(MEDIA_START_SECONDS, self._no_media, context=context)
        self._hold: asyncio.TimerHandle | None = None

    # From the gateway ------------------------------------------------------------------------------------------------------
    def feed(self, data: str | bytes) -> None:
        """One message from the gateway. Nothing in it raises out of here."""
        if self._refused:
            return
        messages = self.dialect.decode_binary(data) if isinstance(data, bytes) else self.dialect.decode_text(data)
        if len(messages) == 1 and type(messages[0]) is Audio and (call := self._call) is not None:
            self._meter.frames += 1
            call.audio(messages[0], time.monotonic())
        else:
            self._context.run(self._take, messages)
        self._watch_what_is_held()

    def _take(self, messages: Sequence[GatewayMessage]) -> None:
        now = time.monotonic()
        call = self._call
        for message in messages:
            if type(message) is Audio and call is not None:
                self._meter.frames += 1
                call.audio(message, now)
            else:
                self._hear(message, now)
                call = self._call
                if isinstance(message, Ended):
                    # A gateway that says goodbye without closing: nothing more can come of its socket.
                    self.close(CLOSE_CALL_OVER, message.words)

    def closed(self, code: int | None, problem: str = "") -> None:
        """The socket is gone, with the WebSocket close code when there was one. `problem`: why it was ended on our side."""
        self._context.run(self._closed, code, problem)

    def _closed(self, code: int | None, problem: str) -> None:
        self.gone = True
        self._stop_waiting()
        self._waited()
        if not self._refused:
            failed = problem and not self._closed_by_us
            self._hear(failed_message(code, problem) if failed else self.dialect.closed(code, self._closed_by_us), time.monotonic())

    def _hear(self, message: GatewayMessage, now: float) -> None:
        if isinstance(message, Started):
            message = self._with_version(message)
        if self._call is None:
            self._begin_with(message, now)
        else:
            self._call.hear(message, now)
        if isinstance(message, Unsupported) and self._call is not None:
            self._callbacks.refused(Reason.UNSUPPORTED_MEDIA, message.problem)

    def _with_version(self, message: Started) -> Started:
        version = guessed_version(self.caller.dialect_name, self.caller.upgrade, message)
        return replace(message, facts={**message.facts, "version": version}) if version else message

    def _begin_with(self, message: GatewayMessage, now: float) -> None:
        """The call begins with the first message that says what it is; what came before is kept until then."""
        match message:
            case Started() | Unsupported() | Ended():
                self._begin(message, now)
            case Unreadable() if len(self._early) < EARLY_MESSAGES:
                self._early.append(message)

    def _watch_what_is_held(self) -> None:
        seconds = self.dialect.hold_seconds
        if self._hold is not None and not seconds:
            self._hold.cancel()
            self._hold = None
        elif seconds and self._hold is None:
            self._hold = asyncio.get_running_loop().call_later(seconds, self._waited, context=self._context)

    def _waited(self) -> None:
        """What the dialect holds is held no longer."""
        self._hold = None
        if not self._refused:
            self._take(self.dialect.waited())

    def _begin(self, first: GatewayMessage | None, now: float) -> None:
        self._timer.cancel()
        who = identity(self.caller.query, first.variables if isinstance(first, Started) else {})
        call = self._call = self._callbacks.bring(self, who, first)
        if call is not None:
            for early in self._early:
                call.hear(early, now)
        self.decided.set()

    def _no_media(self) -> None:
        """The time to say what it brings is over."""
        self._begin(None, time.monotonic())
        if self._call is not None:
            words = f"The gateway did not begin its media within {MEDIA_START_SECONDS:g} s."
            self._callbacks.refused(Reason.NO_MEDIA, words)
            self._call.finish(EndCause.CALL_ENDED, UNSUPPORTED_MEDIA, words, CLOSE_NO_MEDIA)

    def _stop_waiting(self) -> None:
        self._timer.cancel()
        if self._hold is not None:
            self._hold.cancel()
            self._hold = None

    # To the gateway --------------------------------------------------------------------------------------------------------
    def tell(self, command: GatewayCommand) -> None:
        """What a gateway that is away would be told is lost."""
        for data in () if self.gone else self.dialect.encode(command):
            self._callbacks.send(data)

    def close(self, code: int, reason: str) -> None:
        self._closed_by_us = True
        if not self.gone:
            self._callbacks.close(code, reason)

    def refuse(self, code: int, words: str, after_seconds: float = 0.0) -> None:
        """Closes a line that brings no call, or no longer; whatever it says from now on is ignored."""
        self._refused = True
        self._stop_waiting()
        self.decided.set()
        if after_seconds:
            self._timer = asyncio.get_running_loop().call_later(after_seconds, self.close, code, words)
        else:
            self.close(code, words)
