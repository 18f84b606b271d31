"""Asterisk's dialect against the recordings of a real one, to the byte, and against what no recording holds."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.g722 import Codec
from streams.pure.gateway.asterisk import PLAY_BYTES, STAND_INS, Asterisk
from streams.pure.gateway.early_words import EARLY_BYTES
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
from tests.streams.simulate import recordings

ULAW = "MEDIA_START connection_id:ingress channel:WebSocket/ingress/0x7f channel_id:gw-1.2 format:ulaw optimal_frame_size:160 ptime:20"
ULAW_JSON = (
    '{"event":"MEDIA_START","channel":"WebSocket/ingress/0x7f","channel_id":"gw-1.2","format":"ulaw","optimal_frame_size":160,"ptime":20}'
)


def media_start(codec: str) -> str:
    return ULAW.replace("ulaw", codec)


def started(text: str = ULAW) -> Asterisk:
    asterisk = Asterisk({})
    asterisk.decode_text(text)
    return asterisk


def only(messages: Sequence[GatewayMessage]) -> GatewayMessage:
    (message,) = messages
    return message


def replay(name: str) -> tuple[list[GatewayMessage], list[tuple[str, object]]]:
    """What the dialect makes of Asterisk's lines, and what it says for those of ours that are commands it knows."""
    asterisk, heard, said = Asterisk({}), list[GatewayMessage](), list[tuple[str, object]]()
    for line in recordings.read(name):
        if line.what == "close":
            heard.append(asterisk.closed(line.value["code"], by_us=False))
        elif line.sender == "us":
            if command := command_of(line.what, line.value):
                said.extend((line.value, text) for text in asterisk.encode(command))
        elif line.what == "text":
            heard.extend(asterisk.decode_text(line.value))
        elif line.what == "binary":
            heard.extend(asterisk.decode_binary(line.value))
    return heard, said


def command_of(what: str, value: object) -> GatewayCommand | None:
    if what == "binary":
        assert isinstance(value, bytes)
        return Play(value)
    commands: dict[object, GatewayCommand] = {
        "MARK_MEDIA mark-1": Mark("mark-1"),
        "MARK_MEDIA mark-2": Mark("mark-2"),
        '{"command":"MARK_MEDIA","correlation_id":"mark-1"}': Mark("mark-1"),
        "FLUSH_MEDIA": Clear(),
        "HANGUP": HangUp(),
        '{"command":"HANGUP"}': HangUp(),
    }
    return commands.get(value) if what == "text" else None


@pytest.mark.parametrize("name", recordings.NAMES)
class TestRecordings:
    def test_audio_comes_out_as_the_same_bytes_in_order(self, name):
        heard, _ = replay(name)
        recorded = [line.value for line in recordings.read(name) if line.what == "binary" and line.sender == "asterisk"]
        assert [message.payload for message in heard if isinstance(message, Audio)] == recorded
        assert recorded

    def test_the_call_starts_with_started_and_ends_as_a_hangup(self, name):
        heard, _ = replay(name)
        start = heard[0]
        assert isinstance(start, Started)
        codec = "slin16" if "slin16" in name else "ulaw"
        assert start.format == (AudioFormat(Encoding.L16, 16000) if codec == "slin16" else AudioFormat(Encoding.MULAW, 8000))
        assert (start.frame_ms, start.facts["codec"]) == (20, codec)
        assert start.facts["control"] == ("JSON" if "json" in name else "plain text")
        assert start.gateway_call_id == start.facts["channel_id"]
        assert heard[-1] == Ended(lost=False, code=1000, words="The gateway hung up.")

    def test_nothing_of_it_is_unreadable(self, name):
        heard, _ = replay(name)
        assert not [message for message in heard if isinstance(message, Unreadable | Unsupported)]

    def test_digits(self, name):
        heard, _ = replay(name)
        assert [message.digit for message in heard if isinstance(message, Dtmf)] == (["1", "2", "#"] if "dtmf" in name else [])

    def test_our_commands_are_what_asterisk_was_told(self, name):
        _, said = replay(name)
        assert [ours for _, ours in said] == [recorded for recorded, _ in said]
        assert len(said) == {"ulaw-plain-playback-echo": 66, "ulaw-json-playback": 3}.get(name, 0)


def test_what_a_recorded_playback_answers():
    heard, _ = replay("ulaw-json-playback")
    reports = [message for message in heard if isinstance(message, GatewayReport | MarkPlayed)]
    assert reports[0] == GatewayReport(
        "STATUS queue_length:50 xon_level:800 xoff_level:900 queue_full:False bulk_media:False media_paused:False"
    )
    assert reports[1:] == [
        GatewayReport("MEDIA_BUFFERING_COMPLETED correlation_id:buf-1"),
        MarkPlayed("mark-1"),
        GatewayReport("Unable to parse JSON command", error=True),
    ]


