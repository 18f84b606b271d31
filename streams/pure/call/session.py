"""One live call: forks its audio to its streams and ends them with it. (message, now) -> effects; no socket, no clock, no dialect.

Owns the call's notes and their numbers, its streams, and the converters they share. `now` is a monotonic time in seconds;
`epoch` ties it to the wall clock once, so that a clock that jumps during a call moves nothing."""

from collections.abc import Callable, Sequence
from uuid import UUID

from streams.pure.call.conversations import Conversations
from streams.pure.call.effect_queue import EffectQueue
from streams.pure.call.effects import CloseGateway, TellGateway
from streams.pure.call.fork import Fork
from streams.pure.call.gateway_media import GatewayMedia
from streams.pure.call.limits import StreamLimits
from streams.pure.call.measure import Measured
from streams.pure.call.noise_cancellation import PLENTY, NoiseMeans
from streams.pure.call.notes import Identity
from streams.pure.call.recordings import Recordings
from streams.pure.call.roster import Roster
from streams.pure.call.stream import StreamSession
from streams.pure.call.talkback import Talkback
from streams.pure.lifecycle import (
    END_OF_XML,
    GATEWAY_LOST,
    MEDIA_TIMEOUT,
    NORMAL_HANGUP,
    UNSUPPORTED_MEDIA,
    EndCause,
    EventKind,
    HangupCause,
    Level,
)
from streams.pure.messages import (
    Audio,
    Dtmf,
    Ended,
    FrameFaults,
    GatewayMessage,
    GatewayReport,
    HangUp,
    MarkPlayed,
    Paused,
    Resumed,
    Started,
    StreamRequest,
    Unreadable,
    Unsupported,
)

TICKS_A_LOOK = 5
"""Of a call's ticks that would find nothing to do, all but one in so many are left out."""
CLOSE_CALL_OVER = 4000
CLOSE_NO_MEDIA = 4408
CLOSE_UNSUPPORTED = 4415


