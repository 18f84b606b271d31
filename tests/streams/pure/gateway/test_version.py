"""Which release a gateway seems to be, guessed of the recordings of an Asterisk and of the handshakes of the simulators."""

import asyncio
import json
from pathlib import Path

import pytest

from streams.pure.gateway.dialects import dialect
from streams.pure.gateway.version import Upgrade, guessed_version
from streams.pure.messages import Started
from streams.simulate.audio_fork import AudioForkCall
from streams.simulate.audio_stream import AudioStreamCall
from streams.simulate.call_plan import CallPlan
from streams.simulate.twilio import TwilioCall
from streams.simulate.upgrades import LibwebsocketsProtocol

RECORDINGS = Path(__file__).parents[3] / "data" / "asterisk"
FRAME = bytes(320)


def started(name: str, *messages: str | bytes) -> Started:
    """What the dialect makes of the first messages of a gateway."""
    spoken = dialect(name, {})
    heard = [word for data in messages for word in (spoken.decode_text(data) if isinstance(data, str) else spoken.decode_binary(data))]
    return next(message for message in (*heard, *spoken.waited()) if isinstance(message, Started))


def upgrade_of(headers) -> Upgrade:
    return Upgrade(headers.get("User-Agent", ""), tuple(headers.get("Sec-WebSocket-Protocol", "").split(", ")))


@pytest.mark.parametrize("recording", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_recorded_asterisk_is_one_of_the_later_ones(recording) -> None:
    lines = [json.loads(line) for line in recording.read_text().splitlines()]
    first = next(line["text"] for line in lines if line.get("from") == "asterisk" and "text" in line)
    control = "JSON" if "json" in recording.stem else "plain text"
    guess = guessed_version("asterisk", upgrade_of(dict(lines[0]["upgrade"]["headers"])), started("asterisk", first))
    assert guess == f"Asterisk 20.18, 22.8, 23.2 or later, {control} control"


def test_an_asterisk_that_names_no_channel_id_is_an_early_one() -> None:
    said = "MEDIA_START connection_id:ingress channel:WebSocket/ingress/0x7f format:ulaw optimal_frame_size:160 ptime:20"
    assert "20.16, 21.11, 22.6, 23.0" in guessed_version("asterisk", Upgrade(), started("asterisk", said))


CALLS = [
    (AudioStreamCall, "audio_stream", {"codec": "slin"}, "mod_audio_stream of mid-2025 or later (libwsc)"),
    (AudioForkCall, "audio_fork", {"codec": "slin"}, "mod_audio_fork of drachtio, driven by jambonz"),
    (AudioForkCall, "audio_fork", {"codec": "slin", "metadata": False}, "mod_audio_fork of drachtio"),
    (TwilioCall, "twilio", {}, "Twilio Media Streams"),
]


@pytest.mark.parametrize(("kind", "name", "plan", "guess"), CALLS)
async def test_the_simulators_are_taken_for_what_they_simulate(kind, name, plan, guess, monkeypatch) -> None:
    texts: list[str] = []

    async def send_text(text: str) -> None:
        texts.append(text)

    call = kind(CallPlan(platform="ws://127.0.0.1:8000", gateway="gw", password="p", dialect=name, **plan))
    monkeypatch.setattr(call, "send_text", send_text)
    await call.start_media()
    await asyncio.sleep(0)
    messages = texts if name == "twilio" else [*texts, FRAME]
    assert guessed_version(name, upgrade_of(call.protocol.connect().headers), started(name, *messages)) == guess


def test_jambonz_offers_a_subprotocol_of_its_own() -> None:
    request = LibwebsocketsProtocol("ws://127.0.0.1:8000/", "jb1", "p", "audio.jambonz.org").connect()
    assert guessed_version("audio_fork", upgrade_of(request.headers), started("audio_fork", FRAME)) == "mod_audio_fork of jambonz"


@pytest.mark.parametrize(
    ("user_agent", "guess"),
    [
        ("ixwebsocket/11.4.5 linux ssl/OpenSSL OpenSSL 3.0.2", "mod_audio_stream before mid-2025 (IXWebSocket): it reconnects by itself"),
        ("something else", ""),
    ],
)
def test_the_library_of_an_early_mod_audio_stream_names_itself(user_agent, guess) -> None:
    assert guessed_version("audio_stream", Upgrade(user_agent), started("audio_stream", FRAME)) == guess


@pytest.mark.parametrize(
    ("start", "guess"),
    [
        ({"stream_id": "32de0dea", "start": {"call_control_id": "v3:abc", "media_format": {"encoding": "PCMU"}}}, "Telnyx media streaming"),
        ({"stream_sid": "9a", "start": {"call_sid": "8b", "media_format": {}}}, "Exotel, or another that spells stream_sid"),
        ({"streamSid": "MZ1", "start": {"callSid": "CA2"}}, "one that spells as Twilio does"),
        ({"streamSid": "MZ1", "start": {"callSid": "0b1c"}}, "one that spells as Twilio does (Fonoster, perhaps)"),
        ({"start": {}}, ""),
    ],
)
def test_those_that_speak_like_twilio_are_told_apart_by_their_spelling(start, guess) -> None:
    assert guessed_version("twilio", Upgrade(), started("twilio", json.dumps({"event": "start", **start}))) == guess


def test_nothing_is_said_of_a_dialect_that_nobody_knows() -> None:
    assert guessed_version("morse", Upgrade(), started("audio_stream", FRAME)) == ""
