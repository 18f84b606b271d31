"""The customer's protocol: what we say against the spec and the published SDK's own types, what we read against real clients."""

import base64
import json
import warnings
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.customer.protocol import (
    MESSAGE_BYTES,
    Checkpoint,
    ClearAudio,
    CustomerMessage,
    CustomerProtocol,
    PlayAudio,
    SendDtmf,
    Unknown,
    decode,
)
from streams.pure.messages import AudioFormat, Encoding

with warnings.catch_warnings():
    # The published SDK is written for an older pydantic.
    warnings.simplefilter("ignore")
    from plivo_stream.types import ClearedAudioEvent, DtmfEvent, MediaEvent, PlayedStreamEvent, StartEvent

STREAM = UUID("30852c23-ee79-4eb4-b7b9-cd360545965b")
CALL = UUID("816e0b22-6913-4b43-88a9-6d3054b77df9")
MULAW = AudioFormat(Encoding.MULAW, 8000)
EXTRA = "userId=12345;sessionId=abc-xyz"


def protocol(tracks: tuple[str, ...] = ("inbound",), audio_format: AudioFormat = MULAW, extra_headers: str = EXTRA) -> CustomerProtocol:
    return CustomerProtocol(
        stream_id=STREAM, call_id=CALL, account_id="MAXXXXXXXXXXXXXXXXXX", tracks=tracks, format=audio_format, extra_headers=extra_headers
    )


class TestWhatWeSay:
    def test_start_key_for_key(self):
        assert protocol().start() == (
            b'{"event":"start","sequenceNumber":1,"start":{"callId":"816e0b22-6913-4b43-88a9-6d3054b77df9",'
            b'"streamId":"30852c23-ee79-4eb4-b7b9-cd360545965b","accountId":"MAXXXXXXXXXXXXXXXXXX","tracks":["inbound"],'
            b'"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000}},"extra_headers":"userId=12345;sessionId=abc-xyz"}'
        )

    def test_the_format_of_l16(self):
        start = json.loads(protocol(audio_format=AudioFormat(Encoding.L16, 16000), tracks=("inbound", "outbound")).start())
        assert start["start"]["mediaFormat"] == {"encoding": "audio/x-l16", "sampleRate": 16000}
        assert start["start"]["tracks"] == ["inbound", "outbound"]

    def test_media_key_for_key(self):
        assert protocol().media(b"\xff\x00\x7f", 1_705_312_200_000) == (
            b'{"event":"media","sequenceNumber":1,"streamId":"30852c23-ee79-4eb4-b7b9-cd360545965b",'
            b'"media":{"track":"inbound","timestamp":"1705312200000","chunk":1,"payload":"/wB/"},'
            b'"extra_headers":"userId=12345;sessionId=abc-xyz"}'
        )

    def test_dtmf_key_for_key(self):
        assert protocol().dtmf("5", 1_705_312_250_000, "inbound") == (
            b'{"event":"dtmf","sequenceNumber":1,"streamId":"30852c23-ee79-4eb4-b7b9-cd360545965b",'
            b'"dtmf":{"track":"inbound","digit":"5","timestamp":"1705312250000"},"extra_headers":"userId=12345;sessionId=abc-xyz"}'
        )

    def test_stop_key_for_key(self):
        assert protocol().stop("call ended") == (
            b'{"event":"stop","sequenceNumber":1,"streamId":"30852c23-ee79-4eb4-b7b9-cd360545965b","reason":"call ended",'
            b'"stop":{"callId":"816e0b22-6913-4b43-88a9-6d3054b77df9","streamId":"30852c23-ee79-4eb4-b7b9-cd360545965b",'
            b'"tracks":["inbound"]},"extra_headers":"userId=12345;sessionId=abc-xyz"}'
        )

    def test_answers_about_playback_carry_no_extra_headers(self):
        speaker = protocol()
        assert json.loads(speaker.played_stream("é\n")) == {
            "event": "playedStream",
            "sequenceNumber": 1,
            "streamId": str(STREAM),
            "name": "é\n",
        }
        assert json.loads(speaker.cleared_audio()) == {"event": "clearedAudio", "sequenceNumber": 2, "streamId": str(STREAM)}
        assert json.loads(speaker.play_failed("no")) == {
            "event": "playFailed",
            "sequenceNumber": 3,
            "streamId": str(STREAM),
            "reason": "no",
        }

    def test_sequence_numbers_count_messages_and_chunks_count_frames_of_a_track(self):
        speaker = protocol(("inbound", "outbound"))
        texts = [
            speaker.start(),
            speaker.media(b"a", 1),
            speaker.media(b"b", 1, "outbound"),
            speaker.dtmf("1", 2),
            speaker.media(b"c", 3),
            speaker.stop(""),
        ]
        messages = [json.loads(text) for text in texts]
        assert [message["sequenceNumber"] for message in messages] == [1, 2, 3, 4, 5, 6]
        chunks = [(message["media"]["track"], message["media"]["chunk"]) for message in messages if message["event"] == "media"]
        assert chunks == [("inbound", 1), ("outbound", 1), ("inbound", 2)]

    @given(payload=st.binary(), extra_headers=st.text(st.characters(exclude_categories=["Cs"])))
    def test_any_payload_and_any_extra_headers_arrive_as_they_were(self, payload, extra_headers):
        message = json.loads(protocol(extra_headers=extra_headers).media(payload, 12))
        assert base64.b64decode(message["media"]["payload"]) == payload
        assert message["extra_headers"] == extra_headers

    def test_the_published_sdks_types_take_all_of_it(self):
        speaker = protocol(extra_headers="")
        assert StartEvent(**json.loads(speaker.start())).start.media_format.sample_rate == 8000
        assert MediaEvent(**json.loads(speaker.media(b"abc", 12))).media.chunk == 1
        assert DtmfEvent(**json.loads(speaker.dtmf("#", 12))).dtmf.digit == "#"
        assert PlayedStreamEvent(**json.loads(speaker.played_stream("one"))).name == "one"
        assert ClearedAudioEvent(**json.loads(speaker.cleared_audio())).sequence_number == 5


