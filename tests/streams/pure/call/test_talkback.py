"""What customers send back: played, confirmed, cleared, or refused with a reason, never in silence."""

import base64
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.pure.audio.convert import tone
from streams.pure.audio.g711 import MULAW_TO_LINEAR
from streams.pure.call.stream import UNSAID_AT_MOST
from streams.pure.customer.connection import Closure
from streams.pure.lifecycle import EndCause, EventKind
from streams.pure.messages import Audio, AudioFormat, Clear, Encoding, Mark, MarkPlayed, Paused, Play, Resumed, StreamRequest
from tests.streams.pure.call.driven import Driven

BOTH_WAYS = StreamRequest("wss://bot.example/audio", content_type="audio/x-mulaw;rate=8000", bidirectional=True)


def media(payload: bytes, content_type: str = "audio/x-mulaw", rate: Any = 8000) -> dict[str, Any]:
    return {"contentType": content_type, "sampleRate": rate, "payload": base64.b64encode(payload).decode()}


def talking(marks: bool = False) -> tuple[Driven, UUID]:
    call = Driven(marks=marks)
    stream_id = call.connected(BOTH_WAYS)
    call.texts(stream_id)
    call.told()
    return call, stream_id


def played(commands: list[Any]) -> bytes:
    return b"".join(command.payload for command in commands if isinstance(command, Play))


def test_what_is_played_reaches_the_gateway_byte_for_byte_at_the_pace_it_is_heard() -> None:
    call, stream_id = talking()
    speech = bytes(range(1, 201)) * 40
    call.says(stream_id, event="playAudio", media=media(speech))
    at_once = played(call.told())
    assert len(at_once) in (3200, 3360)
    assert at_once + played(call.ticks(2)) == speech
    assert call.kinds().count(EventKind.PLAYBACK_STARTED) == 1


def test_a_checkpoint_comes_back_once_all_before_it_was_heard() -> None:
    call, stream_id = talking()
    call.says(stream_id, event="playAudio", media=media(bytes(4000)))
    call.says(stream_id, event="checkpoint", streamId=str(stream_id), name="greeting")
    call.ticks(0.46)
    assert call.texts(stream_id) == []
    call.ticks(0.06)
    (text,) = call.texts(stream_id)
    assert (text["event"], text["name"], text["streamId"]) == ("playedStream", "greeting", str(stream_id))
    assert call.last(EventKind.CHECKPOINT_PLAYED).details == {"name": "greeting"}


def test_a_gateway_with_marks_is_asked_instead_of_the_clock() -> None:
    call, stream_id = talking(marks=True)
    call.says(stream_id, event="playAudio", media=media(bytes(160)))
    call.says(stream_id, event="checkpoint", name="one")
    (mark,) = [command for command in call.told() if isinstance(command, Mark)]
    call.ticks(3)
    assert call.texts(stream_id) == []
    call.session.hear(MarkPlayed(mark.name), call.now)
    assert [text["name"] for text in call.texts(stream_id)] == ["one"]


def test_a_mark_that_is_not_confirmed_in_time_is_said_to_be_so_and_played_is_not_claimed_by_the_clock() -> None:
    call, stream_id = talking(marks=True)
    call.says(stream_id, event="playAudio", media=media(bytes(160 * 5)))
    call.says(stream_id, event="checkpoint", name="one")
    call.says(stream_id, event="playAudio", media=media(bytes(160)))
    call.says(stream_id, event="checkpoint", name="two")
    marks = [command for command in call.told() if isinstance(command, Mark)]
    call.ticks(5)
    assert call.texts(stream_id) == []
    call.ticks(0.2)
    texts = call.texts(stream_id)
    assert [text["event"] for text in texts] == ["playFailed", "playFailed"]
    assert texts[0]["reason"] == "The gateway did not confirm within 5 s that everything before checkpoint 'one' was played."
    call.ticks(20)
    assert call.texts(stream_id) == []
    assert call.last(EventKind.CHECKPOINT_UNCONFIRMED).details == {"name": "two", "within_seconds": 5.0, "count": 2}
    # Late, and the word of the first one was lost.
    call.session.hear(MarkPlayed(marks[1].name), call.now)
    assert [text["name"] for text in call.texts(stream_id)] == ["one", "two"]
    call.session.hear(MarkPlayed(marks[0].name), call.now)
    assert call.texts(stream_id) == []
    call.session.stop_stream(stream_id, EndCause.STOPPED_BY_API, "API", call.now)
    assert call.last(EventKind.STREAM_ENDED).details["unconfirmed_checkpoints"] == 2


