"""mod_audio_fork's dialect: jambonz' metadata, accumulated audio, the graceful end, marks within the limit, audio back both ways."""

import base64
import json
from uuid import UUID

import numpy as np
import pytest

from streams.pure.gateway.audio_fork import MARKS_AT_ONCE, PLAY_BYTES, AudioFork
from streams.pure.gateway.dialects import identity
from streams.pure.messages import (
    Audio,
    AudioFormat,
    Clear,
    Dtmf,
    Encoding,
    Ended,
    GatewayReport,
    HangUp,
    Mark,
    MarkPlayed,
    Play,
    Started,
    Unreadable,
)

CALL_SID = "1f0c8f3a-7d5e-4a7b-9f8f-4a3d9ac4a1be"
JAMBONZ = {
    "sampleRate": 8000,
    "mixType": "stereo",
    "callSid": CALL_SID,
    "direction": "outbound",
    "from": "+14155550199",
    "to": "+14155550100",
    "callId": "84b3fbb6-02d8-123d-d2b2-02d3c5bbdd3b",
    "sbcCallid": "50b0e9a0@10.0.0.1",
    "sipStatus": 200,
    "sipReason": "OK",
    "callStatus": "in-progress",
    "accountSid": "ee9d7d49-b3e4-4fdb-9d66-661149f717e8",
    "applicationSid": "0e0681b0-d49f-4fb8-b973-b5a3c6758de1",
    "customerData": {"secret": "hunter2"},
}


def started(metadata=JAMBONZ, **query):
    fork = AudioFork(query)
    fork.decode_text(json.dumps(metadata))
    return fork


def streaming():
    return started({"sampleRate": 8000}, bidirectional="stream")


def start_of(metadata, **query) -> Started:
    (start,) = AudioFork(query).decode_text(json.dumps(metadata))
    assert isinstance(start, Started)
    return start


def mark_text(name, event="playout"):
    return json.dumps({"type": "mark", "data": {"name": name, "event": event}})


class TestBeginning:
    def test_the_subprotocols_of_both_families(self):
        assert AudioFork.subprotocols == ("audio.drachtio.org", "audio.jambonz.org")

    def test_jambonz_metadata(self):
        start = start_of(JAMBONZ)
        assert (start.format, start.gateway_call_id) == (AudioFormat(Encoding.L16, 8000), CALL_SID)
        assert (start.facts["mix"], start.facts["tracks"]) == ("stereo", "inbound, outbound")
        assert identity({}, start.variables) == (UUID(CALL_SID), "+14155550199", "+14155550100", "outbound", "")
        assert "hunter2" not in str(start)

    def test_no_metadata(self):
        fork = AudioFork({"rate": "16000"})
        assert fork.decode_binary(b"ab" * 320) == ()
        start, audio = fork.waited()
        assert isinstance(start, Started)
        assert (start.format.rate, audio) == (16000, Audio(b"ab" * 320))

    def test_each_named_fork_of_a_call_is_a_call_of_its_own_and_always_the_same(self):
        plain, agent, again, other = (start_of(JAMBONZ, **query) for query in ({}, {"fork": "agent"}, {"fork": "agent"}, {"fork": "bot"}))
        uuids = [start.variables["call_uuid"] for start in (plain, agent, again, other)]
        assert uuids[0] == CALL_SID and uuids[1] == uuids[2]
        assert len(set(uuids)) == 3
        assert {start.gateway_call_id for start in (plain, agent, other)} == {CALL_SID}
        assert agent.facts["fork"] == "agent"

    def test_calls_of_two_accounts_that_count_alike_are_two(self):
        one, other = (start_of({"callSid": "17", "accountSid": account}).variables["call_uuid"] for account in ("a", "b"))
        assert one != other