def play(**media: object) -> CustomerMessage:
    return decode(json.dumps({"event": "playAudio", "media": media}), MULAW)


class TestPlayAudio:
    @pytest.mark.parametrize(
        ("content_type", "sample_rate", "audio_format"),
        [
            ("audio/x-mulaw", 8000, MULAW),
            ("audio/x-mulaw", "8000", MULAW),
            ("audio/x-mulaw", None, MULAW),
            ("audio/x-l16", 16000, AudioFormat(Encoding.L16, 16000)),
            ("audio/x-l16", "8000", AudioFormat(Encoding.L16, 8000)),
            ("audio/x-l16", 8000.0, AudioFormat(Encoding.L16, 8000)),
            ("audio/x-l16;rate=16000", None, AudioFormat(Encoding.L16, 16000)),
            ("Audio/x-L16; rate=8000", None, AudioFormat(Encoding.L16, 8000)),
            ("raw", 8000, MULAW),
            ("wav", 8000, MULAW),
            (None, 8000, MULAW),
        ],
    )
    def test_formats_as_clients_write_them(self, content_type, sample_rate, audio_format):
        assert play(contentType=content_type, sampleRate=sample_rate, payload="/wB/") == PlayAudio(b"\xff\x00\x7f", audio_format)

    def test_nothing_but_a_payload_means_the_streams_own_format(self):
        assert play(payload="AAAA") == PlayAudio(b"\0\0\0", MULAW)

    def test_keys_nobody_documented_are_let_be(self):
        text = '{"event":"playAudio","streamId":"x","_lt_send":1,"media":{"payload":"AAAA","contentType":"audio/x-mulaw","x":[]}}'
        assert decode(text, MULAW) == PlayAudio(b"\0\0\0", MULAW)
        assert decode(text.encode(), MULAW) == decode(text, MULAW)

    @pytest.mark.parametrize("payload", ["AAAA\r\nAAAA\r\n", "AAAAAAAA=", "AAAAAAAA====", "AAAA AAAA", "\nAAAAAAAA"])
    def test_base64_with_line_breaks_or_an_end_too_many(self, payload):
        assert play(payload=payload) == PlayAudio(b"\0" * 6, MULAW)

    @pytest.mark.parametrize(
        ("media", "words"),
        [
            ({"contentType": "audio/mp3", "payload": "AAAA"}, "has to be audio/x-mulaw or audio/x-l16"),
            ({"contentType": "audio/x-mulaw", "sampleRate": 16000, "payload": "AAAA"}, "with audio/x-mulaw it has to be 8000"),
            ({"contentType": "audio/x-l16", "sampleRate": 96000, "payload": "AAAA"}, "it has to be one of 8000"),
            ({"contentType": "audio/x-l16", "sampleRate": {"a": 1}, "payload": "AAAA"}, "it has to be one of 8000"),
            ({"payload": "not base64!"}, "no base64"),
            ({"payload": "AAA"}, "no base64"),
            ({"payload": "AAAAA==="}, "no base64"),
            ({"payload": "AA=A"}, "no base64"),
            ({"payload": "==="}, "no base64"),
            ({"payload": "ééé"}, "no base64"),
            ({"payload": ""}, "missing or empty"),
            ({"payload": 7}, "missing or empty"),
            ({}, "missing or empty"),
            ({"payload": base64.b64encode(b"RIFF\x24\0\0\0WAVEfmt ").decode()}, "WAV file"),
        ],
    )
    def test_what_cannot_be_played_says_why(self, media, words):
        message = play(**media)
        assert isinstance(message, Unknown)
        assert words in message.problem

    def test_media_has_to_be_an_object(self):
        message = decode('{"event":"playAudio","media":"AAAA"}', MULAW)
        assert isinstance(message, Unknown)
        assert "needs media, an object" in message.problem