def test_a_gateway_that_never_confirms_fills_no_log() -> None:
    call, stream_id = talking(marks=True)
    for number in range(30):
        call.says(stream_id, event="checkpoint", name=str(number))
    call.ticks(6)
    assert call.kinds().count(EventKind.CHECKPOINT_UNCONFIRMED) == 5
    assert len([text for text in call.texts(stream_id) if text["event"] == "playFailed"]) == 30


def test_marks_that_another_stream_cleared_away_are_not_said_to_have_been_played() -> None:
    call, mine = talking(marks=True)
    other = call.connected(BOTH_WAYS)
    call.texts(other)
    call.says(other, event="playAudio", media=media(bytes(1600)))
    call.says(other, event="checkpoint", name="flushed")
    call.says(mine, event="playAudio", media=media(bytes(160)))
    call.told()
    call.says(mine, event="clearAudio")
    assert Clear() in call.told()
    call.ticks(5.1)
    assert [text["event"] for text in call.texts(other)] == ["playFailed"]


def test_clear_audio_is_silence_at_once_and_voids_what_waited() -> None:
    call, stream_id = talking()
    call.says(stream_id, event="playAudio", media=media(bytes(16000)))
    call.says(stream_id, event="checkpoint", name="never")
    call.told()
    call.says(stream_id, event="clearAudio")
    assert call.told() == [Clear()]
    assert call.ticks(3) == []
    assert [text["event"] for text in call.texts(stream_id)] == ["clearedAudio"]


def test_clear_audio_with_nothing_queued_is_answered_all_the_same() -> None:
    call, stream_id = talking()
    call.says(stream_id, event="clearAudio")
    assert [text["event"] for text in call.texts(stream_id)] == ["clearedAudio"]


def test_a_full_gateway_is_waited_for() -> None:
    call, stream_id = talking()
    call.session.hear(Paused(), call.now)
    call.says(stream_id, event="playAudio", media=media(bytes(1600)))
    assert call.told() == []
    call.session.hear(Resumed(), call.now)
    assert len(played(call.told())) == 1600


def test_digits_go_out_as_tones() -> None:
    call, stream_id = talking()
    call.says(stream_id, event="sendDTMF", dtmf="5#")
    assert len(played(call.told() + call.ticks(1))) == 2 * 200 * 8
    assert call.last(EventKind.CALL_DTMF_SENT).details["digits"] == "5#"


def test_digits_of_the_api_wait_behind_what_is_played_and_pauses_are_heard() -> None:
    call, stream_id = talking()
    call.says(stream_id, event="playAudio", media=media(b"\x11" * 1600))
    call.session.send_dtmf("5w#", call.now)
    heard = played(call.told() + call.ticks(2))
    assert heard.startswith(b"\x11" * 1600) and len(heard) == 1600 + (200 + 500 + 200) * 8


