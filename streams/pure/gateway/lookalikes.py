"""The services whose streams look like Twilio's, and where they differ: byte order, the codec of the way back, the words for playback.

Owns how they are told apart. Must not know a connection's state. Sources: the streaming pages of Telnyx, SignalWire, Exotel and Vobiz; L16
in RTP is big-endian (RFC 3551, 4.5.11), and Telnyx sends RTP's payloads; Vobiz speaks Plivo's messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streams.pure.foreign_text import cleaned
from streams.pure.gateway.json_text import Fields, said
from streams.pure.gateway.media_format import spoken_codec
from streams.pure.messages import AudioFormat, Encoding

MULAW = AudioFormat(Encoding.MULAW, 8000)
_STREAM_NAMES = ("streamSid", "stream_sid", "streamId", "stream_id")
_CALL_NAMES = ("callSid", "call_sid", "call_control_id", "callId", "call_id")
_CODEC_BACK = ("streambidirectionalcodec", "bidirectionalcodec", "codecback")
_RATE_BACK = ("streambidirectionalsamplingrate", "bidirectionalsamplingrate", "rateback")


@dataclass(frozen=True, slots=True)
class Lookalike:
    """`default`: its format where `start` names none. `back`: the codec of the way back, None where it is the stream's; `plivo`: it is
    told things as Plivo would be."""

    name: str
    default: AudioFormat = MULAW
    big_endian: bool = False
    back: AudioFormat | None = None
    plivo: bool = False


TWILIO = Lookalike("twilio")
TELNYX = Lookalike("telnyx", big_endian=True, back=MULAW)
EXOTEL = Lookalike("exotel", default=AudioFormat(Encoding.L16, 8000))
SIGNALWIRE = Lookalike("signalwire")
VOBIZ = Lookalike("vobiz", plivo=True)
SERVICES = {
    service.name: service
    for service in (TWILIO, TELNYX, EXOTEL, SIGNALWIRE, VOBIZ, Lookalike("plivo", plivo=True), Lookalike("kazoo"), Lookalike("fonoster"))
}


def service_of(given: Mapping[str, Any], start: Fields, named: str) -> Lookalike:
    """Who sent this `start` message: whom the parameter `service` names, otherwise whose spelling it is. `start` is plainly spelled."""
    if named.lower() in SERVICES:
        return SERVICES[named.lower()]
    inner = given.get("start")
    names = {*given, *(inner if isinstance(inner, dict) else {})}
    if not names.isdisjoint(("call_control_id", "stream_id")):
        return TELNYX
    if "stream_sid" in names:
        return EXOTEL
    if "streamId" in names and "streamSid" not in names:
        return VOBIZ
    # SignalWire's ids are UUIDs, Twilio's begin with two letters for what they are of.
    account = said(start, "accountsid")
    return SIGNALWIRE if "streamSid" in names and account.count("-") == 4 else TWILIO


def way_back(service: Lookalike, parameters: Fields, stream: AudioFormat) -> tuple[AudioFormat, str]:
    """The format in which `service` wants what is played to the call, and why that cannot be done, in a sentence, or ""."""
    codec, rate = said(parameters, *_CODEC_BACK), said(parameters, *_RATE_BACK)
    if not codec:
        return service.back or stream, ""
    encoding, named_rate = spoken_codec(codec)
    told = rate or named_rate or "8000"
    hz = int(told) if told.isascii() and told.isdigit() and len(told) < 6 else 0
    if encoding is None or not 8000 <= hz <= 48_000 or (encoding is not Encoding.L16 and hz != 8000):
        shown = cleaned(f"{codec} {rate}".strip(), 60)
        return stream, f"Nothing can be played to this call: its gateway wants {shown!r}. Choose PCMU, PCMA or L16 at 8000 to 48000 Hz."
    return AudioFormat(encoding, hz), ""


def spelled_stream_id(given: dict[str, Any]) -> dict[str, str]:
    """The stream id under the name the gateway has for it: what goes back has to carry the same."""
    start = given.get("start")
    for where in (given, start if isinstance(start, dict) else {}):
        for name in _STREAM_NAMES:
            if isinstance(where.get(name), str):
                return {name: where[name]}
    return {}


def spelling_of(given: dict[str, Any]) -> str:
    """How the ids are spelled, which tells the services apart."""
    start = given.get("start")
    names = {**given, **(start if isinstance(start, dict) else {})}
    return ", ".join(name for name in (*_STREAM_NAMES, *_CALL_NAMES) if name in names)
