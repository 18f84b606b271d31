"""mod_audio_stream's dialect: metadata or none, L16 of any length and mix, texts of an application, and what goes back."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.gateway.audio_stream import AudioStream
from streams.pure.gateway.dialects import identity
from streams.pure.messages import (
    Audio,
    AudioFormat,
    Clear,
    Dtmf,
    Encoding,
    GatewayReport,
    HangUp,
    Mark,
    Play,
    Started,
    Unreadable,
    Unsupported,
)

CALL = "7aea0680-1f8c-46c2-a04f-990e2e0d52eb"
METADATA = {"call_uuid": CALL, "from": "18005550199", "to": "18005550100", "rate": 8000, "mix": "mono"}
FRAME = bytes(range(160)) * 2


def started(metadata=METADATA, **query):
    stream = AudioStream(query)
    stream.decode_text(json.dumps(metadata))
    return stream


def start_of(stream, message) -> Started:
    start = (stream.decode_text(message) if isinstance(message, str) else stream.decode_binary(message))[0]
    assert isinstance(start, Started)
    return start


def waited(stream, *messages):
    """What comes of them when nothing more does."""
    for message in messages:
        assert not (stream.decode_text(message) if isinstance(message, str) else stream.decode_binary(message))
    return stream.waited()


class TestBeginning:
    def test_metadata_says_whose_call_it_is_and_how_it_sounds(self):
        start = start_of(AudioStream({}), json.dumps(METADATA))
        assert (start.format, start.frame_ms, start.gateway_call_id) == (AudioFormat(Encoding.L16, 8000), 20, CALL)
        found = identity({}, start.variables)
        assert (str(found.call_uuid), found.from_number, found.to_number, found.problem) == (CALL, "18005550199", "18005550100", "")

    def test_without_metadata_the_url_says_the_rest_once_it_was_waited_for(self):
        stream = AudioStream({"rate": "16000", "mix": "mixed"})
        assert stream.decode_binary(FRAME * 2) == ()
        start, audio = stream.waited()
        assert isinstance(start, Started)
        assert (start.format.rate, start.facts["mix"], start.facts["metadata"]) == (16000, "mixed", "none")
        assert audio == Audio(FRAME * 2)

    def test_nothing_said_at_all_is_8_khz_mono(self):
        start, *audio = waited(AudioStream({}), FRAME)
        assert isinstance(start, Started)
        assert (start.format, audio) == (AudioFormat(Encoding.L16, 8000), [Audio(FRAME)])

    @pytest.mark.parametrize(("rate", "means"), [("8k", 8000), ("16k", 16000), (24000, 24000), ("48000", 48000)])
    def test_rates_as_the_command_line_writes_them(self, rate, means):
        assert start_of(AudioStream({}), json.dumps({"rate": rate})).format.rate == means
        assert waited(AudioStream({"rate": str(rate)}), FRAME)[0].format.rate == means

    def test_metadata_wins_over_the_url(self):
        assert start_of(AudioStream({"rate": "8000"}), '{"sampleRate":"16000"}').format.rate == 16000

    def test_metadata_that_is_no_json_is_shown_and_the_url_counts(self):
        start, said = waited(AudioStream({"rate": "16k"}), "call of \x1b[31m Acme")
        assert (start.format.rate, start.facts["metadata"]) == (16000, "call of \ufffd[31m Acme")
        assert said == GatewayReport("The gateway's application says: call of \ufffd[31m Acme")

    def test_values_of_metadata_are_no_facts_because_they_may_be_secrets(self):
        start = start_of(AudioStream({}), '{"call_uuid":"","apiKey":"hunter2"}')
        assert start.facts["metadata"] == "calluuid, apikey"
        assert "hunter2" not in str(start)

    def test_an_id_that_is_no_uuid_becomes_one_and_is_kept(self):
        starts = [start_of(AudioStream({}), '{"uuid":"leg-7"}') for _ in range(2)]
        assert {start.gateway_call_id for start in starts} == {"leg-7"}
        assert len({start.variables["call_uuid"] for start in starts}) == 1
        assert identity({}, starts[0].variables).call_uuid.version == 5

    @pytest.mark.parametrize("wrong", [{"rate": "fast"}, {"rate": 4000}, {"rate": "999999"}, {"rate": "-8000"}, {"mix": "surround"}])
    def test_what_cannot_be_is_refused_with_what_would_be_right(self, wrong):
        stream = AudioStream({})
        (refusal,) = stream.decode_text(json.dumps(wrong))
        assert isinstance(refusal, Unsupported)
        assert "rate=8000" in refusal.problem or "mono, mixed, stereo" in refusal.problem
        assert stream.decode_binary(FRAME) == ()


class TestAudio:
    @pytest.mark.parametrize("frames", [1, 3, 50])
    def test_what_accumulated_comes_out_as_frames(self, frames):
        audio = started().decode_binary(FRAME * frames)
        assert audio == [Audio(FRAME)] * frames

    def test_a_sample_off_the_round_size_is_sent_on_at_once(self):
        assert [len(frame.payload) for frame in started().decode_binary(FRAME + b"ab")] == [320, 2]

    def test_stereo_is_the_caller_left_and_the_called_party_right(self):
        stereo = b"".join(bytes([left, 0, right, 1]) for left, right in zip(range(100), range(100, 200), strict=True))
        left, right = started({"mix": "stereo"}).decode_binary(stereo)
        assert left == Audio(b"".join(bytes([value, 0]) for value in range(100)), "inbound")
        assert right == Audio(b"".join(bytes([value, 1]) for value in range(100, 200)), "outbound")

    @given(data=st.binary(max_size=900), cuts=st.lists(st.integers(0, 900), max_size=6), mix=st.sampled_from(("mono", "stereo")))
    def test_it_does_not_matter_where_the_bytes_are_split(self, data, cuts, mix):
        edges = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
        split, whole = started({"mix": mix}), started({"mix": mix})
        pieces = [message for a, b in zip(edges, edges[1:], strict=False) for message in split.decode_binary(data[a:b])]
        assert tracks(pieces) == tracks(whole.decode_binary(data))
        group = 4 if mix == "stereo" else 2
        assert sum(len(piece.payload) for piece in pieces) == len(data) // group * group


def tracks(messages) -> dict[str, bytes]:
    return {track: b"".join(message.payload for message in messages if message.track == track) for track in ("inbound", "outbound")}


class TestTexts:
    @pytest.mark.parametrize(
        "text",
        [
            '{"event":"dtmf","dtmf":"5"}',
            '{"event":"dtmf","digit":5}',
            '{"type":"DTMF","data":{"digit":"5"}}',
            '{"event":"dtmf","dtmf":{"digit":"5","duration":100}}',
        ],
    )
    def test_digits(self, text):
        assert started().decode_text(text) == (Dtmf("5"),)

    def test_a_digit_as_the_first_text_is_no_metadata(self):
        start, digit = waited(AudioStream({"rate": "16k"}), '{"event":"dtmf","dtmf":"#"}')
        assert isinstance(start, Started)
        assert (start.format.rate, digit) == (16000, Dtmf("#"))

    def test_a_dtmf_without_a_digit_says_what_would_be_right(self):
        (problem,) = started().decode_text('{"event":"dtmf","dtmf":"55"}')
        assert isinstance(problem, Unreadable)
        assert '"dtmf":"5"' in problem.problem

    def test_other_texts_are_the_applications_own(self):
        assert started().decode_text("bye") == (GatewayReport("The gateway's application says: bye"),)


class TestCommands:
    def test_audio_goes_back_as_stream_audio(self):
        (text,) = started({"rate": 16000}).encode(Play(b"\x01\x02" * 320))
        message = json.loads(text)
        assert message["type"] == "streamAudio"
        assert (message["data"]["audioDataType"], message["data"]["sampleRate"]) == ("raw", 16000)
        assert base64.b64decode(message["data"]["audioData"]) == b"\x01\x02" * 320

    def test_the_rest_reaches_the_application_as_far_as_there_are_words(self):
        stream = started()
        assert (stream.encode(Clear()), stream.encode(HangUp()), stream.encode(Mark("m"))) == (
            ['{"type":"killAudio"}'],
            ['{"type":"disconnect"}'],
            [],
        )
        assert stream.marks is False

    def test_nothing_is_played_before_it_is_known_what(self):
        assert AudioStream({}).encode(Play(b"ab")) == []


@pytest.mark.parametrize(("code", "lost"), [(1000, False), (1001, False), (1006, True), (None, True)])
def test_the_end(code, lost):
    assert started().closed(code, by_us=False).lost is lost
    assert not started().closed(code, by_us=True).lost