class TestOtherMessages:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"event":"checkpoint","streamId":"x","name":"greeting-complete"}', Checkpoint("greeting-complete")),
            ('{"event":"checkpoint","name":7}', Checkpoint("7")),
            ('{"event":"clearAudio","streamId":"x"}', ClearAudio()),
            ('{"event":"clearAudio","stream_uuid":"x"}', ClearAudio()),
            ('{"event":"clearAudio"}', ClearAudio()),
            ('{"event":"sendDTMF","dtmf":"1234#"}', SendDtmf("1234#")),
            ('{"event":"sendDTMF","dtmf":"a*"}', SendDtmf("A*")),
            ('{"event":"sendDTMF","dtmf":5}', SendDtmf("5")),
        ],
    )
    def test_understood(self, text, message):
        assert decode(text, MULAW) == message

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"event":"checkpoint"}', "checkpoint needs a name"),
            ('{"event":"checkpoint","name":""}', "checkpoint needs a name"),
            ('{"event":"checkpoint","name":"' + "x" * 1001 + '"}', "checkpoint needs a name"),
            ('{"event":"sendDTMF","dtmf":"12w"}', "digits 0-9"),
            ('{"event":"sendDTMF"}', "digits 0-9"),
            ('{"event":"stop","streamId":"x"}', "this has 'stop'"),
            ('{"event":["playAudio"]}', "needs an event"),
            ('{"type":"ping"}', "needs an event"),
            ("[]", "needs an event"),
            ("7", "needs an event"),
            ("", "has to be JSON"),
            ("hello", "has to be JSON"),
            (b"\xff\xfe", "has to be JSON"),
            ("[" * 5000, "has to be JSON"),
            ("x" * (MESSAGE_BYTES + 1), "too large"),
        ],
    )
    def test_not_understood_says_why(self, text, words):
        message = decode(text, MULAW)
        assert isinstance(message, Unknown)
        assert words in message.problem
        assert len(message.problem) <= 500
        assert len(message.sample) <= 200

    @given(st.text() | st.binary())
    def test_nothing_a_customer_sends_raises(self, text):
        assert isinstance(decode(text, MULAW), CustomerMessage)

    @given(
        event=st.sampled_from(["playAudio", "checkpoint", "clearAudio", "sendDTMF"]),
        fields=st.dictionaries(
            st.sampled_from(["media", "name", "dtmf", "payload", "contentType", "sampleRate"]),
            st.recursive(
                st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
                lambda inner: st.dictionaries(st.sampled_from(["payload", "contentType", "sampleRate"]), inner) | st.lists(inner),
                max_leaves=8,
            ),
        ),
    )
    def test_nor_does_any_value_of_a_known_event(self, event, fields):
        decode(json.dumps({**fields, "event": event}), MULAW)