def test_digits_of_the_api_that_find_no_place_are_noted_without_a_digit() -> None:
    call, stream_id = talking()
    call.says(stream_id, event="playAudio", media=media(bytes(160_000)))
    call.says(stream_id, event="playAudio", media=media(bytes(160_000)))
    call.says(stream_id, event="playAudio", media=media(bytes(160_000)))
    call.session.send_dtmf("4711", call.now)
    note = call.last(EventKind.CALL_DTMF_FAILED)
    assert note.level == "warning" and "wait to be played already" in note.details["problem"] and "4711" not in str(note.details)
    assert EventKind.CALL_DTMF_SENT not in call.kinds()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (media(b"1234", "audio/x-l16", None), "no sampleRate, and this stream is audio/x-mulaw;rate=8000"),
        (media(b"1234", "raw", 16000), "no contentType, and this stream is audio/x-mulaw;rate=8000"),
        (media(b"1234", "audio/x-mulaw", 16000), "sampleRate"),
        (media(b"1234", "audio/opus"), "audio/opus"),
        ({"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": "!!!"}, "base64"),
        ({"contentType": "audio/x-mulaw", "sampleRate": 8000}, "payload"),
        (None, "media"),
        (media(b"RIFF1234WAVEfmt "), "WAV"),
        (media(bytes(3_200_000)), "too large; send at most 4 MiB"),
        (media(bytes(61 * 8000)), "over the limit of 60 s"),
    ],
)
def test_audio_that_is_not_played_is_refused_with_its_reason(message: Any, reason: str) -> None:
    call, stream_id = talking()
    call.says(stream_id, event="playAudio", media=message)
    texts = call.texts(stream_id)
    assert [text["event"] for text in texts] == ["playFailed"]
    assert reason in texts[0]["reason"]
    assert reason in call.last(EventKind.PLAY_FAILED).details["problem"]
    assert call.told() == []


def test_a_stream_that_is_not_bidirectional_says_so_every_time_and_counts() -> None:
    call = Driven()
    stream_id = call.connected()
    call.texts(stream_id)
    for _ in range(12):
        call.says(stream_id, event="playAudio", media=media(bytes(160)))
    texts = call.texts(stream_id)
    assert [text["event"] for text in texts] == ["playFailed"] * 12
    assert "bidirectional" in texts[0]["reason"]
    assert call.kinds().count(EventKind.PLAY_FAILED) == 5
    call.session.stop_stream(stream_id, EndCause.STOPPED_BY_API, "API", call.now)
    assert call.last(EventKind.STREAM_ENDED).details["play_failures"] == 12


@pytest.mark.parametrize("marks", [True, False])
def test_of_a_gateway_that_only_listens_nothing_is_said_to_have_been_played(marks: bool) -> None:
    call = Driven(marks=marks, listens_only="Nothing can be played to this call: it only listens.")
    stream_id = call.connected(BOTH_WAYS)
    call.texts(stream_id)
    call.told()
    call.says(stream_id, event="playAudio", media=media(bytes(4000)))
    call.says(stream_id, event="checkpoint", name="heard")
    call.says(stream_id, event="sendDTMF", dtmf="1")
    call.says(stream_id, event="clearAudio")
    assert call.ticks(3) == []
    texts = call.texts(stream_id)
    assert [text["event"] for text in texts] == ["playFailed", "playFailed", "clearedAudio"]
    assert texts[0]["reason"] == "Nothing can be played to this call: it only listens."
    assert EventKind.PLAYBACK_STARTED not in call.kinds() and EventKind.CALL_DTMF_SENT not in call.kinds()
    call.session.send_dtmf("5", call.now)
    assert "only listens" in call.last(EventKind.CALL_DTMF_FAILED).details["problem"]


@pytest.mark.parametrize(("size", "content_type", "rate"), [(30 * 8000, "audio/x-mulaw", 8000), (59 * 48_000, "audio/x-l16", 24_000)])
def test_a_file_in_one_message_is_played(size: int, content_type: str, rate: int) -> None:
    call, stream_id = talking()
    call.says(stream_id, event="playAudio", media=media(bytes(size), content_type, rate))
    assert call.texts(stream_id) == []
    assert len(played(call.told())) in (3200, 3360)


def test_more_than_a_minute_is_refused_and_what_waits_is_still_played() -> None:
    call, stream_id = talking()
    for _ in range(7):
        call.says(stream_id, event="playAudio", media=media(bytes(80_000)))
    failed = [text for text in call.texts(stream_id) if text["event"] == "playFailed"]
    assert len(failed) == 1
    assert "no faster than it is heard" in failed[0]["reason"]