def test_the_plain_playback_answers_the_same():
    heard, _ = replay("ulaw-plain-playback-echo")
    reports = [message for message in heard if isinstance(message, GatewayReport | MarkPlayed)]
    assert MarkPlayed("mark-1") in reports
    assert GatewayReport("QUEUE_DRAINED") in reports
    assert reports[0] == GatewayReport(
        "STATUS queue_length:50 xon_level:800 xoff_level:900 queue_full:false bulk_media:false media_paused:false"
    )


def test_channel_variables_reach_whoever_reads_the_identity():
    start = replay("ulaw-json-dtmf")[0][0]
    assert isinstance(start, Started)
    assert start.variables["__CALL_UUID"] == "e2d14976-4c9e-4e9e-b717-fa30be11a98c"
    assert start.variables["__CALL_FROM"] == "18005550199"


class TestMediaStart:
    @pytest.mark.parametrize(
        ("codec", "audio_format"),
        [
            ("ulaw", AudioFormat(Encoding.MULAW, 8000)),
            ("alaw", AudioFormat(Encoding.ALAW, 8000)),
            ("g722", AudioFormat(Encoding.L16, 16000)),
            ("slin", AudioFormat(Encoding.L16, 8000)),
            ("slin12", AudioFormat(Encoding.L16, 12000)),
            ("slin16", AudioFormat(Encoding.L16, 16000)),
            ("slin24", AudioFormat(Encoding.L16, 24000)),
            ("slin32", AudioFormat(Encoding.L16, 32000)),
            ("slin44", AudioFormat(Encoding.L16, 44100)),
            ("slin48", AudioFormat(Encoding.L16, 48000)),
        ],
    )
    def test_codecs_we_speak(self, codec, audio_format):
        start = only(Asterisk({}).decode_text(media_start(codec)))
        assert isinstance(start, Started)
        assert start.format == audio_format

    @pytest.mark.parametrize("codec", ["opus", "slin96", "g729", "gsm", "", "ULAW"])
    def test_a_codec_we_do_not_speak_says_what_to_configure(self, codec):
        asterisk = Asterisk({})
        message = only(asterisk.decode_text(media_start(codec)))
        assert isinstance(message, Unsupported)
        assert "c(ulaw), c(alaw), c(g722), c(slin), c(slin12), c(slin16), c(slin24)" in message.problem
        assert repr(codec) in message.problem if codec else "names no format" in message.problem
        assert asterisk.decode_binary(b"\x00" * 160) == ()
        assert isinstance(only(asterisk.decode_text(ULAW)), Unreadable)

    def test_a_second_one_is_unreadable_and_changes_nothing(self):
        asterisk = started()
        assert isinstance(only(asterisk.decode_text(media_start("slin16"))), Unreadable)
        assert asterisk.encode(Play(b"a" * 170)) == [b"a" * 160]

    def test_older_releases_tell_no_channel_id_and_do_not_survive_pings(self):
        start = only(
            Asterisk({}).decode_text("MEDIA_START connection_id:media channel:WebSocket/media/0x7f format:ulaw optimal_frame_size:160")
        )
        assert isinstance(start, Started)
        assert (start.gateway_call_id, start.frame_ms) == ("WebSocket/media/0x7f", 20)

    @pytest.mark.parametrize("size", ["0", "-5", "x", "99999999999999", ""])
    def test_a_nonsensical_frame_size_is_worked_out_from_the_format(self, size):
        asterisk = started(f"MEDIA_START channel_id:1 format:slin optimal_frame_size:{size} ptime:20")
        assert asterisk.encode(Play(b"a" * 330)) == [b"a" * 320]


