"""Twilio Media Streams on the wire, and all that are made in its image: Telnyx, SignalWire, Exotel, Kazoo, Fonoster.

Owns their JSON in both directions, whatever way it is spelled. Must not know sockets, clocks, calls or customers.
Sources: Twilio's Media Streams messages; the streaming pages of the others, as far as they differ."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from streams.pure.foreign_text import cleaned
from streams.pure.gateway.call_names import named_call
from streams.pure.gateway.closing import ended_message
from streams.pure.gateway.early_words import EarlyWords
from streams.pure.gateway.json_text import Fields, NotAnObject, digit_of, object_of, plainly, said, whole
from streams.pure.gateway.tracks import FRAME_MS, TrackCutter
from streams.pure.messages import (
    Audio,
    AudioFormat,
    Clear,
    Dtmf,
    Encoding,
    Ended,
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

# Exotel calls its L16 "base64" or "raw"; the rest are the names of RTP, of MIME and of habit.
_ENCODINGS = {
    **dict.fromkeys(("mulaw", "ulaw", "pcmu"), Encoding.MULAW),
    **dict.fromkeys(("alaw", "pcma"), Encoding.ALAW),
    **dict.fromkeys(("l16", "raw", "pcm", "slin", "linear16", "base64"), Encoding.L16),
}
_STREAM_NAMES = ("streamSid", "stream_sid", "streamId", "stream_id")
_CALL_NAMES = ("callSid", "call_sid", "call_control_id", "callId", "call_id")
_NO = ("false", "no", "0")
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
        self._refused = self._over = False
        self._listens_only = False
        self._stream: dict[str, str] = {}
        self._cutters: dict[str, TrackCutter] = {}
        self._early: EarlyWords[Dtmf | tuple[str, bytes]] = EarlyWords("the start message")

    def decode_text(self, text: str) -> Sequence[GatewayMessage]:
        """One message. What is not the dialect comes back as Unreadable; nothing is raised."""
        try:
            given = object_of(text)
        except NotAnObject as problem:
            return (Unreadable(str(problem), cleaned(text, 200)),)
        message = plainly(given)
        event = said(message, "event").lower()
        if event == "start":
            return self._start(given, message)
        reader = self._READERS.get(event)
        if reader is None:
            known = ", ".join(("start", *self._READERS))
            return (Unreadable(f"The gateway sent the event {cleaned(event, 60)!r}; it has to be one of {known}.", cleaned(text, 200)),)
        return reader(self, message)

    def decode_binary(self, data: bytes) -> Sequence[GatewayMessage]:
        """Kazoo's rawAudio: the caller's audio without JSON around it."""
        return self._audio("inbound", data)

    def waited(self) -> Sequence[GatewayMessage]:
        """Without start nobody knows whose call it is, nor under which id it is spoken to."""
        return ()

    def encode(self, command: GatewayCommand) -> list[str | bytes]:
        """Nothing for HangUp: the close that follows it ends <Connect><Stream>, and the TwiML behind that says how the call goes on."""
        if self._format is None or self._listens_only or self._over:
            return []
        match command:
            case Play(payload) if payload:
                return [self._text("media", {"payload": b64encode(payload).decode()})]
            case Mark(name):
                return [self._text("mark", {"name": name})]
            case Clear():
                return [self._text("clear")]
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
        found = _format_of(plainly(start.get("mediaformat")))
        if isinstance(found, Unsupported):
            self._refused = True
            self._early.drop()
            return (found,)
        self._format = found
        self._stream = _stream_of(given)
        parameters = plainly(start.get("customparameters"))
        tracks = [_track(track) for track in _list(start.get("tracks"))]
        flag = said(parameters, "bidirectional") or said(self._query, "bidirectional")
        self._listens_only = "outbound" in tracks or flag.lower() in _NO
        self.marks = not self._listens_only
        call = named_call({**start, **parameters}, said(start, "accountsid"), said(self._query, "fork"))
        gateway_call_id = cleaned(said(start, "callsid", "callcontrolid", "callid"), 200) or call.gateway_call_id
        facts = {
            "stream": cleaned(next(iter(self._stream.values()), ""), 100),
            "spelling": _spelling(given),
            "tracks": cleaned(", ".join(dict.fromkeys(tracks)) or "inbound", 100),
            "audio_back": "no: this stream only listens" if self._listens_only else "yes",
        }
        began = Started(found, FRAME_MS, gateway_call_id, facts, call.variables, LISTENS_ONLY if self._listens_only else "")
        early = (self._audio(*word) if isinstance(word, tuple) else (word,) for word in self._early.release())
        return (began, *(message for messages in early for message in messages))

    def _media(self, message: Fields) -> Sequence[GatewayMessage]:
        media = plainly(message.get("media"))
        payload = media.get("payload")
        try:
            data = b64decode(payload, validate=True) if isinstance(payload, str) else None
        except (binascii.Error, ValueError):
            data = None
        if data is None:
            return (Unreadable("A media message has no media.payload in base64."),)
        return self._audio(_track(media.get("track")), data)

    def _audio(self, track: str, data: bytes) -> Sequence[GatewayMessage]:
        if self._refused or self._over or not data:
            return ()
        if self._format is None:
            return self._early.keep((track, data), len(data))
        cutter = self._cutters.get(track)
        if cutter is None:
            cutter = self._cutters[track] = TrackCutter(self._format, (track,))
        frames: Sequence[Audio] = cutter.frames(data)
        return frames

    def _dtmf(self, message: Fields) -> Sequence[GatewayMessage]:
        digit = digit_of(message)
        if not digit:
            return (Unreadable("A dtmf message carries no digit; it has to be one of 0-9, *, #, A-D."),)
        pressed = Dtmf(digit, _track(plainly(message.get("dtmf")).get("track")))
        return (pressed,) if self._format is not None else self._early.keep(pressed, 0)

    def _mark(self, message: Fields) -> Sequence[GatewayMessage]:
        return (MarkPlayed(cleaned(said(plainly(message.get("mark")), "name"), 100)),)

    def _stop(self, message: Fields) -> Sequence[GatewayMessage]:
        if self._over:
            return ()
        self._over = True
        reason = cleaned(said(plainly(message.get("stop")), "reason"), 100)
        return (Ended(lost=False, code=None, words=f"The gateway said stop{f' ({reason})' if reason else ''}."),)

    def _error(self, message: Fields) -> Sequence[GatewayMessage]:
        error = {**message, **plainly(message.get("error")), **plainly(message.get("payload"))}
        words = [cleaned(said(error, name), 200) for name in ("code", "title", "message", "detail")]
        return (GatewayReport(" ".join(filter(None, words)) or "an error without words", error=True),)

    _READERS: dict[str, Callable[["Twilio", Fields], Sequence[GatewayMessage]]] = {
        "media": _media,
        "connected": _connected,
        "dtmf": _dtmf,
        "mark": _mark,
        "stop": _stop,
        "error": _error,
    }

    # What it is told ---------------------------------------------------------------------------------------------------
    def _text(self, event: str, content: Mapping[str, str] | None = None) -> str:
        return orjson.dumps({"event": event, **self._stream, **({event: content} if content else {})}).decode()


def _format_of(media: Fields) -> AudioFormat | Unsupported:
    """mu-law at 8 kHz where nothing is said: it is Twilio's only one, and those in its image that say nothing send it as well."""
    word = said(media, "encoding").lower()
    encoding = _ENCODINGS.get(word.removeprefix("audio/").removeprefix("x-") or "mulaw")
    rate = whole(said(media, "samplerate") or "8000", 8000, 48_000)
    if encoding is None or rate is None or said(media, "channels") not in ("", "1"):
        shown = cleaned(", ".join(f"{name} {said(media, name)}" for name in ("encoding", "samplerate", "channels") if name in media), 120)
        return Unsupported(
            f"The gateway's media format ({shown}) is not spoken here. Choose PCMU, PCMA or L16 with one channel at 8000 to 48000 Hz; "
            "at Telnyx that is stream_codec, Twilio has no other than PCMU."
        )
    return AudioFormat(encoding, rate)


def _stream_of(given: dict[str, Any]) -> dict[str, str]:
    """The stream id under the name the gateway has for it: what goes back has to carry the same."""
    start = given.get("start")
    for where in (given, start if isinstance(start, dict) else {}):
        for name in _STREAM_NAMES:
            if isinstance(where.get(name), str):
                return {name: where[name]}
    return {}


def _spelling(given: dict[str, Any]) -> str:
    """How the ids are spelled, which tells the services apart."""
    start = given.get("start")
    names = {**given, **(start if isinstance(start, dict) else {})}
    return ", ".join(name for name in (*_STREAM_NAMES, *_CALL_NAMES) if name in names)


def _track(name: object) -> str:
    """inbound, inbound_track and anything unknown are the caller's."""
    return "outbound" if isinstance(name, str) and name.lower().removesuffix("_track") == "outbound" else "inbound"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []
