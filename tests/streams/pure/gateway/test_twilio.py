"""Twilio's dialect as Twilio speaks it, and as those speak it that are made in its image."""

import base64
import json
from uuid import UUID

import pytest

from streams.pure.gateway.dialects import identity
from streams.pure.gateway.twilio import Twilio
from streams.pure.messages import (
    Audio,
    AudioFormat,
    Clear,
    Dtmf,
    Encoding,
    Ended,
    GatewayMessage,
    GatewayReport,
    HangUp,
    Mark,
    MarkPlayed,
    Play,
    Started,
    Unreadable,
    Unsupported,
)

CALL = "7aea0680-1f8c-46c2-a04f-990e2e0d52eb"
TWILIO = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": "AC00000000000000000000000000000000",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"from": "+14155550199", "to": "+14155550100", "direction": "outbound"},
    },
    "streamSid": "MZ1",
}
TELNYX_CALL = "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ"
TELNYX = {
    "event": "start",
    "sequence_number": "1",
    "start": {
        "user_id": "3e6f995f-85f7-4705-9741-53b116d28237",
        "call_control_id": TELNYX_CALL,
        "from": "+13122010094",
        "to": "+13122123456",
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    },
    "stream_id": "32de0dea-53cb-4b21-89a4-9e1819c043bc",
}
EXOTEL = {
    "event": "start",
    "sequence_number": 1,
    "stream_sid": "ex1",
    "start": {
        "stream_sid": "ex1",
        "call_sid": "call-1",
        "account_sid": "acme",
        "from": "09900112233",
        "to": "08011223344",
        "custom_parameters": {},
        "media_format": {"encoding": "base64", "sample_rate": "16000", "bit_rate": "256kbps"},
    },
}


def start_message(base=TWILIO, **changes):
    return json.dumps({**base, "start": {**base["start"], **changes}})


def started(text: str | None = None) -> Twilio:
    twilio = Twilio({})
    twilio.decode_text(text or json.dumps(TWILIO))
    return twilio


def start_of(text: str, **query: str) -> Started:
    (start,) = Twilio(query).decode_text(text)
    assert isinstance(start, Started)
    return start


def media(payload: bytes, **more: object) -> str:
    return json.dumps({"event": "media", "media": {"payload": base64.b64encode(payload).decode(), **more}})


def test_a_whole_stream_of_twilio():
    twilio, heard = Twilio({}), list[GatewayMessage]()
    for text in (
        '{"event":"connected","protocol":"Call","version":"1.0.0"}',
        json.dumps(TWILIO),
        media(b"\xff" * 160, track="inbound", chunk="1", timestamp="5"),
        '{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}',
        '{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"m1"}}',
        '{"event":"stop","sequenceNumber":"5","streamSid":"MZ1","stop":{"accountSid":"AC0","callSid":"CA1"}}',
    ):
        heard += twilio.decode_text(text)
    connected, start, *rest = heard
    assert connected == GatewayReport("connected Call 1.0.0")
    assert isinstance(start, Started)
    assert rest == [
        Audio(b"\xff" * 160),
        Dtmf("1"),
        MarkPlayed("m1"),
        Ended(lost=False, code=None, words="The gateway said stop."),
    ]


