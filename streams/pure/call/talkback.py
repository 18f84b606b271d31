"""What customers send back to a call: audio to play, checkpoints in it, the wish for silence, digits.

Owns what is done about each, and that nothing is refused in silence. Must not know sockets, dialects or rows."""

from collections.abc import Callable
from uuid import UUID

from streams.pure.audio.convert import Converter
from streams.pure.audio.dtmf import dtmf_tones
from streams.pure.call.conversations import Conversations
from streams.pure.call.effects import Effect, TellGateway
from streams.pure.call.file_playback import FilePlayback
from streams.pure.call.last_words import LastWords
from streams.pure.call.limits import StreamLimits
from streams.pure.call.notes import Noted
from streams.pure.call.playback import CONFIRMED_WITHIN_SECONDS, Playback, PlaybackFull
from streams.pure.call.recordings import Recordings
from streams.pure.call.stream import StreamSession
from streams.pure.call.voice import Reached
from streams.pure.customer import protocol
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import EndCause, EventKind, Level
from streams.pure.messages import MarkPlayed, Paused, Resumed, Started

EVENTS: dict[type, str] = {
    protocol.PlayAudio: "playAudio",
    protocol.Checkpoint: "checkpoint",
    protocol.ClearAudio: "clearAudio",
    protocol.SendDtmf: "sendDTMF",
}
OPERATOR = UUID(int=0)
"""Whose audio it is when no stream asked for it: digits sent by the console or the API."""


