"""Noise cancellation in a call: what its service hears, what is told, and that it is never in the way of the audio."""

import sys
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pure.audio.convert import CONTENT_TYPES, from_linear, to_linear
from streams.pure.call.limits import StreamLimits
from streams.pure.call.noise_cancellation import NoiseMeans
from streams.pure.lifecycle import NORMAL_HANGUP, EndCause, EventKind, Level
from streams.pure.messages import Audio, AudioFormat, Encoding, StreamRequest
from tests.streams.pure.audio.snr import level_db, noise
from tests.streams.pure.call.driven import MULAW, REQUEST, Driven
from tests.streams.pure.conversation.spoken import frames

QUIET = replace(REQUEST, noise_cancellation=True, noise_cancellation_level=100)
ALAW, L16, WIDE = AudioFormat(Encoding.ALAW, 8000), AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16_000)
SECONDS = 4


def medias(call: Driven, stream: UUID) -> list[dict[str, Any]]:
    return [text for text in call.texts(stream) if text["event"] == "media"]


def payloads(call: Driven, stream: UUID) -> list[bytes]:
    return [b64decode(text["media"]["payload"]) for text in medias(call, stream)]


def hiss(format: AudioFormat, seconds: float = SECONDS) -> bytes:
    return from_linear(noise(int(seconds * format.rate), format.rate, 55).astype(np.int16), format.encoding)


def hears(call: Driven, audio: bytes, format: AudioFormat, track: str = "inbound") -> None:
    for frame in frames(audio, round(format.bytes_per_ms * 20)):
        call.now += 0.02
        call.session.audio(Audio(frame, track), call.now)