class TestStart:
    @pytest.mark.parametrize(
        ("message", "audio_format", "call_id", "from_number"),
        [
            (TWILIO, AudioFormat(Encoding.MULAW, 8000), "CA1", "+14155550199"),
            (TELNYX, AudioFormat(Encoding.MULAW, 8000), TELNYX_CALL, "+13122010094"),
            (EXOTEL, AudioFormat(Encoding.L16, 16000), "call-1", "09900112233"),
        ],
    )
    def test_of_each_family(self, message, audio_format, call_id, from_number):
        start = start_of(json.dumps(message))
        found = identity({}, start.variables)
        assert (start.format, start.gateway_call_id, found.from_number, found.problem) == (audio_format, call_id, from_number, "")
        assert found.call_uuid.version == 5

    def test_a_call_id_that_is_a_uuid_is_the_calls(self):
        assert identity({}, start_of(start_message(callSid=CALL)).variables).call_uuid == UUID(CALL)

    def test_custom_parameters_may_say_the_call_uuid_and_the_direction(self):
        start = start_of(start_message(customParameters={"call_uuid": CALL, "direction": "outbound"}))
        found = identity({}, start.variables)
        assert (found.call_uuid, found.direction, start.gateway_call_id) == (UUID(CALL), "outbound", "CA1")

    def test_the_same_call_id_of_another_account_is_another_call(self):
        one, other = (start_of(start_message(accountSid=account)).variables["call_uuid"] for account in ("AC1", "AC2"))
        assert one != other

    @pytest.mark.parametrize(
        ("encoding", "rate", "means"),
        [
            ("PCMA", "8000", AudioFormat(Encoding.ALAW, 8000)),
            ("audio/x-l16", 24000, AudioFormat(Encoding.L16, 24000)),
            ("L16", 16000, AudioFormat(Encoding.L16, 16000)),
            ("audio/x-raw", "8000", AudioFormat(Encoding.L16, 8000)),
        ],
    )
    def test_media_formats(self, encoding, rate, means):
        assert start_of(start_message(mediaFormat={"encoding": encoding, "sampleRate": rate})).format == means

    def test_no_media_format_is_mulaw(self):
        assert start_of('{"event":"start","start":{}}').format == AudioFormat(Encoding.MULAW, 8000)

    @pytest.mark.parametrize("wrong", [{"encoding": "OPUS"}, {"encoding": "PCMU", "channels": 2}, {"sample_rate": 1}, {"sample_rate": "x"}])
    def test_media_we_do_not_speak_says_what_to_choose(self, wrong):
        twilio = Twilio({})
        (refusal,) = twilio.decode_text(start_message(mediaFormat=wrong))
        assert isinstance(refusal, Unsupported)
        assert "PCMU" in refusal.problem and str(next(iter(wrong.values()))) in refusal.problem
        assert twilio.decode_text(media(b"\xff" * 160)) == ()
        assert isinstance(twilio.decode_text(json.dumps(TWILIO))[0], Unreadable)

    def test_a_second_start_counts_for_nothing(self):
        assert isinstance(started().decode_text(json.dumps(EXOTEL))[0], Unreadable)


