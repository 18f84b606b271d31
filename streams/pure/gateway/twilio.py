"""Twilio Media Streams on the wire, and all that are made in its image: Telnyx, SignalWire, Exotel, Vobiz, Kazoo, Fonoster.

Owns their JSON in both directions, whatever way it is spelled. Must not know sockets, clocks, calls or customers.
Sources: Twilio's Media Streams messages; the streaming pages of the others, as far as they differ (`lookalikes`)."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from streams.pure.audio.base64_text import from_base64
from streams.pure.audio.convert import FRAME_MS
from streams.pure.foreign_text import cleaned
from streams.pure.gateway.call_names import named_call
from streams.pure.gateway.closing import ended_message
from streams.pure.gateway.early_words import EarlyWords
from streams.pure.gateway.json_text import Fields, NotAnObject, digit_of, object_of, plainly, said
from streams.pure.gateway.lookalikes import TWILIO, service_of, spelled_stream_id, spelling_of, way_back
from streams.pure.gateway.media_format import format_of
from streams.pure.gateway.numbered_media import HELD_SECONDS, Frame, MediaOrder
from streams.pure.gateway.tracks import TrackCutter, swapped
from streams.pure.messages import (
    AudioFormat,
    Clear,
    Dtmf,
    Encoding,
    Ended,
    FrameFaults,
    GatewayCommand,
    GatewayMessage,
    GatewayReport,
    Mark,
    MarkPlayed,
    Play,
    Started,
    Unreadable,
    Unsupported,
)

_NO = ("false", "no", "0")
_PLIVO_TYPES = {Encoding.L16: "audio/x-l16", Encoding.MULAW: "audio/x-mulaw", Encoding.ALAW: "audio/x-alaw"}
LISTENS_ONLY = "Nothing can be played to this call: its gateway's stream only listens. Use <Connect><Stream> in place of <Start><Stream>."


class Twilio:
    """One connection's dialect. Commands go back under the stream id, in the spelling, that `start` had.

    `marks`: not on a stream that only listens, which is one that brings the outbound track (Twilio gives that to <Start><Stream> alone)
    or that says bidirectional=false in its custom parameters."""

    name = "twilio"
    subprotocols: tuple[str, ...] = ()
    resumes = False

    def __init__(self, query: Mapping[str, str]) -> None:
        self.marks = False
        self._query = plainly(dict(query))
        self._format: AudioFormat | None = None
        self._back: AudioFormat | None = None
        self._service = TWILIO
        self._refused = self._over = False
        self._listens_only = ""
        self._stream: dict[str, str] = {}
        self._cutters: dict[str, TrackCutter] = {}
        self._early: EarlyWords[str | bytes] = EarlyWords("the start message")
        self._order = MediaOrder()
        self._faults = FrameFaults()

    @property
    def hold_seconds(self) -> float:
        return HELD_SECONDS if self._order.holds else 0.0

    def decode_text(self, text: str) -> Sequence[GatewayMessage]:
        """One message. What is not the dialect comes back as Unreadable; nothing is raised."""
        try:
            given = object_of(text)
        except NotAnObject as problem:
            return (Unreadable(str(problem), cleaned(text, 200)),)
        message = plainly(given)
        event = said(message, "event").lower()
        if event == "media":
            return self._media(message, text)
        if event == "dtmf" and self._format is None:
            return self._early.keep(text, 0)
        in_turn = self._framed(self._order.other(message))
        if event == "start":
            return self._start(given, message)
        reader = self._READERS.get(event)
        if reader is None:
            known = ", ".join(("start", "media", *self._READERS))
            words = f"The gateway sent the event {cleaned(event, 60)!r}; it has to be one of {known}."
            return (*in_turn, Unreadable(words, cleaned(text, 200)))
        return (*in_turn, *reader(self, message))

    def decode_binary(self, data: bytes) -> Sequence[GatewayMessage]:
        """Kazoo's rawAudio: the caller's audio without JSON around it."""
        if self._format is None and not self._refused:
            return self._early.keep(data, len(data))
        return self._framed([("inbound", data)])

    def waited(self) -> Sequence[GatewayMessage]:
        """Frames that were held for one before them are in turn. Without start nothing is: nobody knows whose call it is."""
        return self._framed(self._order.flush())

    def encode(self, command: GatewayCommand) -> list[str | bytes]:
        """Nothing for HangUp: the close that follows it ends <Connect><Stream>, and the TwiML behind that says how the call goes on."""
        if self._back is None or self._listens_only or self._over:
            return []
        match command:
            case Play(payload) if payload:
                return [self._play(payload, self._back)]
            case Mark(name):
                return [self._text("checkpoint", {"name": name}) if self._service.plivo else self._text("mark", {"mark": {"name": name}})]
            case Clear():
                return [self._text("clearAudio" if self._service.plivo else "clear", {})]
        return []

    def closed(self, code: int | None, by_us: bool) -> Ended:
        return ended_message(code, by_us)

    # What it says ------------------------------------------------------------------------------------------------------
    def _connected(self, message: Fields) -> Sequence[GatewayMessage]:
        words = " ".join(filter(None, (said(message, "protocol"), said(message, "version"))))
        return (GatewayReport(f"connected {cleaned(words, 60)}".strip()),)

    def _start(self, given: dict[str, Any], message: Fields) -> Sequence[GatewayMessage]:
        if self._format is not None or self._refused:
            return (Unreadable("start came a second time; a connection carries one stream, so it counts once."),)
        start = {**message, **plainly(message.get("start"))}
        parameters = {**self._query, **plainly(start.get("customparameters"))}
        service = self._service = service_of(given, start, said(parameters, "service"))
        found = format_of(plainly(start.get("mediaformat")), service.default)
        if isinstance(found, Unsupported):
            self._refused = True
            self._early.drop()
            return (found,)
        self._format = found
        self._stream = spelled_stream_id(given)
        began = self._started(given, start, parameters, found)
        early = (self.decode_binary(word) if isinstance(word, bytes) else self.decode_text(word) for word in self._early.release())
        return (began, *(message for messages in early for message in messages))

    def _started(self, given: dict[str, Any], start: Fields, parameters: Fields, found: AudioFormat) -> Started:
        tracks = [_track(track) for track in _list(start.get("tracks"))]
        self._back, self._listens_only = way_back(self._service, parameters, found)
        if "outbound" in tracks or said(parameters, "bidirectional").lower() in _NO:
            self._listens_only = LISTENS_ONLY
        self.marks = not self._listens_only
        own = plainly(start.get("customparameters"))
        call = named_call({**start, **own}, said(start, "accountsid"), said(self._query, "fork"))
        facts = {
            "stream": cleaned(next(iter(self._stream.values()), ""), 100),
            "service": self._service.name,
            "spelling": spelling_of(given),
            "tracks": cleaned(", ".join(dict.fromkeys(tracks)) or "inbound", 100),
            "audio_back": "no: this stream only listens" if self._listens_only else str(self._back),
        }
        call_id = cleaned(said(start, "callsid", "callcontrolid", "callid"), 200) or call.gateway_call_id
        return Started(found, FRAME_MS, call_id, facts, call.variables, self._listens_only, self._back if self._back != found else None)

    def _media(self, message: Fields, text: str) -> Sequence[GatewayMessage]:
        media = plainly(message.get("media"))
        payload = media.get("payload")
        try:
            data = from_base64(payload) if isinstance(payload, str) else None
        except ValueError:
            data = None
        if data is None:
            return (Unreadable("A media message has no media.payload in base64."),)
        if self._refused or self._over or not data:
            return ()
        if self._format is None:
            return self._early.keep(text, len(data))
        return self._framed(self._order.frame(message, _track(media.get("track")), data, self._format.duration_ms(len(data))))

    def _framed(self, frames: Sequence[Frame]) -> Sequence[GatewayMessage]:
        """Frames of the call's audio; and what their numbers told of others, where that is news."""
        if self._format is None or self._over:
            return ()
        heard: list[GatewayMessage] = []
        for track, data in frames:
            cutter = self._cutters.get(track)
            if cutter is None:
                cutter = self._cutters[track] = TrackCutter(self._format, (track,), self._service.big_endian)
            heard += cutter.frames(data)
        faults = self._order.faults
        if faults != self._faults:
            self._faults = faults
            heard.append(faults)
        return heard

    def _dtmf(self, message: Fields) -> Sequence[GatewayMessage]:
        digit = digit_of(message)
        if not digit:
            return (Unreadable("A dtmf message carries no digit; it has to be one of 0-9, *, #, A-D."),)
        return (Dtmf(digit, _track(plainly(message.get("dtmf")).get("track"))),)

    def _mark(self, message: Fields) -> Sequence[GatewayMessage]:
        return (MarkPlayed(cleaned(said(plainly(message.get("mark")), "name"), 100)),)

    def _played_stream(self, message: Fields) -> Sequence[GatewayMessage]:
        return (MarkPlayed(cleaned(said(message, "name"), 100)),)

    def _cleared(self, _: Fields) -> Sequence[GatewayMessage]:
        return (GatewayReport("The gateway cleared what it had to play."),)

    def _stop(self, message: Fields) -> Sequence[GatewayMessage]:
        if self._over:
            return ()
        rest = self.waited()
        self._over = True
        reason = cleaned(said(plainly(message.get("stop")), "reason"), 100)
        return (*rest, Ended(lost=False, code=None, words=f"The gateway said stop{f' ({reason})' if reason else ''}."))

    def _error(self, message: Fields) -> Sequence[GatewayMessage]:
        error = {**message, **plainly(message.get("error")), **plainly(message.get("payload"))}
        words = [cleaned(said(error, name), 200) for name in ("code", "title", "message", "detail")]
        return (GatewayReport(" ".join(filter(None, words)) or "an error without words", error=True),)

    _READERS: dict[str, Callable[["Twilio", Fields], Sequence[GatewayMessage]]] = {
        "connected": _connected,
        "dtmf": _dtmf,
        "mark": _mark,
        "playedstream": _played_stream,
        "clearedaudio": _cleared,
        "stop": _stop,
        "error": _error,
    }

    # What it is told ---------------------------------------------------------------------------------------------------
    def _play(self, payload: bytes, played: AudioFormat) -> str:
        swaps = self._service.big_endian and played.encoding is Encoding.L16
        audio = b64encode(swapped(payload) if swaps else payload).decode()
        if not self._service.plivo:
            return self._text("media", {"media": {"payload": audio}})
        media = {"contentType": _PLIVO_TYPES[played.encoding], "sampleRate": played.rate, "payload": audio}
        return orjson.dumps({"event": "playAudio", "media": media}).decode()

    def _text(self, event: str, content: Mapping[str, object]) -> str:
        return orjson.dumps({"event": event, **self._stream, **content}).decode()


def _track(name: object) -> str:
    """inbound, inbound_track and anything unknown are the caller's."""
    return "outbound" if isinstance(name, str) and name.lower().removesuffix("_track") == "outbound" else "inbound"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []
