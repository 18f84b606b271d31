"""The streams of a call by their ids, from the request for each to its end; those that ended stay known.

Owns their making, and which of them the fork still serves. Must not know gateways, or what the end of one means to the call."""

from functools import partial
from uuid import UUID

from streams.pure.call.conversations import Conversations
from streams.pure.call.effect_queue import EffectQueue
from streams.pure.call.fork import Fork
from streams.pure.call.limits import StreamLimits
from streams.pure.call.noise_cancellation import NoiseCancellation, NoiseMeans
from streams.pure.call.notes import Identity
from streams.pure.call.recordings import Recordings
from streams.pure.call.stream import StreamSession
from streams.pure.customer.protocol import protocol_of
from streams.pure.lifecycle import EndCause, EventKind, Level
from streams.pure.messages import Started, StreamRequest


class Roster:
    """Of one call, whose live streams are `fork`'s."""

    def __init__(
        self,
        identity: Identity,
        limits: StreamLimits,
        effects: EffectQueue,
        fork: Fork,
        *,
        conversations: Conversations,
        recordings: Recordings,
        noise: NoiseMeans,
    ) -> None:
        self.streams: dict[UUID, StreamSession] = {}
        self._kept_call_alive = False
        self._identity, self._limits, self._effects, self._fork = identity, limits, effects, fork
        self._conversations, self._recordings, self._noise = conversations, recordings, noise

    def start(self, stream_id: UUID, request: StreamRequest, source: str, media: Started | None, now: float, *, problem: str = "") -> None:
        """Adds a stream and begins to dial. `media`: of the call. `problem`: what of the request was taken otherwise."""
        stream = StreamSession(
            id=stream_id,
            request=request,
            protocol=protocol_of(stream_id, self._identity.call_id, self._identity.auth_id, request),
            limits=self._limits,
            began=now,
            note=self._effects.note,
            emit=self._effects.emit,
            conversed=partial(self._conversations.end, stream_id),
        )
        self.streams[stream_id] = stream
        self._fork.live = [*self._fork.live, stream]
        fields = {name: getattr(request, name) for name in request.__slots__}
        level, said = (Level.WARNING, {"problem": problem}) if problem else (Level.INFO, {})
        self._effects.note(EventKind.STREAM_REQUESTED, level, stream_id, now, source=source, request=fields, **said)
        if request.bidirectional and self._limits.turns:
            self._conversations.begin(stream_id, now)
        if request.noise_cancellation:
            stream.noise = NoiseCancellation(stream_id, request, stream.protocol.format, self._noise, note=self._effects.note, now=now)
        self._recordings.begin(stream, media, now)
        stream.dial(now)

    def stop(self, stream_id: UUID, cause: EndCause, by: str, now: float) -> None:
        """A stream that is gone is left alone: the request came too late, which is no error."""
        stream = self.streams.get(stream_id)
        if stream is not None and stream.live:
            self._effects.note(EventKind.STOP_REQUESTED, Level.INFO, stream_id, now, by=by, how=cause.value)
            stream.end(cause, now, f"Stopped at the request of {by}.")

    @property
    def nothing_follows(self) -> bool:
        """Whether a stream that kept the call alive has ended, and none that does is left."""
        return self._kept_call_alive and not any(stream.request.keep_call_alive for stream in self._fork.live)

    def forget_ended(self) -> list[StreamSession]:
        """Takes those that have ended from the fork, and returns them."""
        ended = [stream for stream in self._fork.live if not stream.live]
        self._kept_call_alive |= any(stream.request.keep_call_alive for stream in ended)
        if ended:
            self._fork.live = [stream for stream in self._fork.live if stream.live]
        return ended