class TestMedia:
    def test_both_tracks(self):
        twilio = started()
        assert twilio.decode_text(media(b"a" * 160, track="outbound")) == [Audio(b"a" * 160, "outbound")]
        assert twilio.decode_text(media(b"b" * 160, track="inbound")) == [Audio(b"b" * 160, "inbound")]
        assert twilio.decode_text(media(b"c" * 160)) == [Audio(b"c" * 160, "inbound")]

    def test_a_tenth_of_a_second_comes_out_as_frames(self):
        audio = started(json.dumps(EXOTEL)).decode_text(media(bytes(3200)))
        assert [len(frame.payload) for frame in audio] == [640] * 5

    def test_half_a_sample_waits_for_its_other_half_on_its_own_track(self):
        twilio = started(json.dumps(EXOTEL))
        assert twilio.decode_text(media(b"\x01\x02\x03", track="inbound")) == [Audio(b"\x01\x02")]
        assert twilio.decode_text(media(b"\x09\x09", track="outbound")) == [Audio(b"\x09\x09", "outbound")]
        assert twilio.decode_text(media(b"\x04", track="inbound")) == [Audio(b"\x03\x04")]

    def test_raw_audio_of_kazoo(self):
        assert started().decode_binary(b"a" * 160) == [Audio(b"a" * 160)]

    @pytest.mark.parametrize("end", ["=", "===", "\n", "\r\n"])
    def test_base64_with_an_end_too_many(self, end):
        text = json.dumps({"event": "media", "media": {"payload": base64.b64encode(b"a" * 159).decode() + end}})
        assert started().decode_text(text)[0] == started().decode_text(media(b"a" * 159))[0]

    @pytest.mark.parametrize("wrong", ["***", "AAA", 7, None, ["AAAA"]])
    def test_a_payload_that_is_no_base64(self, wrong):
        (problem,) = started().decode_text(json.dumps({"event": "media", "media": {"payload": wrong}}))
        assert isinstance(problem, Unreadable)

    def test_before_start_it_is_held_with_the_digits_among_it(self):
        twilio = Twilio({})
        digit = json.dumps({"event": "dtmf", "dtmf": {"digit": "5"}})
        for text in (media(b"a" * 160), digit, media(b"b" * 160)):
            assert twilio.decode_text(text) == ()
        assert twilio.waited() == ()
        begun, *held = twilio.decode_text(start_message())
        assert isinstance(begun, Started)
        assert held == [Audio(b"a" * 160), Dtmf("5"), Audio(b"b" * 160)]

    def test_more_than_a_second_before_start_loses_the_oldest_of_it(self):
        twilio = Twilio({})
        said = [message for number in range(700) for message in twilio.decode_text(media(bytes([number % 256]) * 160))]
        assert [type(problem) for problem in said] == [Unreadable]
        _, *held = twilio.decode_text(start_message())
        assert [frame.payload[0] for frame in held] == [number % 256 for number in range(100, 700)]

    def test_after_stop_there_is_none(self):
        twilio = started()
        twilio.decode_text('{"event":"stop"}')
        assert twilio.decode_text(media(b"a" * 160)) == ()
        assert twilio.decode_text('{"event":"stop"}') == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"event":"dtmf","stream_sid":"ex1","dtmf":{"digit":"#","duration":"100"}}', Dtmf("#")),
        ('{"event":"dtmf","dtmf":{"track":"outbound_track","digit":7}}', Dtmf("7", "outbound")),
        ('{"event":"stop","stop":{"call_sid":"x","reason":"callended"}}', Ended(False, None, "The gateway said stop (callended).")),
        (
            '{"event":"error","payload":{"code":100003,"title":"malformed_frame","detail":"The frame is bad"}}',
            GatewayReport("100003 malformed_frame The frame is bad", error=True),
        ),
    ],
)
def test_other_events(text, message):
    assert started().decode_text(text) == (message,)


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", '{"event":"hello"}', '{"event":"dtmf"}', '{"event":', "x" * 300_000, "\ud800"])
def test_what_is_not_the_dialect_is_one_sentence(text):
    (problem,) = started().decode_text(text)
    assert isinstance(problem, Unreadable)
    assert problem.problem.endswith(".") and len(problem.sample) <= 200


class TestCommands:
    @pytest.mark.parametrize(
        ("message", "name", "stream"),
        [(TWILIO, "streamSid", "MZ1"), (TELNYX, "stream_id", TELNYX["stream_id"]), (EXOTEL, "stream_sid", "ex1")],
    )
    def test_go_back_under_the_stream_id_the_gateway_gave(self, message, name, stream):
        twilio = started(json.dumps(message))
        payload = base64.b64encode(b"ab" * 80).decode()
        assert [json.loads(text) for command in (Play(b"ab" * 80), Mark("m1"), Clear()) for text in twilio.encode(command)] == [
            {"event": "media", name: stream, "media": {"payload": payload}},
            {"event": "mark", name: stream, "mark": {"name": "m1"}},
            {"event": "clear", name: stream},
        ]
        assert twilio.marks is True

    def test_hang_up_is_the_close_alone(self):
        assert started().encode(HangUp()) == []

    @pytest.mark.parametrize(
        "changes", [{"tracks": ["inbound", "outbound"]}, {"tracks": "outbound"}, {"customParameters": {"bidirectional": "false"}}]
    )
    def test_nothing_goes_back_to_a_stream_that_only_listens(self, changes):
        twilio = Twilio({})
        (start,) = twilio.decode_text(start_message(**changes))
        assert "only listens" in start.facts["audio_back"] and "<Connect><Stream>" in start.listens_only
        assert [twilio.encode(command) for command in (Play(b"a"), Mark("m"), Clear(), HangUp())] == [[], [], [], []]
        assert twilio.marks is False

    def test_nothing_before_start(self):
        twilio = Twilio({})
        assert (twilio.encode(Play(b"a")), twilio.marks) == ([], False)


@pytest.mark.parametrize(("code", "lost"), [(1000, False), (1005, False), (1006, True), (None, True)])
def test_an_end_without_a_stop(code, lost):
    assert started().closed(code, by_us=False).lost is lost