def test_the_older_forms_that_real_clients_send_are_played() -> None:
    call, stream_id = talking()
    for message in ({"payload": "AAAA"}, {"contentType": "raw", "payload": "AAAA"}, media(b"1234", rate="8000")):
        call.says(stream_id, event="playAudio", media=message, streamId="x")
    assert EventKind.PLAY_FAILED not in call.kinds()


def test_what_is_played_is_the_outbound_track_of_streams_that_want_it() -> None:
    call, talker = talking()
    listener = call.connected(StreamRequest("wss://listener.example/", content_type="audio/x-mulaw;rate=8000", audio_track="both"))
    call.texts(listener)
    call.frames(2)
    call.says(talker, event="playAudio", media=media(b"\x07" * 320))
    got = [(text["media"]["track"], text["media"]["chunk"]) for text in call.texts(listener)]
    assert got == [("inbound", 1), ("inbound", 2), ("outbound", 1), ("outbound", 2)]


def test_a_gateway_with_a_codec_of_its_own_for_the_way_back_gets_that_and_others_hear_it_as_the_call_sounds() -> None:
    """An A-law leg whose gateway wants mu-law: the customer's mu-law goes there byte for byte."""
    call = Driven(format=AudioFormat(Encoding.ALAW, 8000), back=AudioFormat(Encoding.MULAW, 8000))
    talker = call.connected(BOTH_WAYS)
    listener = call.connected(StreamRequest("wss://listener.example/", content_type="audio/x-mulaw;rate=8000", audio_track="outbound"))
    speech = tone(440, 40, AudioFormat(Encoding.MULAW, 8000))
    call.says(talker, event="playAudio", media=media(speech))
    assert played(call.told()) == speech
    heard = b"".join(base64.b64decode(text["media"]["payload"]) for text in call.texts(listener) if text["event"] == "media")
    error = MULAW_TO_LINEAR[np.frombuffer(heard, np.uint8)].astype(int) - MULAW_TO_LINEAR[np.frombuffer(speech, np.uint8)]
    assert abs(error).max() <= 512  # a step where the tone is loudest, for it was A-law in between


def test_a_gateway_that_brings_the_outbound_track_is_not_doubled() -> None:
    call, talker = talking()
    listener = call.connected(StreamRequest("wss://listener.example/", content_type="audio/x-mulaw;rate=8000", audio_track="outbound"))
    call.texts(listener)
    call.session.audio(Audio(bytes(160), "outbound"), call.now)
    call.says(talker, event="playAudio", media=media(bytes(320)))
    assert len(call.texts(listener)) == 1


def test_the_end_of_the_stream_is_the_end_of_its_audio() -> None:
    call, stream_id = talking()
    call.says(stream_id, event="playAudio", media=media(bytes(16000)))
    call.told()
    call.customer_closed(stream_id, Closure(True, 1000, ""))
    assert call.told() == [Clear()]
    assert call.ticks(2) == []


def test_answers_to_a_customer_that_does_not_read_are_bounded() -> None:
    call = Driven()
    stream_id = call.connected()
    for _ in range(UNSAID_AT_MOST + 200):
        call.says(stream_id, event="playAudio", media=media(bytes(160)))
    assert len(call.session.streams[stream_id].backlog.waiting) == UNSAID_AT_MOST


words = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=6,
)
events = st.sampled_from(["playAudio", "checkpoint", "clearAudio", "sendDTMF", "start", ""])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(events, words, words, words), max_size=8))
def test_whatever_a_customer_says_nothing_raises_and_the_stream_lives(messages: list[tuple[Any, ...]]) -> None:
    call, stream_id = talking()
    for event, of_media, name, dtmf in messages:
        call.says(stream_id, event=event, media=of_media, name=name, dtmf=dtmf)
        call.ticks(0.1)
    assert call.session.streams[stream_id].live