class TestEarlyAudio:
    def test_is_held_and_released_after_started(self):
        asterisk = Asterisk({})
        assert asterisk.decode_binary(b"one") == ()
        assert asterisk.decode_binary(b"two") == ()
        start, *audio = asterisk.decode_text(ULAW)
        assert isinstance(start, Started)
        assert audio == [Audio(b"one"), Audio(b"two")]
        assert asterisk.decode_binary(b"three") == (Audio(b"three"),)

    def test_beyond_the_limit_the_oldest_goes_and_it_is_said_once(self):
        asterisk = Asterisk({})
        frames = [number.to_bytes(2, "big") * 160 for number in range(400)]
        said = [message for frame in frames for message in asterisk.decode_binary(frame)]
        assert [type(message) for message in said] == [Unreadable]
        _, *audio = asterisk.decode_text(media_start("slin"))
        assert audio == [Audio(frame) for frame in frames[-(EARLY_BYTES // 320) :]]

    def test_an_empty_message_is_no_audio(self):
        asterisk = started()
        assert asterisk.decode_binary(b"") == ()


class TestControl:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("DTMF_END digit:5 channel_id:gw-1.2", Dtmf("5")),
            ("DTMF_END digit:*", Dtmf("*")),
            ("DTMF_END digit:d", Dtmf("D")),
            ('{"event":"DTMF_END","channel_id":"gw-1.2","digit":"#"}', Dtmf("#")),
            ("MEDIA_XOFF", Paused()),
            ('{"event":"MEDIA_XOFF","channel_id":"gw-1.2"}', Paused()),
            ("MEDIA_XON", Resumed()),
            ('{"event":"MEDIA_XON","channel_id":"gw-1.2"}', Resumed()),
            ("MEDIA_MARK_PROCESSED m-1", MarkPlayed("m-1")),
            ("MEDIA_MARK_PROCESSED", MarkPlayed("")),
            ('{"event":"MEDIA_MARK_PROCESSED","channel_id":"gw-1.2","correlation_id":"m-1"}', MarkPlayed("m-1")),
            ("QUEUE_DRAINED", GatewayReport("QUEUE_DRAINED")),
            ("ERROR channel_id:gw-1.2 error_text:No such: command", GatewayReport("No such: command", error=True)),
            ('{"event":"ERROR","channel_id":"gw-1.2","error_text":"No such"}', GatewayReport("No such", error=True)),
        ],
    )
    def test_events(self, text, message):
        assert only(started().decode_text(text)) == message

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello world",
            "media_start format:ulaw",
            "{",
            "{}",
            '{"event":7}',
            '{"event":["MEDIA_START"]}',
            "[1]",
            "DTMF_END",
            "DTMF_END digit:12",
        ]
        + ["x" * 70_000, '{"event":"' + "[" * 60_000, '{"a":' * 2000, "\x00\x01", "\ud800"],
    )
    def test_what_is_not_the_dialect_is_unreadable_in_one_sentence(self, text):
        message = only(started().decode_text(text))
        assert isinstance(message, Unreadable)
        assert message.problem.endswith(".")
        assert len(message.sample) <= 200

    @given(st.text(), st.binary(max_size=50))
    def test_nothing_a_gateway_sends_raises(self, text, data):
        asterisk = Asterisk({})
        for message in (
            text,
            "{" + text,
            "MEDIA_START " + text,
            '{"event":"MEDIA_START","format":"ulaw","channel_variables":{"a":"' + text,
        ):
            asterisk.decode_text(message)
        asterisk.decode_binary(data)

    @given(st.dictionaries(st.text(), st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers())), max_size=5))
    def test_no_value_of_a_json_event_raises(self, fields):
        for event in Asterisk._READERS:
            Asterisk({})._READERS[event](Asterisk({}), {"format": "ulaw", **fields, "event": event})


class TestPlay:
    def test_whole_frames_go_and_the_rest_waits_for_the_next(self):
        asterisk = started()
        assert asterisk.encode(Play(b"a" * 100)) == []
        assert asterisk.encode(Play(b"b" * 100)) == [b"a" * 100 + b"b" * 60]
        assert asterisk.encode(Play(b"c" * 280)) == [b"b" * 40 + b"c" * 280]

    def test_long_audio_is_cut_below_asterisks_limit(self):
        asterisk = started()
        audio = bytes(range(256)) * 1000
        messages = asterisk.encode(Play(audio))
        assert all(len(message) <= PLAY_BYTES and len(message) % 160 == 0 for message in messages)
        assert b"".join(message for message in messages if isinstance(message, bytes)) == audio

    def test_clear_forgets_the_rest(self):
        asterisk = started()
        asterisk.encode(Play(b"a" * 100))
        assert asterisk.encode(Clear()) == ["FLUSH_MEDIA"]
        assert asterisk.encode(Play(b"b" * 160)) == [b"b" * 160]

    def test_before_the_media_starts_there_is_nothing_to_play_into(self):
        assert Asterisk({}).encode(Play(b"a" * 160)) == []


