"""One stream of a live call: its state, its buffer, its attempts and limits. (message, now) -> effects; no socket, no clock.

Owns when a stream starts, degrades, recovers and ends, and with which facts. Must not know gateways or rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from streams.pure.audio.convert import FRAME_MS
from streams.pure.call.buffer import Backlog, Waiting
from streams.pure.call.complaints import Complaints
from streams.pure.call.effects import CloseCustomer, Dial, Effect
from streams.pure.call.fill_level import FillLevel
from streams.pure.call.limits import StreamLimits
from streams.pure.call.noise_cancellation import CALLERS_TRACK, NoiseCancellation
from streams.pure.call.notes import Noted
from streams.pure.call.sent_messages import SentMessages
from streams.pure.customer.connection import Closure, Failure
from streams.pure.customer.protocol import CustomerProtocol
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import ENDINGS, CallbackEvent, EndCause, EventKind, Level, StreamState, moved
from streams.pure.messages import StreamRequest
from streams.pure.recording.tape import Tape

UNSAID_AT_MOST = 500
"""Messages and digits that wait for a customer that does not read: they have no duration, and do not fill its buffer."""

LAST_CLEANED_MS = 2000
"""What waits at a stream's end goes out at once. Where that is more than this, its noise is left in it: 40 s of many streams would keep
all others waiting."""


@dataclass(slots=True)
class StreamSession:
    """`began`: when it was asked for, same clock as `now`; `tracks`: those of the call it forks; `until`: the moment of its timeout;
    `conversed`: how its service and the caller conversed, asked once, at its end; `noise`: what is done about the caller's noise, None
    where that is not asked for; `tape`: what is recorded of it, None where nothing is."""

    id: UUID
    request: StreamRequest
    protocol: CustomerProtocol
    limits: StreamLimits
    began: float
    note: Noted
    emit: Callable[[Effect], None]
    conversed: Callable[[float], dict[str, Any] | None] = lambda now: None
    noise: NoiseCancellation | None = None
    tape: Tape | None = None
    state: StreamState = StreamState.REQUESTED
    attempt: int = 0
    until: float | None = None
    backlog: Backlog = field(default_factory=Backlog)
    ended_by: EndCause | None = None
    ended_at: float | None = None
    unsaid: int = 0
    greeting: bytes | None = None
    sent: SentMessages = field(init=False)
    fill: FillLevel = field(init=False)
    complaints: Complaints = field(init=False)
    tracks: tuple[str, ...] = field(init=False)
    _bytes_per_ms: float = field(init=False)

    def __post_init__(self) -> None:
        self.sent = SentMessages(self.protocol)
        self.fill = FillLevel(self.id, self.limits.buffer_ms, self.began, self.note)
        self.complaints = Complaints(self.id, self.note)
        self.tracks = self.request.tracks
        self._bytes_per_ms = self.protocol.format.bytes_per_ms

    @property
    def live(self) -> bool:
        return self.state is not StreamState.ENDED

    @property
    def connected(self) -> bool:
        return self.state in (StreamState.CONNECTED, StreamState.STREAMING)

    @property
    def waiting(self) -> bool:
        """Whether `take` may have something."""
        return bool(self.backlog.waiting) or self.greeting is not None

    # Connecting ------------------------------------------------------------------------------------------------------
    def dial(self, now: float, after_seconds: float = 0.0) -> None:
        self.attempt += 1
        self.emit(Dial(self.id, self.request.service_url, self.attempt, after_seconds))

    def dialling(self, now: float) -> None:
        """The attempt begins now (its pause is over)."""
        attempts = 1 + len(self.limits.retry_seconds)
        self._move(EventKind.CONNECT_STARTED, now, attempt=self.attempt, of=attempts, url=self.request.service_url)

    def connect_succeeded(self, now: float, facts: dict[str, Any]) -> None:
        if self.state is not StreamState.CONNECTING:
            return
        self._move(EventKind.CONNECTED, now, attempt=self.attempt, **facts)
        self.until = now + self.request.stream_timeout_seconds
        self.greeting = self.protocol.start()

    def connect_failed(self, now: float, failure: Failure) -> None:
        if self.state is not StreamState.CONNECTING:
            return
        retries = self.limits.retry_seconds
        wait = None if failure.final or self.attempt > len(retries) else retries[self.attempt - 1]
        self._move(
            EventKind.CONNECT_FAILED,
            now,
            Level.WARNING,
            attempt=self.attempt,
            problem=failure.problem,
            status=failure.status,
            address=failure.address,
            duration_ms=failure.duration_ms,
            retry_in_seconds=wait,
        )
        if wait is not None:
            self.dial(now, wait)
            return
        refused = EndCause.HOST_BLOCKED if failure.blocked else EndCause.ADDRESS_REFUSED
        self.end(refused if failure.final else EndCause.CONNECT_FAILED, now, failure.problem, http_status=failure.status)

    # Audio and digits on their way to the customer --------------------------------------------------------------------
    def accept(self, frames: list[bytes], track: str, timestamp_ms: int, now: float) -> None:
        """Puts converted audio, which arrived `now`, in the buffer, from the first frame on, also while connecting. `timestamp_ms`: of the
        first frame."""
        if self.state is StreamState.ENDED:
            return
        for payload in frames:
            self.backlog.put(Waiting("media", payload, timestamp_ms, len(payload) / self._bytes_per_ms, track, now))
            timestamp_ms += FRAME_MS
        if self.fill.is_full(self.backlog.held_ms):
            self._end_slow(now)

    def digit(self, digit: str, track: str, timestamp_ms: int, now: float) -> None:
        if self.live and track in self.tracks and self.unsaid < UNSAID_AT_MOST:
            self.unsaid += 1
            self.backlog.put(Waiting("dtmf", digit, timestamp_ms, track=track))
            self.note(EventKind.DTMF_FORWARDED, Level.INFO, self.id, now, digit=digit)

    def take(self, now: float) -> bytes | None:
        """The next text for the customer's socket; None when there is none. The `start` event comes first."""
        if self.greeting is not None:
            greeting, self.greeting = self.greeting, None
            return greeting
        if self.state is StreamState.REQUESTED or self.state is StreamState.CONNECTING:
            return None
        item = self.backlog.take()
        if item is None:
            if self.noise is not None and self.state is StreamState.ENDED:
                self.noise.end()
            return None
        if (self.noise is not None or self.tape is not None) and item.track == CALLERS_TRACK and isinstance(item.content, bytes):
            item.content = self._passed(item.content, item.timestamp_ms, now)
        if item.kind in ("message", "dtmf"):
            self.unsaid -= 1
        elif item.kind == "media" and self.state is StreamState.CONNECTED:
            buffered_ms = round(self.backlog.held_ms)
            self._move(EventKind.STREAM_STARTED, now, content_type=self.request.content_type, buffered_ms=buffered_ms)
        return self.sent.text(item, now)

    def _passed(self, payload: bytes, timestamp_ms: int, now: float) -> bytes:
        """The caller's audio as the service gets it. Its noise is suppressed when it is sent, and not when it comes: what a customer reads
        late, or never, costs others no moment at once. What is never sent is on no tape."""
        if self.noise is not None:
            payload = self.noise.cleaned(payload, now)
        if self.tape is not None:
            self.tape.sent(payload, timestamp_ms - FRAME_MS)
        return payload

    # The buffer's level, and time ------------------------------------------------------------------------------------
    def measure(self, in_flight_bytes: int, now: float) -> None:
        """`in_flight_bytes`: written to the customer's socket and not yet acknowledged by its host."""
        if not self.live:
            return
        self.fill.in_flight_ms = in_flight_bytes / self.sent.bytes_per_ms if self.sent.frames else 0.0
        # DegradedStream never comes before StartStream: while connecting the buffer fills without a word.
        if self.state is StreamState.STREAMING:
            self.fill.note_levels(self.backlog.held_ms, now)
        if self.fill.is_full(self.backlog.held_ms):
            self._end_slow(now)

    def _end_slow(self, now: float) -> None:
        waiting = self.fill.full_words(self.backlog.held_ms)
        self.end(EndCause.SLOW_CONNECTION, now, f"The customer's service did not take the audio fast enough: {waiting}.")

    def is_calm(self, now: float) -> bool:
        """Whether it streams, all that came was sent, and its time is not over."""
        calm = self.state is StreamState.STREAMING and not self.backlog.waiting and self.greeting is None
        return calm and self.until is not None and now < self.until

    def tick(self, now: float) -> None:
        """Some times a second, after `measure`."""
        self.fill.read(self.backlog.held_ms, now)
        if self.live and self.until is not None and now >= self.until:
            seconds = self.request.stream_timeout_seconds
            # At the moment it was due, not when somebody looked: the customer is not billed for our clock's coarseness.
            self.end(EndCause.TIMED_OUT, self.until, f"The stream reached its streamTimeout of {seconds} s.")

    # The customer's side -----------------------------------------------------------------------------------------------
    def say(self, text: Callable[[], bytes]) -> None:
        """A message for the customer, in its place behind the audio that waits. A customer that does not read gets no more of
        them than fit: their number is bounded, as its audio is."""
        if self.live and self.unsaid < UNSAID_AT_MOST:
            self.unsaid += 1
            self.backlog.put(Waiting("message", text, 0))

    def ignore(self, problem: str, sample: str, now: float) -> None:
        """Something the customer said that nothing is done about. It is noted, and ends nothing."""
        self.complaints.add(EventKind.CUSTOMER_MESSAGE_IGNORED, now, problem=problem, sample=sample)

    def fail_to_play(self, problem: str, now: float) -> None:
        """Audio from the customer that is not played: said on the socket each time, in the debug log the first times in full."""
        self.complaints.add(EventKind.PLAY_FAILED, now, problem=problem)
        self._tell_failure(problem)

    def not_confirmed(self, checkpoint: str, seconds: float, now: float) -> None:
        """The gateway did not say that everything before the checkpoint was played; should it do so later, that is passed on."""
        self.complaints.add(EventKind.CHECKPOINT_UNCONFIRMED, now, name=checkpoint, within_seconds=seconds)
        problem = f"The gateway did not confirm within {seconds:g} s that everything before checkpoint {checkpoint!r} was played."
        self._tell_failure(problem)

    def _tell_failure(self, problem: str) -> None:
        if self.limits.play_failed_messages:
            self.say(lambda: self.protocol.play_failed(problem))

    def closed(self, closure: Closure, now: float) -> None:
        """The customer's socket went although its stream had not ended."""
        if not self.live:
            return
        cause = EndCause.CUSTOMER_CLOSED if closure.by_customer else EndCause.MESSAGE_REFUSED if closure.by_us else EndCause.CUSTOMER_LOST
        self.end(cause, now, closure.words, close_code=closure.code, close_reason=cleaned(closure.reason, 123))

    def socket_closed(self, closure: Closure, seconds: float, now: float) -> None:
        """The socket of this stream, which had ended, is gone as well."""
        facts = {"close_code": closure.code, "close_reason": closure.reason, "seconds": round(seconds, 3)}
        self.note(EventKind.SOCKET_CLOSED, Level.DEBUG, self.id, now, **facts)

    # The end -----------------------------------------------------------------------------------------------------------
    def end(self, cause: EndCause, now: float, words: str, **facts: Any) -> None:
        """Ends the stream, once: later calls change nothing. A healthy end lets what waits go out first."""
        if not self.live:
            return
        self.ended_by, self.ended_at = cause, now
        held_ms, healthy = self.backlog.held_ms, ENDINGS[cause].callback is CallbackEvent.STOP_STREAM
        self.fill.read(held_ms, now)
        flush = healthy and self.connected
        if not flush:
            self.backlog.clear()
            self.greeting = None
        elif cause in (EndCause.CALL_ENDED, EndCause.GATEWAY_LOST, EndCause.MEDIA_TIMEOUT):
            # `stop` tells the customer that the call is gone; on a stop of the stream alone the socket just closes (spec 3.2).
            self.backlog.put(Waiting("stop", "call ended", 0))
        if self.noise is not None and (not flush or held_ms > LAST_CLEANED_MS):
            self.noise.end()
        level = Level.INFO if healthy else Level.ERROR
        totals = self._totals(held_ms, flush)
        conversation = self.conversed(now)
        measured = {**self.measured(), **({"conversation": conversation} if conversation else {})}
        self._move(EventKind.STREAM_ENDED, now, level, measured, cause=cause.value, words=words, **facts, **totals)
        self.emit(CloseCustomer(self.id, flush))

    def broke(self, now: float) -> None:
        """Our own code failed on this stream: it ends, the call's others go on."""
        self.end(EndCause.INTERNAL_ERROR, now, "The platform failed while handling this stream; the log of the process has the details.")

    def _totals(self, held_ms: float, flush: bool) -> dict[str, Any]:
        return {
            **self.fill.totals(held_ms),
            "sent_frames": self.sent.frames,
            "sent_ms": round(self.sent.audio_ms),
            "discarded_ms": 0 if flush else round(held_ms),
            **self.complaints.totals(),
            **(self.noise.totals() if self.noise is not None else {}),
        }

    def measured(self) -> dict[str, Any]:
        """Its timing so far, for its row, and how its noise cancellation goes."""
        noise = {"noise": self.noise.to_json()} if self.noise is not None else {}
        return {"latency": self.sent.latency.to_json(), "levels": self.fill.to_json(), **noise}

    def _move(self, kind: EventKind, now: float, level: Level = Level.INFO, measured: dict[str, Any] | None = None, **details: Any) -> None:
        self.state = moved(self.state, kind)
        self.note(kind, level, self.id, now, measured, **details)