class Talkback:
    """One per call, whose gateway's media is `media`. `outbound` takes each frame that is being played, for the streams that fork what the
    call party hears."""

    def __init__(
        self,
        media: Started,
        marks: bool,
        note: Noted,
        emit: Callable[[Effect], None],
        outbound: Callable[[bytes, float], None],
        *,
        conversations: Conversations,
        recordings: Recordings,
        limits: StreamLimits,
    ) -> None:
        self.target = media.played
        self.listens_only = media.listens_only
        self.playback = FilePlayback(self.target) if media.plays_files else Playback(self.target, marks)
        self.last_words = LastWords(self.playback, limits.goodbye_seconds, note, emit)
        self._note, self._emit, self._outbound = note, emit, outbound
        self._conversations, self._recordings = conversations, recordings
        self._heard = Converter(media.played, media.format)
        self._streams: dict[UUID, StreamSession] = {}

    def hear(self, stream: StreamSession, text: str | bytes, now: float) -> None:
        """One message from a customer. Nothing it says ends the stream."""
        message = protocol.decode(text, stream.protocol.format)
        if isinstance(message, protocol.Unknown):
            self._unknown(stream, message, now)
        elif not stream.request.bidirectional:
            event = EVENTS[type(message)]
            problem = f'{event} came on a stream that is not bidirectional; ask for bidirectional="true" to send anything to the call.'
            self._refuse(stream, message, problem, now)
        elif self.listens_only and not isinstance(message, protocol.ClearAudio):
            self._refuse(stream, message, self.listens_only, now)
        else:
            self._obey(stream, message, now)
            self.advance(now)

    def _unknown(self, stream: StreamSession, message: protocol.Unknown, now: float) -> None:
        if message.event == "playAudio":
            stream.fail_to_play(message.problem, now)
        else:
            stream.ignore(message.problem, message.sample, now)

    def _refuse(self, stream: StreamSession, message: protocol.CustomerMessage, problem: str, now: float) -> None:
        """What nobody will hear is said to have failed; a checkpoint behind it is never reached."""
        if isinstance(message, protocol.PlayAudio | protocol.SendDtmf):
            stream.fail_to_play(problem, now)
        else:
            stream.ignore(problem, "", now)

    def _obey(self, stream: StreamSession, message: protocol.CustomerMessage, now: float) -> None:
        match message:
            case protocol.PlayAudio():
                self._play(stream, message, now)
            case protocol.Checkpoint(name):
                self._checkpoint(stream, name, now)
            case protocol.ClearAudio():
                self._clear(stream, now)
            case protocol.SendDtmf(digits):
                self.send_dtmf(digits, now, stream)

    def _play(self, stream: StreamSession, message: protocol.PlayAudio, now: float) -> None:
        try:
            self.playback.play(stream.id, message.payload, message.format, now)
        except PlaybackFull as full:
            stream.fail_to_play(str(full), now)
            return
        self._conversations.given(stream.id, now)
        if stream.id not in self._streams:
            self._streams[stream.id] = stream
            self._note(EventKind.PLAYBACK_STARTED, Level.INFO, stream.id, now, format=str(message.format))

    def _checkpoint(self, stream: StreamSession, name: str, now: float) -> None:
        try:
            self.playback.checkpoint(stream.id, name)
        except PlaybackFull as full:
            stream.ignore(str(full), "", now)
            return
        self._streams.setdefault(stream.id, stream)

    def _clear(self, stream: StreamSession, now: float) -> None:
        waiting_ms = round(self.playback.waiting_ms)
        self._silence(stream, now, asked=True)
        stream.say(stream.protocol.cleared_audio)
        self._note(EventKind.AUDIO_CLEARED, Level.INFO, stream.id, now, waiting_ms=waiting_ms)

    def _silence(self, stream: StreamSession, now: float, *, asked: bool) -> None:
        commands = self.playback.clear(stream.id, now)
        self._conversations.cleared(stream.id, now, asked=asked, silenced=bool(commands))
        if commands:
            self._recordings.cut(now)
        for command in commands:
            self._emit(TellGateway(command))

    def send_dtmf(self, digits: str, now: float, stream: StreamSession | None = None) -> None:
        """Digits towards the call, as in-band tones in their place among the audio: no gateway's protocol has a command for them."""
        if self.listens_only:
            self._digits_not_sent(self.listens_only, now, stream)
            return
        try:
            whose = stream.id if stream else OPERATOR
            self.playback.play(whose, dtmf_tones(digits, self.target), self.target, now)
            self.playback.said_all(whose)
        except PlaybackFull as full:
            self._digits_not_sent(str(full), now, stream)
            return
        self._note(EventKind.CALL_DTMF_SENT, Level.INFO, stream.id if stream else None, now, digits=digits, how="tones in the audio")
        self.advance(now)

    def _digits_not_sent(self, problem: str, now: float, stream: StreamSession | None) -> None:
        if stream:
            stream.ignore(problem, "", now)
        else:
            self._note(EventKind.CALL_DTMF_FAILED, Level.WARNING, None, now, problem=problem)

    # The gateway's side, time, the end ---------------------------------------------------------------------------------------
    def advance(self, now: float) -> None:
        """Sends what is due to the gateway, and tells customers what was played."""
        step = self.playback.advance(now)
        for command in step.commands:
            self._emit(TellGateway(command))
        for stream_id, payload, heard_from in step.sounds:
            self._conversations.sounds(stream_id, payload, heard_from)
            self._recordings.heard(payload, heard_from)
        for frame in step.played:
            for heard in self._heard.convert(frame):
                self._outbound(heard, now)
        self._reached(step.reached, now)
        for checkpoint in step.overdue:
            if (stream := self._streams.get(checkpoint.stream_id)) is not None:
                stream.not_confirmed(cleaned(checkpoint.name, 200), CONFIRMED_WITHIN_SECONDS, now)
        self.last_words.tick(now)

    @property
    def is_calm(self) -> bool:
        """Whether `advance` would do nothing, until somebody says something."""
        return self.playback.is_idle and not self.last_words.unheard

    def reported(self, message: Paused | Resumed | MarkPlayed, now: float) -> None:
        """What the gateway says of its playback."""
        match message:
            case Paused():
                self.playback.pause()
            case Resumed():
                self.playback.resume()
            case MarkPlayed(name):
                self._reached(self.playback.mark_played(name), now)
        self.advance(now)

    def _reached(self, checkpoints: list[Reached], now: float) -> None:
        for checkpoint in checkpoints:
            self.last_words.reached(checkpoint, now)
            stream = self._streams.get(checkpoint.stream_id)
            if stream is not None and stream.live:
                stream.say(lambda stream=stream, name=checkpoint.name: stream.protocol.played_stream(name))  # type: ignore[misc]
                self._note(EventKind.CHECKPOINT_PLAYED, Level.INFO, stream.id, now, name=cleaned(checkpoint.name, 200))

    def leave(self, stream: StreamSession, now: float) -> None:
        """The stream has ended. What its service had sent before it closed is heard; otherwise there is silence at once."""
        closed = stream.ended_by in (EndCause.CUSTOMER_CLOSED, EndCause.CUSTOMER_LOST)
        known = self._streams.pop(stream.id, None) is not None
        if closed and self.last_words.begin(stream.id, now):
            self.advance(now)
        elif known:
            self._silence(stream, now, asked=False)