class TestCommands:
    def test_plain_until_the_gateway_has_spoken(self):
        assert Asterisk({}).encode(HangUp()) == ["HANGUP"]

    def test_in_the_format_the_gateway_spoke(self):
        assert started(ULAW).encode(HangUp()) == ["HANGUP"]
        assert started(ULAW_JSON).encode(HangUp()) == ['{"command":"HANGUP"}']
        assert started(ULAW_JSON).encode(Clear()) == ['{"command":"FLUSH_MEDIA"}']
        assert started(ULAW_JSON).encode(Mark("m-1")) == ['{"command":"MARK_MEDIA","correlation_id":"m-1"}']

    @pytest.mark.parametrize("start", [ULAW, ULAW_JSON])
    @pytest.mark.parametrize("name", ["", "two words", "é", "x" * 1000, "a\nHANGUP", '"}', "~1"])
    def test_a_mark_of_any_name_fits_and_comes_back(self, start, name):
        asterisk = started(start)
        text = only_text(asterisk.encode(Mark(name)))
        assert len(text.encode()) <= 128
        correlation_id = text.split(" ")[1] if start is ULAW else text.split('"')[-2]
        assert only(asterisk.decode_text(f"MEDIA_MARK_PROCESSED {correlation_id}")) == MarkPlayed(name)

    @pytest.mark.parametrize("start", [ULAW, ULAW_JSON])
    def test_the_longest_name_that_travels_as_it_is_fits(self, start):
        assert len(only_text(started(start).encode(Mark("m" * 64)))) <= 128

    def test_stand_ins_are_bounded(self):
        asterisk = started()
        for number in range(STAND_INS + 5):
            asterisk.encode(Mark(f"mark number {number}"))
        assert len(asterisk._stand_ins) == STAND_INS


def only_text(messages: list[str | bytes]) -> str:
    (text,) = messages
    assert isinstance(text, str)
    return text


class TestListenOnly:
    """The channel was dialled with d(in); Asterisk answers everything but HANGUP with an error."""

    def test_nothing_is_sent_but_the_hangup(self):
        asterisk = Asterisk({"media": "in"})
        start = only(asterisk.decode_text(ULAW))
        assert isinstance(start, Started)
        assert "only listens" in start.facts["audio_back"] and "media=in" in start.listens_only
        assert asterisk.marks is False
        assert [asterisk.encode(command) for command in (Play(b"a" * 160), Mark("m"), Clear())] == [[], [], []]
        assert asterisk.encode(HangUp()) == ["HANGUP"]

    def test_audio_is_heard(self):
        asterisk = Asterisk({"media": "in"})
        asterisk.decode_text(ULAW)
        assert asterisk.decode_binary(b"a" * 160) == (Audio(b"a" * 160),)


class TestG722:
    def test_is_decoded_to_16_khz_and_encoded_for_playback(self):
        asterisk, peer = started(ULAW.replace("ulaw", "g722")), Codec()
        tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype("<i2").tobytes()
        wire = peer.encode(tone)
        frames = [wire[start : start + 160] for start in range(0, len(wire), 160)]
        heard = [message.payload for frame in frames for message in asterisk.decode_binary(frame) if isinstance(message, Audio)]
        assert {len(payload) for payload in heard} == {640}
        assert pitch_hz(b"".join(heard)) == pytest.approx(440, abs=1)
        back = asterisk.encode(Play(tone))
        assert b"".join(message for message in back if isinstance(message, bytes)) == wire

    def test_audio_before_media_start_is_decoded_when_it_is_known_what_it_is(self):
        asterisk, silence = Asterisk({}), Codec().encode(bytes(640))
        asterisk.decode_binary(silence)
        _, audio = asterisk.decode_text(ULAW.replace("ulaw", "g722"))
        assert isinstance(audio, Audio)
        assert len(audio.payload) == 640


def pitch_hz(second: bytes) -> float:
    samples = np.frombuffer(second, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 16_000 / len(samples))


class TestMarks:
    @pytest.mark.parametrize(("start", "reported"), [(ULAW, True), (ULAW.replace("channel_id:gw-1.2 ", ""), False)])
    def test_are_reported_by_releases_that_tell_a_channel_id(self, start, reported):
        assert Asterisk({}).marks is False
        assert started(start).marks is reported


class TestClosed:
    @pytest.mark.parametrize("code", [1000, 1001, 1003, 1009, 16])
    def test_a_close_frame_of_the_gateway_is_a_hangup(self, code):
        ended = Asterisk({}).closed(code, by_us=False)
        assert (ended.lost, ended.code) == (False, code)

    @pytest.mark.parametrize("code", [None, 1005, 1006, 1011])
    def test_without_a_proper_close_it_is_lost(self, code):
        assert Asterisk({}).closed(code, by_us=False).lost

    @pytest.mark.parametrize("code", [1000, 1001, 1006, None])
    def test_after_a_close_of_ours_its_code_means_nothing(self, code):
        ended = Asterisk({}).closed(code, by_us=True)
        assert (ended.lost, ended.words) == (False, "We closed the gateway's connection.")