def spoilt(error: Exception, after: int) -> NoiseMeans:
    """A library that fails at its frame of this number; at 0, when it is made."""

    class Spoilt:
        def __init__(self, *_: Any) -> None:
            self.left = after
            if not after:
                raise error

        def clean(self, frame: bytes) -> bytes:
            self.left -= 1
            if self.left <= 0:
                raise error
            return frame

    return NoiseMeans(suppressor=Spoilt)


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("format", [MULAW, ALAW, L16, WIDE], ids=str)
def test_a_service_that_asks_for_it_hears_less_noise_than_one_that_does_not(format: AudioFormat, content_type: str) -> None:
    call = Driven(StreamLimits(), format=format)
    plain, quiet = (call.connected(replace(request, content_type=content_type)) for request in (REQUEST, QUIET))
    hears(call, hiss(format), format)
    bytes_heard = [b"".join(payloads(call, stream)) for stream in (plain, quiet)]
    if format == CONTENT_TYPES[content_type]:
        assert bytes_heard[0] == hiss(format)
    heard = [to_linear(audio, CONTENT_TYPES[content_type]) for audio in bytes_heard]
    last = [level_db(samples[-len(samples) // 4 :]) for samples in heard]
    assert last[0] - last[1] > 15


def test_nothing_but_the_sound_differs_from_what_others_get() -> None:
    """Chunk numbers, timestamps, byte counts: the same, with frames of any size in between, digits, gaps and the end of the call."""
    call = Driven(StreamLimits())
    plain, quiet = call.connected(), call.connected(QUIET)
    for size in (160, 80, 400, 1, 37, 160, 160, 1600, 3):
        call.now += 0.02
        call.session.audio(Audio(b"\x55" * size), call.now)
    call.now += 3
    hears(call, hiss(MULAW, 0.5), MULAW)
    call.session.stop_stream(call.connected(), EndCause.STOPPED_BY_API, "API", call.now)
    call.session.finish(EndCause.CALL_ENDED, NORMAL_HANGUP, "over", call.now)
    before, after = (call.texts(stream) for stream in (plain, quiet))
    assert [_shape(text) for text in before] == [_shape(text) for text in after]
    assert len(before) > 30


def _shape(text: dict[str, Any]) -> Any:
    media = text.get("media")
    kept = {name: value for name, value in text.items() if name not in ("media", "streamId", "start", "stop")}
    return (kept, {**media, "payload": len(media["payload"])}) if media else kept


@settings(max_examples=40, deadline=None)
@given(
    format=st.sampled_from([MULAW, ALAW, L16, WIDE, AudioFormat(Encoding.L16, 48_000)]),
    content_type=st.sampled_from(sorted(CONTENT_TYPES)),
    level=st.integers(60, 100),
    sizes=st.lists(st.integers(0, 4000), max_size=12),
)
def test_frames_of_any_size_come_out_as_they_would_without_it(format: AudioFormat, content_type: str, level: int, sizes: list[int]) -> None:
    call = Driven(StreamLimits(), format=format)
    wanted = replace(REQUEST, content_type=content_type)
    plain, quiet = call.connected(wanted), call.connected(replace(wanted, noise_cancellation=True, noise_cancellation_level=level))
    for size in sizes:
        call.now += 0.02
        call.session.audio(Audio(b"\x31" * size), call.now)
    call.session.finish(EndCause.CALL_ENDED, NORMAL_HANGUP, "over", call.now)
    before, after = (call.texts(stream) for stream in (plain, quiet))
    assert [_shape(text) for text in before] == [_shape(text) for text in after]


def test_only_the_callers_track_is_touched() -> None:
    call, audio = Driven(StreamLimits()), hiss(MULAW, 1)
    stream = call.connected(replace(QUIET, audio_track="both"))
    hears(call, audio, MULAW, "outbound")
    assert b"".join(payloads(call, stream)) == audio


def test_the_log_tells_how_it_began_and_what_it_took() -> None:
    ticking: Iterator[float] = iter(number / 1000 for number in range(10_000))
    call = Driven(StreamLimits(), noise=NoiseMeans(cpu_seconds=lambda: next(ticking)))
    stream = call.connected(QUIET)
    began = call.last(EventKind.NOISE_CANCELLATION_STARTED)
    assert (began.stream_id, began.level) == (stream, Level.INFO)
    how = {"library": "webrtc-noise-gain", "strength": "very high"}
    assert began.details == {"noise_level": 100, **how}
    hears(call, hiss(MULAW, 1), MULAW)
    payloads(call, stream)
    measured = call.session.measured().streams[stream]["noise"]
    assert measured == {**how, "level": 100, "audio_ms": 1000, "cpu_ms_a_minute": 3000.0, "problem": ""}
    call.session.stop_stream(stream, EndCause.STOPPED_BY_API, "API", call.now)
    ended = call.last(EventKind.STREAM_ENDED)
    assert ended.details["noise_cpu_ms"] == 3000.0
    assert (ended.measured or {})["noise"] == measured


def test_a_stream_that_does_not_ask_for_it_is_told_nothing_of_it() -> None:
    call = Driven(StreamLimits())
    stream = call.connected()
    call.frames(3)
    assert "noise" not in call.session.measured().streams[stream]
    call.session.stop_stream(stream, EndCause.STOPPED_BY_API, "API", call.now)
    assert "noise_cpu_ms" not in call.last(EventKind.STREAM_ENDED).details
    assert not {EventKind.NOISE_CANCELLATION_STARTED, EventKind.NOISE_CANCELLATION_FAILED} & set(call.kinds())


@pytest.mark.parametrize(
    ("means", "words"),
    [
        (NoiseMeans(no_room=lambda: "All places are taken."), "All places are taken."),
        (spoilt(ImportError("No module named 'webrtc_noise_gain'"), 0), "There is no webrtc-noise-gain on this machine: No module named"),
        (spoilt(RuntimeError("out of order"), 0), "webrtc-noise-gain failed: RuntimeError('out of order')"),
        (spoilt(RuntimeError("out of order"), 30), "webrtc-noise-gain failed: RuntimeError('out of order')"),
    ],
)
def test_what_cannot_be_done_is_said_once_and_the_audio_comes_as_it_is(means: NoiseMeans, words: str) -> None:
    call, audio = Driven(StreamLimits(), noise=means), hiss(MULAW, 1)
    stream = call.connected(QUIET)
    hears(call, audio, MULAW)
    assert b"".join(payloads(call, stream)) == audio
    assert call.kinds().count(EventKind.NOISE_CANCELLATION_FAILED) == 1
    failed = call.last(EventKind.NOISE_CANCELLATION_FAILED)
    assert (failed.stream_id, failed.level) == (stream, Level.WARNING)
    assert failed.details["problem"].startswith(words)
    assert call.session.measured().streams[stream]["noise"]["problem"] == failed.details["problem"]


def test_a_place_that_becomes_free_goes_to_a_stream_that_found_none() -> None:
    words = ["All places are taken.", "All places are taken.", ""]
    call, audio = Driven(StreamLimits(), noise=NoiseMeans(no_room=lambda: words.pop(0))), hiss(MULAW, 4)
    stream = call.connected(QUIET)
    noise = call.session.streams[stream].noise
    assert noise is not None and not noise.active
    heard = b""
    for second in range(4):
        hears(call, audio[second * 8000 : second * 8000 + 8000], MULAW)
        heard += b"".join(payloads(call, stream))
    told = [kind for kind in call.kinds() if kind in (EventKind.NOISE_CANCELLATION_STARTED, EventKind.NOISE_CANCELLATION_FAILED)]
    assert told == [EventKind.NOISE_CANCELLATION_FAILED, EventKind.NOISE_CANCELLATION_STARTED]
    assert words == [], "it asks once a second"
    assert heard[:8000] == audio[:8000] and len(heard) == len(audio)
    assert level_db(to_linear(heard, MULAW)[-8000:]) < level_db(to_linear(audio, MULAW)) - 15
    assert noise.active and noise.to_json()["problem"] == ""


def test_without_the_library_a_stream_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtc_noise_gain", None)
    call, audio = Driven(StreamLimits()), hiss(MULAW, 0.2)
    stream = call.connected(QUIET)
    hears(call, audio, MULAW)
    assert b"".join(payloads(call, stream)) == audio
    assert call.last(EventKind.NOISE_CANCELLATION_FAILED).details["problem"].startswith("There is no webrtc-noise-gain on this machine: ")


def test_the_library_is_let_go_with_its_stream_and_what_waits_goes_out_before() -> None:
    call = Driven(StreamLimits())
    prompt, late, dropped = (call.connected(QUIET) for _ in range(3))
    hears(call, hiss(MULAW, 3), MULAW)
    for stream in (prompt, dropped):
        payloads(call, stream)
    hears(call, hiss(MULAW, 1), MULAW)
    noises = [call.session.streams[stream].noise for stream in (prompt, late, dropped)]
    for stream in (prompt, late):
        call.session.stop_stream(stream, EndCause.STOPPED_BY_API, "API", call.now)
    call.session.streams[dropped].end(EndCause.CUSTOMER_LOST, call.now, "gone")
    assert [noise is not None and noise.active for noise in noises] == [True, False, False], "4 s of one are too many to clean at once"
    assert b"".join(payloads(call, late)) == hiss(MULAW, 3) + hiss(MULAW, 1)
    cleaned = to_linear(b"".join(payloads(call, prompt)), MULAW)
    assert level_db(cleaned) < level_db(to_linear(hiss(MULAW, 1), MULAW)) - 15
    assert not any(noise is not None and noise.active for noise in noises)


def test_a_stream_of_the_other_track_alone_is_told_that_there_is_nothing_to_suppress() -> None:
    call = Driven(StreamLimits())
    call.connected(StreamRequest("wss://bot.example/audio", audio_track="outbound", noise_cancellation=True))
    assert "inbound track" in call.last(EventKind.NOISE_CANCELLATION_FAILED).details["problem"]


def test_what_came_before_the_answer_goes_through_it_in_its_order() -> None:
    call, stream = Driven(StreamLimits(), answered=False), UUID(int=1)
    hears(call, hiss(MULAW, 0.5), MULAW)
    call.session.follow([(stream, QUIET)], call.now)
    call.session.streams[stream].dialling(call.now)
    call.session.streams[stream].connect_succeeded(call.now, {"duration_ms": 1})
    times = [int(text["media"]["timestamp"]) for text in medias(call, stream)]
    assert len(times) == 25
    assert all(later - earlier == 20 for earlier, later in pairwise(times))
