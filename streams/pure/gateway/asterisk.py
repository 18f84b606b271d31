"""Asterisk's chan_websocket on the wire: control events and bare binary audio, to and from messages.

Owns what its events and commands mean, and its limits. Must not know sockets, clocks, calls or customers.
Sources: channels/chan_websocket.c of Asterisk, and recordings of a 23.4.1."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from streams.pure.audio.g722 import Codec
from streams.pure.foreign_text import cleaned
from streams.pure.gateway.asterisk_control import NotControlText, control_text, fields_of
from streams.pure.gateway.closing import ended_message
from streams.pure.gateway.early_words import EarlyWords
from streams.pure.gateway.json_text import DIGITS, Fields, whole
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
    HangUp,
    Mark,
    MarkPlayed,
    Paused,
    Play,
    Resumed,
    Started,
    Unreadable,
    Unsupported,
)

FORMATS = {
    "ulaw": AudioFormat(Encoding.MULAW, 8000),
    "alaw": AudioFormat(Encoding.ALAW, 8000),
    "g722": AudioFormat(Encoding.L16, 16_000),
    "slin": AudioFormat(Encoding.L16, 8000),
    "slin12": AudioFormat(Encoding.L16, 12_000),
    "slin16": AudioFormat(Encoding.L16, 16_000),
    "slin24": AudioFormat(Encoding.L16, 24_000),
    "slin32": AudioFormat(Encoding.L16, 32_000),
    "slin44": AudioFormat(Encoding.L16, 44_100),
    "slin48": AudioFormat(Encoding.L16, 48_000),
}
"""What becomes of a codec on this side of the dialect: G.722 is decoded and encoded here, the rest passes as it is."""
PLAY_BYTES = 65_000  # a frame of more than 65,535 bytes, header included, makes Asterisk close with 1009
LISTENS_ONLY = "Nothing can be played to this call: its gateway only listens (media=in). Dial without d(in), and leave media=in out."
STAND_INS = 1000  # Asterisk queues no more marks than that

# Asterisk drops a text of more than 128 bytes without a word: 64 leave room for the JSON around the name.
_PLAIN_MARK = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class Asterisk:
    """One connection's dialect. Control text is detected by its first byte; commands go back in the format the gateway spoke.

    `query` with media=in: the channel was dialled with d(in), which only listens; Asterisk answers playback of ours with errors."""

    name = "asterisk"
    subprotocols: tuple[str, ...] = ("media",)
    resumes = False
    hold_seconds = 0.0

    def __init__(self, query: Mapping[str, str]) -> None:
        self.marks = False
        self._listens_only = query.get("media", "").lower() == "in"
        self._g722: Codec | None = None
        self._speaks_json = False
        self._format: AudioFormat | None = None
        self._refused = False
        self._early: EarlyWords[bytes | Dtmf] = EarlyWords("MEDIA_START")
        self._frame_bytes = 0
        self._unsent = b""
        self._stand_ins: dict[str, str] = {}
        self._stand_ins_made = 0

    def decode_binary(self, data: bytes) -> Sequence[GatewayMessage]:
        """One frame of the call's audio. Under load some releases send audio before MEDIA_START (asterisk#1712): that is held."""
        if not data:
            return ()
        return (self._audio(data),) if self._format is not None else self._early.keep(data, len(data))

    def decode_text(self, text: str) -> Sequence[GatewayMessage]:
        """One control message. What is not the dialect comes back as Unreadable; nothing is raised."""
        try:
            fields = fields_of(text)
        except NotControlText as problem:
            return (Unreadable(str(problem), cleaned(text, 200)),)
        reader = self._READERS.get(str(fields.get("event", "")))
        if reader is None:
            event = cleaned(fields.get("event", ""), 60)
            return (Unreadable(f"The gateway sent {event!r}, which is no event of Asterisk's chan_websocket.", cleaned(text, 200)),)
        self._speaks_json = text.startswith("{")
        return reader(self, fields)

    def waited(self) -> Sequence[GatewayMessage]:
        """Without MEDIA_START nobody knows what the audio is."""
        return ()

    def encode(self, command: GatewayCommand) -> list[str | bytes]:
        """What to send for `command`, in order: str as a text message, bytes as a binary one, none of them fragmented."""
        if self._listens_only and not isinstance(command, HangUp):
            return []
        match command:
            case Play(payload):
                return self._play(payload)
            case Mark(name):
                return [control_text("MARK_MEDIA", self._speaks_json, self._mark_id(name))]
            case Clear():
                # FLUSH_MEDIA drops queued marks too: no MEDIA_MARK_PROCESSED comes for them.
                self._unsent = b""
                self._stand_ins.clear()
                return [control_text("FLUSH_MEDIA", self._speaks_json)]
            case HangUp():
                return [control_text("HANGUP", self._speaks_json)]

    def closed(self, code: int | None, by_us: bool) -> Ended:
        """What the end of the socket means. After a close of ours Asterisk says 1001 whatever we sent, so its code means nothing."""
        # Asterisk's close frame always carries a code. Without one there was no frame: uvicorn tells a cut connection so.
        return ended_message(None if code == 1005 else code, by_us)

    # What it says ------------------------------------------------------------------------------------------------------
    def _media_start(self, fields: Fields) -> Sequence[GatewayMessage]:
        if self._format is not None or self._refused:
            return (Unreadable("MEDIA_START came a second time; a connection carries one call, so it counts once."),)
        codec = cleaned(fields.get("format", ""), 40)
        if codec not in FORMATS:
            self._refused = True
            self._early.drop()
            return (Unsupported(_unsupported_codec(codec)),)
        self._format = FORMATS[codec]
        self._g722 = Codec() if codec == "g722" else None
        frame_ms = whole(fields.get("ptime"), 1, 1000) or 20
        bytes_per_ms = 8 if self._g722 else self._format.bytes_per_ms
        self._frame_bytes = whole(fields.get("optimal_frame_size"), 1, PLAY_BYTES) or round(bytes_per_ms * frame_ms)
        # MARK_MEDIA came with the same releases as channel_id: 20.18, 22.8 and 23.2.
        self.marks = bool(fields.get("channel_id")) and not self._listens_only
        early = [self._audio(word) if isinstance(word, bytes) else word for word in self._early.release()]
        listens_only = LISTENS_ONLY if self._listens_only else ""
        return (_started(fields, self._format, frame_ms, self._facts(), listens_only), *early)

    def _dtmf(self, fields: Fields) -> Sequence[GatewayMessage]:
        digit = str(fields.get("digit", "")).upper()
        if digit not in DIGITS:
            return (Unreadable("DTMF_END carries no digit; it has to be one of 0-9, *, #, A-D.", cleaned(digit, 20)),)
        return (Dtmf(digit),) if self._format is not None else self._early.keep(Dtmf(digit), 0)

    def _mark_played(self, fields: Fields) -> Sequence[GatewayMessage]:
        name = str(fields.get("correlation_id") or "")
        return (MarkPlayed(self._stand_ins.pop(name, cleaned(name, 100))),)

    def _full(self, _: Fields) -> Sequence[GatewayMessage]:
        return (Paused(),)

    def _free(self, _: Fields) -> Sequence[GatewayMessage]:
        return (Resumed(),)

    def _error(self, fields: Fields) -> Sequence[GatewayMessage]:
        return (GatewayReport(cleaned(fields.get("error_text") or "an error without a text"), error=True),)

    def _report(self, fields: Fields) -> Sequence[GatewayMessage]:
        facts = (f"{key}:{value}" for key, value in fields.items() if key not in ("event", "channel_id") and value != "")
        return (GatewayReport(cleaned(" ".join((str(fields["event"]), *facts)))),)

    _READERS = {
        "MEDIA_START": _media_start,
        "DTMF_END": _dtmf,
        "MEDIA_MARK_PROCESSED": _mark_played,
        "MEDIA_XOFF": _full,
        "MEDIA_XON": _free,
        "ERROR": _error,
        "STATUS": _report,
        "MEDIA_BUFFERING_COMPLETED": _report,
        "QUEUE_DRAINED": _report,
    }

    def _audio(self, data: bytes) -> Audio:
        return Audio(self._g722.decode(data) if self._g722 else data)

    def _facts(self) -> dict[str, str]:
        control = {"control": "JSON" if self._speaks_json else "plain text"}
        return control | ({"audio_back": "no: media=in, this channel only listens"} if self._listens_only else {})

    # What it is told ---------------------------------------------------------------------------------------------------
    def _play(self, payload: bytes) -> list[str | bytes]:
        """Whole frames only, because Asterisk throws a trailing partial frame away; the rest waits for the next Play."""
        if not self._frame_bytes:
            return []
        audio = self._unsent + (self._g722.encode(payload) if self._g722 else payload)
        whole = len(audio) - len(audio) % self._frame_bytes
        self._unsent = audio[whole:]
        step = PLAY_BYTES - PLAY_BYTES % self._frame_bytes
        return [audio[start : min(start + step, whole)] for start in range(0, whole, step)]

    def _mark_id(self, name: str) -> str:
        """The name itself where it is short and plain, else a stand-in that `_mark_played` turns back."""
        if _PLAIN_MARK.match(name):
            return name
        if len(self._stand_ins) >= STAND_INS:
            del self._stand_ins[next(iter(self._stand_ins))]
        self._stand_ins_made += 1
        stand_in = f"~{self._stand_ins_made}"
        self._stand_ins[stand_in] = name
        return stand_in


def _started(fields: Fields, audio_format: AudioFormat, frame_ms: int, facts: dict[str, str], listens_only: str) -> Started:
    variables = fields.get("channel_variables")
    named = {name: cleaned(fields[name], 200) for name in ("connection_id", "channel", "channel_id") if fields.get(name)}
    return Started(
        format=audio_format,
        frame_ms=frame_ms,
        gateway_call_id=named.get("channel_id") or named.get("channel", ""),
        facts={**named, "codec": cleaned(fields["format"], 40), **facts},
        variables=_texts(variables) if isinstance(variables, dict) else {},
        listens_only=listens_only,
    )


def _texts(variables: dict[str, Any]) -> dict[str, str]:
    return {cleaned(name, 100): cleaned(value) for name, value in list(variables.items())[:100]}


def _unsupported_codec(codec: str) -> str:
    said = f"The gateway sends {codec!r}, which is not spoken here." if codec else "The gateway's MEDIA_START names no format."
    return f"{said} Dial with one of {', '.join(f'c({name})' for name in FORMATS)}, as in Dial(WebSocket/<connection>/c(ulaw))."