class CallSession:
    """`started` (monotonic) and `epoch` (UTC seconds) are the same instant. `marks`: the gateway says when a mark was played."""

    def __init__(
        self,
        identity: Identity,
        limits: StreamLimits,
        started: float,
        epoch: float,
        marks: bool = False,
        *,
        noise: NoiseMeans = PLENTY,
    ) -> None:
        self.identity = identity
        self.limits = limits
        self.started = started
        self.offset = epoch - started
        self.over: HangupCause | None = None
        self.marks = marks
        self._calm_ticks = 0
        self.talkback: Talkback | None = None
        self._fork = Fork(limits.buffer_ms / 2)
        self.effects = EffectQueue(self.offset)
        self.note, self._emit = self.effects.note, self.effects.emit
        self._conversations = Conversations(self.note)
        self.recordings = Recordings(limits.recorded_seconds, self.offset)
        self._roster = Roster(
            identity, limits, self.effects, self._fork, conversations=self._conversations, recordings=self.recordings, noise=noise
        )
        self.streams = self._roster.streams
        self._gateway = GatewayMedia(started, limits, self.note)

    @property
    def media(self) -> Started | None:
        """What the gateway said of its media; None before it began."""
        return self._gateway.started

    @property
    def live_streams(self) -> int:
        return len(self._fork.live)

    @property
    def heard_at(self) -> float:
        """When the gateway was heard of last, audio or not (monotonic)."""
        return self._gateway.heard_at

    @property
    def late_frames(self) -> int:
        return self._gateway.arrivals.late

    # The gateway -------------------------------------------------------------------------------------------------------
    def hear(self, message: GatewayMessage, now: float) -> None:
        """Anything the gateway says but Audio, which goes to `audio` at once."""
        if not (isinstance(message, Ended) and message.lost):  # that is our own finding, and may come long after its last word
            self._gateway.said(now)
        if isinstance(message, Paused | Resumed | MarkPlayed):
            self._playback_reported(message, now)
        else:
            self._hear_of_the_call(message, now)

    def _hear_of_the_call(self, message: GatewayMessage, now: float) -> None:
        match message:
            case Started():
                self._media_started(message, now)
            case FrameFaults():
                self._gateway.frames.came(message, now)
            case Dtmf():
                self._digit(message, now)
            case Ended():
                self._gateway_ended(message, now)
            case Unsupported():
                self.note(EventKind.CALL_GATEWAY_ERROR, Level.ERROR, None, now, text=message.problem)
                self.finish(EndCause.CALL_ENDED, UNSUPPORTED_MEDIA, message.problem, now, close=CLOSE_UNSUPPORTED)
            case Unreadable():
                self._gateway.not_the_dialect(message, now)
            case GatewayReport(text, error=True):
                self.note(EventKind.CALL_GATEWAY_ERROR, Level.WARNING, None, now, text=text)

    def audio(self, message: Audio, now: float) -> list[StreamSession]:
        """One frame from the call; returns the streams that may have something to send. The hot path: 50 a second and call."""
        self._gateway.came(message, now)
        self._fork.audio(message, self._timestamp_ms(now), now)
        self._conversations.heard(message, now)
        return self._fork.live

    @property
    def filling(self) -> bool:
        """Whether `fill` has to be called every 20 ms."""
        return self._gateway.filling and not self.over

    def fill(self, now: float) -> list[StreamSession]:
        """Silence in place of audio that did not come; returns the streams that may have something to send."""
        for frame, came_at in self._gateway.silence(now) if not self.over else ():
            self._fork.audio(frame, self._timestamp_ms(came_at), now)
        return self._fork.live

    def _timestamp_ms(self, now: float) -> int:
        return int((now + self.offset) * 1000)

    def _media_started(self, message: Started, now: float) -> None:
        self._fork.begin(message.format)
        self.talkback = Talkback(
            message,
            self.marks,
            self.note,
            self._emit,
            self._played,
            conversations=self._conversations,
            recordings=self.recordings,
            limits=self.limits,
        )
        self._conversations.media_began(message)
        self._gateway.begin(message, now)

    def _digit(self, message: Dtmf, now: float) -> None:
        self.note(EventKind.CALL_DTMF, Level.INFO, None, now, digit=message.digit)
        self._fork.digit(message, self._timestamp_ms(now), now)

    def _playback_reported(self, message: Paused | Resumed | MarkPlayed, now: float) -> None:
        if self.talkback is not None:
            self.talkback.reported(message, now)

    def _played(self, frame: bytes, now: float) -> None:
        self._fork.played(frame, self._timestamp_ms(now), now)

    def resume(self, media: Started, address: str, now: float) -> str:
        """The gateway brings the call on another socket, from `address`. Returns '', or why it cannot go on there, in a sentence."""
        problem = self._gateway.back(media, address, now)
        if not problem:
            self._playback_reported(Resumed(), now)
        return problem

    def _gateway_ended(self, message: Ended, now: float) -> None:
        if self._gateway.may_return(message) and not self.over:
            self._gateway.lost(message, now)
            self._playback_reported(Paused(), now)
        else:
            self._gone(message, now)

    def _gone(self, message: Ended, now: float) -> None:
        cause, hangup = (EndCause.GATEWAY_LOST, GATEWAY_LOST) if message.lost else (EndCause.CALL_ENDED, NORMAL_HANGUP)
        self.finish(cause, hangup, message.words, now, ended=message)

    # The application's answer, and control -----------------------------------------------------------------------------
    def follow(self, requests: Sequence[tuple[UUID, StreamRequest]], now: float) -> None:
        """Starts what the application's XML asks for, and gives it the call's audio from the first frame on."""
        for stream_id, request in requests:
            self.start_stream(stream_id, request, "XML", now)
        dropped_ms = self._fork.release(self._timestamp_ms(now), now)
        if dropped_ms:
            problem = f"The answer took so long that the first {dropped_ms / 1000:.1f} s of audio were not kept."
            self.note(EventKind.CALL_ANSWER_WARNING, Level.WARNING, None, now, problem=problem)

    def start_stream(self, stream_id: UUID, request: StreamRequest, source: str, now: float, *, problem: str = "") -> None:
        """Adds a stream and begins to dial. The caller has checked that the call is live and the media has started. `problem`: what of the
        request was taken otherwise, in sentences."""
        self._roster.start(stream_id, request, source, self.media, now, problem=problem)

    def stop_stream(self, stream_id: UUID, cause: EndCause, by: str, now: float) -> None:
        """A stream that is gone is left alone: the request came too late, which is no error."""
        self._roster.stop(stream_id, cause, by, now)
        self.settle(now)

    def send_dtmf(self, digits: str, now: float) -> None:
        """Digits towards the call."""
        if self.talkback is not None and not self.over:
            self.talkback.send_dtmf(digits, now)

    def customer_said(self, stream: StreamSession, text: str | bytes, now: float) -> None:
        """One message from a stream's customer."""
        if stream.live and self.talkback is not None:
            self.talkback.hear(stream, text, now)

    # Time, and the end ---------------------------------------------------------------------------------------------------
    def measured(self) -> Measured:
        """The timing of the call and of its live streams so far."""
        return Measured(self._gateway.measured(), {stream.id: stream.measured() for stream in self._fork.live})

    def is_calm(self, now: float) -> bool:
        """Whether `tick` would find nothing to do for the call as such: its audio comes, and nothing is played. Counts as a look at the
        audio. Of its streams each knows that itself."""
        calm = self.over is None and not self.effects.pending and self._gateway.is_calm(now)
        return calm and (self.talkback is None or self.talkback.is_calm)

    def leaves_out(self, calm: bool, now: float) -> bool:
        """Of calm ticks in a row the first is as any other, so that all that was measured is of now, and then one in five. The others look
        at turns alone, which are due every two seconds."""
        self._calm_ticks = self._calm_ticks + 1 if calm else 0
        left_out = calm and self._calm_ticks % TICKS_A_LOOK != 1
        if left_out:
            self._conversations.look(now)
        return left_out

    def tick(self, now: float) -> None:
        if lost := self._gateway.given_up(now):
            self._gone(lost, now)
        if words := self._gateway.timed_out(now):
            self.hang_up(MEDIA_TIMEOUT, words, now, EndCause.MEDIA_TIMEOUT, CLOSE_NO_MEDIA)
        if not self.over:
            self._gateway.tick(now)
            self.fill(now)
        for stream in self._fork.live:
            stream.tick(now)
        if self.talkback is not None and not self.over:
            self.talkback.advance(now)
        self._conversations.look(now)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Forgets ended streams; when the last stream that kept the call alive has ended, and what it said was heard, the call is over
        (cause 4010)."""
        for stream in self._roster.forget_ended():
            if self.talkback is not None:
                self.talkback.leave(stream, now)
        unheard = self.talkback is not None and self.talkback.last_words.unheard
        if self._roster.nothing_follows and not unheard and not self.over:
            self.hang_up(END_OF_XML, "The stream that kept the call alive has ended, and nothing follows it.", now)

    def hang_up(
        self, hangup: HangupCause, words: str, now: float, cause: EndCause = EndCause.CALL_ENDED, close: int = CLOSE_CALL_OVER
    ) -> None:
        """Ends the call from our side: the gateway is told, then its socket is closed."""
        if self.over:
            return
        self._emit(TellGateway(HangUp()))
        self.note(EventKind.CALL_HANGUP_SENT, Level.INFO, None, now)
        self.finish(cause, hangup, words, now, close=close)

    def _silence_before(self, cause: EndCause, now: float) -> dict[str, float]:
        """Of a gateway that is gone, how long nothing had come from it when that was noticed."""
        silent_seconds = round(now - self.heard_at, 3)
        is_gone = cause in (EndCause.GATEWAY_LOST, EndCause.MEDIA_TIMEOUT)
        return {"silent_seconds": silent_seconds} if is_gone and silent_seconds >= 1 else {}

    def finish(
        self, cause: EndCause, hangup: HangupCause, words: str, now: float, *, close: int | None = None, ended: Ended | None = None
    ) -> None:
        """Ends the call and every stream of it, once. `close`: the code to close the gateway's socket with, None when it is closed."""
        if self.over:
            return
        self.over = hangup
        self._fork.flush(now)
        for stream in self._fork.live:
            stream.end(cause, now, words, **self._silence_before(cause, now))
        self._fork.live = []
        level = Level.INFO if hangup.source != "Error" else Level.ERROR
        self.note(
            EventKind.CALL_ENDED,
            level,
            None,
            now,
            self._gateway.measured(),
            **hangup._asdict(),
            words=words,
            **(ended.facts if ended is not None else {"our_close_code": close}),
            **self._gateway.totals(),
        )
        if close is not None:
            self._emit(CloseGateway(close, words[:120]))


CallAct = Callable[[CallSession, float], None]
"""Something that is done to a call, at a moment."""
