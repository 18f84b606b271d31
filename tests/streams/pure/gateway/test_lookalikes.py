"""Twilio's lookalikes, each by the messages that it publishes: told apart, heard in its byte order, spoken to in its words and codec."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from streams.pure.audio.convert import tone
from streams.pure.gateway.dialects import identity
from streams.pure.gateway.lookalikes import SERVICES
from streams.pure.gateway.twilio import LISTENS_ONLY, Twilio
from streams.pure.messages import Audio, AudioFormat, Clear, Encoding, GatewayReport, Mark, MarkPlayed, Play, Started

MULAW, ALAW = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.ALAW, 8000)
L16, WIDE = AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16_000)
TELNYX: dict[str, Any] = {
    "event": "start",
    "sequence_number": "1",
    "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
    "start": {
        "user_id": "3E6F995F-85F7-4705-9741-53B116D28237",
        "call_control_id": "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
        "call_session_id": "ff55a038-6f5d-11ef-9692-02420aeffb1f",
        "from": "+13122010094",
        "to": "+13122123456",
        "tags": ["TAG1", "TAG2"],
        "client_state": "aGF2ZSBhIG5pY2UgZGF5ID1d",
        "custom_parameters": {"customer_id": "customer_123"},
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    },
}
EXOTEL: dict[str, Any] = {
    "event": "start",
    "sequence_number": "1",
    "stream_sid": "MZxxxxxxxxxxxxxxxxxxxxxxxx",
    "start": {
        "stream_sid": "MZxxxxxxxxxxxxxxxxxxxxxxxx",
        "call_sid": "CAxxxxxxxxxxxxxxxxxxxxxxxx",
        "account_sid": "ACxxxxxxxxxxxxxxxxxxxxxxxx",
        "from": "+919876543210",
        "to": "+918047491899",
        "custom_parameters": {"key1": "value1"},
        "media_format": {"encoding": "audio/x-raw", "sample_rate": "8000", "bit_rate": "16"},
    },
}
SIGNALWIRE: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": "b08dacad-9f4a-4a5f-8d1c-4a4d04c4a1aa",
        "streamSid": "6a9f1f2e-9a3c-4b1f-a2a5-0e6f8a2d7c11",
        "callSid": "7aea0680-1f8c-46c2-a04f-990e2e0d52eb",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"FirstName": "Jane"},
    },
    "streamSid": "6a9f1f2e-9a3c-4b1f-a2a5-0e6f8a2d7c11",
}
VOBIZ: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": 0,
    "start": {
        "callId": "7aea0680-1f8c-46c2-a04f-990e2e0d52eb",
        "streamId": "s-1f2e",
        "accountId": "MA_0001",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 8000},
    },
    "extra_headers": "{}",
}
SAMPLES = {"telnyx": TELNYX, "exotel": EXOTEL, "signalwire": SIGNALWIRE, "vobiz": VOBIZ}


def of(sample, media_format=None, **query: str) -> tuple[Twilio, Started]:
    """A connection after the service's start, in the media format that is given in the service's own words."""
    sample = json.loads(json.dumps(sample))
    if media_format:
        name = "media_format" if "media_format" in sample["start"] else "mediaFormat"
        sample["start"][name] = media_format
    twilio = Twilio(query)
    (began,) = twilio.decode_text(json.dumps(sample))
    assert isinstance(began, Started)
    return twilio, began


def with_start(sample: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {**sample, "start": {**sample["start"], **changes}}


def media(payload: bytes) -> str:
    return json.dumps({"event": "media", "media": {"payload": base64.b64encode(payload).decode()}})


def told(twilio: Twilio, command) -> dict:
    (text,) = twilio.encode(command)
    assert isinstance(text, str)
    message: dict = json.loads(text)
    return message


def big_endian(audio: bytes) -> bytes:
    return np.frombuffer(audio, "<i2").astype(">i2").tobytes()


@pytest.mark.parametrize(
    ("name", "heard", "played"), [("telnyx", MULAW, MULAW), ("exotel", L16, L16), ("signalwire", MULAW, MULAW), ("vobiz", L16, L16)]
)
def test_each_is_known_by_its_published_start(name, heard, played):
    _, began = of(SAMPLES[name])
    assert (began.facts["service"], began.format, began.played) == (name, heard, played)
    assert identity({}, began.variables).call_uuid is not None


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("other", SERVICES)
def test_the_parameter_says_who_it_is_whatever_the_spelling(name, other):
    assert of(SAMPLES[name], service=other)[1].facts["service"] == other
    assert of(SAMPLES[name], service="nobody")[1].facts["service"] == name


@pytest.mark.parametrize("spelled", ["L16", "l16", "audio/x-l16", "audio/l16;rate=16000"])
def test_telnyx_l16_is_big_endian(spelled):
    twilio, began = of(TELNYX, {"encoding": spelled, "sample_rate": 16_000, "channels": 1})
    audio = tone(440, 20, WIDE)
    assert began.format == WIDE
    assert twilio.decode_text(media(big_endian(audio))) == [Audio(audio)]


@pytest.mark.parametrize("cut", [1, 3, 320, 639])
def test_half_a_sample_of_it_waits_for_the_other_half(cut):
    twilio, _ = of(TELNYX, {"encoding": "L16", "sample_rate": 16_000})
    audio = tone(440, 20, WIDE)
    sent = big_endian(audio)
    heard = [*twilio.decode_text(media(sent[:cut])), *twilio.decode_text(media(sent[cut:]))]
    assert b"".join(frame.payload for frame in heard) == audio


@pytest.mark.parametrize("name", ["exotel", "signalwire", "vobiz"])
def test_that_of_the_others_is_little_endian(name):
    twilio, began = of(SAMPLES[name], {"encoding": "audio/x-l16", "sampleRate": 8000, "sample_rate": 8000})
    audio = tone(440, 20, L16)
    assert (began.format, twilio.decode_text(media(audio))) == (L16, [Audio(audio)])


@pytest.mark.parametrize(
    ("encoding", "means"),
    [
        ("L16@24000h", AudioFormat(Encoding.L16, 24_000)),
        ("L16@16000h@20i", WIDE),
        ("PCMU@8000h", MULAW),
        ("PCMA", ALAW),
        ("G711_ULAW", MULAW),
        ("pcm_s16le", L16),
    ],
)
def test_codecs_as_signalwire_and_others_write_them(encoding, means):
    assert of(SIGNALWIRE, {"encoding": encoding})[1].format == means


def test_a_format_that_is_not_said_is_the_services_own():
    bare = {"event": "start", "stream_sid": "s", "start": {"call_sid": "c"}}
    assert of(bare)[1].format == L16
    assert of({"event": "start", "streamSid": "MZ1", "start": {"callSid": "CA1"}})[1].format == MULAW


# The way back ------------------------------------------------------------------------------------------------------------------------
def test_telnyx_wants_mulaw_back_unless_something_else_is_said():
    """A leg in Europe is A-law; stream_bidirectional_codec is PCMU by default."""
    twilio, began = of(TELNYX, {"encoding": "PCMA", "sample_rate": 8000})
    assert (began.format, began.played) == (ALAW, MULAW)
    assert told(twilio, Play(b"\x7f" * 160))["media"]["payload"] == base64.b64encode(b"\x7f" * 160).decode()


@pytest.mark.parametrize(
    ("query", "played"),
    [
        ({"codec_back": "PCMA"}, ALAW),
        ({"stream_bidirectional_codec": "PCMA"}, ALAW),
        ({"bidirectionalCodec": "L16", "bidirectionalSamplingRate": "16000"}, WIDE),
        ({"codec_back": "L16", "rate_back": "24000"}, AudioFormat(Encoding.L16, 24_000)),
        ({"codec_back": "l16"}, L16),
        ({"codec_back": "pcmu"}, MULAW),
    ],
)
def test_the_codec_of_the_way_back_is_said_in_the_url(query, played):
    assert of(TELNYX, {"encoding": "PCMA", "sample_rate": 8000}, **query)[1].played == played


def test_or_in_a_custom_parameter():
    assert of(with_start(TELNYX, custom_parameters={"codec_back": "L16", "rate_back": 16_000}))[1].played == WIDE


def test_l16_goes_back_to_telnyx_big_endian_and_to_others_as_it_is():
    audio = tone(440, 20, WIDE)
    for sample, sent in ((TELNYX, big_endian(audio)), (EXOTEL, audio), (SIGNALWIRE, audio)):
        twilio, _ = of(sample, {"encoding": "L16", "sample_rate": 16_000, "sampleRate": 16_000}, codec_back="L16", rate_back="16000")
        assert base64.b64decode(told(twilio, Play(audio))["media"]["payload"]) == sent


@pytest.mark.parametrize(
    "query", [{"codec_back": "OPUS"}, {"codec_back": "L16", "rate_back": "96000"}, {"codec_back": "PCMU", "rate_back": "16000"}]
)
def test_a_codec_back_that_is_not_spoken_here_is_said_and_nothing_is_sent(query):
    twilio, began = of(TELNYX, **query)
    assert query["codec_back"] in began.listens_only and "PCMU, PCMA or L16" in began.listens_only
    assert (twilio.encode(Play(b"a" * 160)), twilio.marks) == ([], False)


def test_a_stream_that_only_listens_says_that_first():
    assert of(with_start(SIGNALWIRE, tracks=["inbound", "outbound"]), codec_back="OPUS")[1].listens_only == LISTENS_ONLY


@pytest.mark.parametrize(
    ("name", "id_name", "stream_id"),
    [
        ("telnyx", "stream_id", "32DE0DEA-53CB-4B21-89A4-9E1819C043BC"),
        ("exotel", "stream_sid", "MZxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("signalwire", "streamSid", "6a9f1f2e-9a3c-4b1f-a2a5-0e6f8a2d7c11"),
    ],
)
def test_they_are_told_things_under_their_own_id(name, id_name, stream_id):
    twilio, _ = of(SAMPLES[name])
    assert told(twilio, Mark("m1")) == {"event": "mark", id_name: stream_id, "mark": {"name": "m1"}}
    assert told(twilio, Clear()) == {"event": "clear", id_name: stream_id}


def test_vobiz_is_spoken_to_as_plivo_is():
    twilio, _ = of(VOBIZ)
    audio = tone(440, 20, L16)
    payload = base64.b64encode(audio).decode()
    assert told(twilio, Play(audio)) == {
        "event": "playAudio",
        "media": {"contentType": "audio/x-l16", "sampleRate": 8000, "payload": payload},
    }
    assert told(twilio, Mark("m1")) == {"event": "checkpoint", "streamId": "s-1f2e", "name": "m1"}
    assert told(twilio, Clear()) == {"event": "clearAudio", "streamId": "s-1f2e"}
    assert twilio.decode_text('{"event":"playedStream","streamId":"s-1f2e","name":"m1"}') == (MarkPlayed("m1"),)
    assert twilio.decode_text('{"event":"clearedAudio","streamId":"s-1f2e"}') == (
        GatewayReport("The gateway cleared what it had to play."),
    )


def test_vobiz_sends_media_before_its_start():
    """As somebody saw it do."""
    twilio = Twilio({})
    audio = tone(440, 20, L16)
    assert twilio.decode_text(media(audio)) == ()
    began, heard = twilio.decode_text(json.dumps(VOBIZ))
    assert (began.facts["service"], heard) == ("vobiz", Audio(audio))