class TestAudio:
    def test_what_accumulated_comes_out_as_frames_of_both_tracks(self):
        samples = np.arange(2 * 160 * 5, dtype="<i2")
        audio = started().decode_binary(samples.tobytes())
        assert [message.track for message in audio] == ["inbound", "outbound"] * 5
        assert {len(message.payload) for message in audio} == {320}
        inbound = b"".join(message.payload for message in audio if message.track == "inbound")
        assert inbound == samples[::2].tobytes()

    def test_an_empty_message_is_the_graceful_end_and_nothing_counts_after_it(self):
        fork = started()
        assert fork.decode_binary(b"") == (Ended(lost=False, code=None, words="The gateway shut its fork down."),)
        assert fork.decode_binary(b"") == ()
        assert fork.decode_binary(bytes(640)) == ()


class TestTexts:
    def test_jambonz_dtmf(self):
        assert started().decode_text('{"event":"dtmf","dtmf":"5","duration":"1600"}') == (Dtmf("5"),)

    def test_play_done_and_final_words_are_reports(self):
        fork = started()
        assert fork.decode_text('{"type":"playDone","data":{"id":"p1"}}') == (GatewayReport("Played p1."),)
        assert fork.decode_text("that is all") == (GatewayReport("The gateway's application says: that is all"),)


class TestMarks:
    def test_only_a_fork_that_streams_back_reports_them(self):
        assert (streaming().marks, started().marks) == (True, False)
        assert started().encode(Mark("m1")) == []

    def test_there_and_back(self):
        fork = streaming()
        assert fork.encode(Mark("m1")) == ['{"type":"mark","data":{"name":"m1"}}']
        assert fork.decode_text(mark_text("m1")) == (MarkPlayed("m1"),)

    def test_a_cleared_mark_was_not_played(self):
        fork = streaming()
        fork.encode(Mark("m1"))
        assert fork.decode_text(mark_text("m1", "cleared")) == (GatewayReport("The mark 'm1' was cleared."),)

    def test_those_beyond_the_modules_limit_come_back_with_the_last_within(self):
        fork = streaming()
        sent = [text for number in range(MARKS_AT_ONCE + 3) for text in fork.encode(Mark(f"m{number}"))]
        assert len(sent) == MARKS_AT_ONCE
        played = [mark for number in range(MARKS_AT_ONCE) for mark in fork.decode_text(mark_text(f"m{number}"))]
        assert played == [MarkPlayed(f"m{number}") for number in range(MARKS_AT_ONCE + 3)]
        assert len(fork.encode(Mark("next"))) == 1

    @pytest.mark.parametrize("event", ["", "later"])
    def test_a_mark_that_is_neither_is_unreadable(self, event):
        assert isinstance(streaming().decode_text(mark_text("m1", event))[0], Unreadable)

    def test_a_mark_nobody_sent_is_no_reason_to_fail(self):
        assert streaming().decode_text(mark_text("who?")) == (MarkPlayed("who?"),)


class TestPlay:
    def test_as_json_for_a_fork_that_does_not_stream_back(self):
        (text,) = started().encode(Play(b"ab" * 160))
        message = json.loads(text)
        assert message["type"] == "playAudio"
        assert base64.b64decode(message["data"].pop("audioContent")) == b"ab" * 160
        assert message["data"] == {"audioContentType": "raw", "sampleRate": 8000, "queuePlay": True}

    def test_long_audio_stays_below_the_modules_limit(self):
        texts = started().encode(Play(bytes(PLAY_BYTES + 2)))
        assert len(texts) == 2
        assert all(len(text) < 65 * 1024 * 10 for text in texts)

    def test_as_bytes_for_one_that_does(self):
        assert streaming().encode(Play(b"ab" * 160)) == [b"ab" * 160]

    def test_no_sample_looks_like_a_mark(self):
        samples = np.array([-2, -1, 0, 1, -1, 32767, -32768], "<i2")
        (sent,) = streaming().encode(Play(samples.tobytes()))
        assert np.frombuffer(sent, "<i2").tolist() == [-2, -2, 0, 1, -2, 32767, -32768]

    def test_clear_and_hang_up(self):
        assert streaming().encode(Clear()) == ['{"type":"killAudio"}']
        assert streaming().encode(HangUp()) == ['{"type":"disconnect"}']

    def test_nothing_is_played_before_it_is_known_what(self):
        assert AudioFork({"bidirectional": "stream"}).encode(Play(b"ab")) == []
