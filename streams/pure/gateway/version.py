"""Which release a gateway seems to be, guessed from what is on the wire: no dialect says it outright.

Owns the guesses and what they rest on. Must not know sockets. Sources: the release notes of Asterisk; IXWebSocket and libwsc, which
mod_audio_stream was built on before and after mid-2025; listen.js of jambonz; the streaming pages of Twilio's lookalikes."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from streams.pure.messages import Started


class Upgrade(NamedTuple):
    """What a gateway's upgrade request tells of its maker."""

    user_agent: str = ""
    subprotocols: tuple[str, ...] = ()


def guessed_version(dialect: str, upgrade: Upgrade, started: Started) -> str:
    """In words for people; "" where nothing can be said."""
    guess = _GUESSES.get(dialect)
    return guess(upgrade, started) if guess else ""


def _asterisk(_: Upgrade, started: Started) -> str:
    """channel_id came with 20.18, 22.8 and 23.2, and JSON with it; 21 ended before."""
    if not started.facts.get("channel_id"):
        return "Asterisk 20.16, 21.11, 22.6, 23.0 or one release later: no marks, and pings would hang it up"
    return f"Asterisk 20.18, 22.8, 23.2 or later, {started.facts.get('control')} control"


def _audio_stream(upgrade: Upgrade, _: Started) -> str:
    """IXWebSocket names itself; libwsc sends no User-Agent."""
    if "ixwebsocket" in upgrade.user_agent.lower():
        return "mod_audio_stream before mid-2025 (IXWebSocket): it reconnects by itself"
    return "" if upgrade.user_agent else "mod_audio_stream of mid-2025 or later (libwsc)"


def _audio_fork(upgrade: Upgrade, started: Started) -> str:
    told = str(started.facts.get("metadata", ""))
    if "audio.jambonz.org" in upgrade.subprotocols:
        return "mod_audio_fork of jambonz"
    if "callsid" in told and "sipstatus" in told:
        return "mod_audio_fork of drachtio, driven by jambonz"
    return "mod_audio_fork of drachtio" if "audio.drachtio.org" in upgrade.subprotocols else ""


def _twilio(upgrade: Upgrade, started: Started) -> str:
    service = str(started.facts.get("service", ""))
    if upgrade.user_agent.startswith("Twilio"):
        return "Twilio Media Streams"
    if service in _SERVICES:
        return _SERVICES[service]
    if "streamSid" not in _words(started.facts, "spelling"):
        return ""
    return "one that spells as Twilio does" + ("" if started.gateway_call_id.startswith("CA") else " (Fonoster, perhaps)")


_SERVICES = {
    "telnyx": "Telnyx media streaming",
    "exotel": "Exotel, or another that spells stream_sid",
    "signalwire": "SignalWire",
    "vobiz": "Vobiz, or another that speaks as Plivo does",
    "plivo": "Plivo",
    "kazoo": "Kazoo",
    "fonoster": "Fonoster",
}
"""By the name that `lookalikes` has for it."""


def _words(facts: Mapping[str, Any], name: str) -> list[str]:
    return str(facts.get(name, "")).split(", ")


_GUESSES: dict[str, Callable[[Upgrade, Started], str]] = {
    "asterisk": _asterisk,
    "audio_stream": _audio_stream,
    "audio_fork": _audio_fork,
    "twilio": _twilio,
}
