"""Silence in place of audio that does not come, and what becomes of audio that comes late."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.call.limits import StreamLimits
from streams.pure.call.silence_fill import AHEAD_SECONDS, PATIENCE_SECONDS, SilenceFill
from streams.pure.lifecycle import API_HANGUP, EventKind
from streams.pure.messages import Audio, AudioFormat, Encoding, Ended, StreamRequest
from tests.streams.pure.call.driven import Driven

MULAW = AudioFormat(Encoding.MULAW, 8000)
SPEECH = b"\x11" * 160
FILLED = StreamLimits(fill_silence=True)
TICK = 0.02


class Filled:
    """A fill, a hand on its clock, and what went through it: `s` a frame of speech, `_` one of silence."""

    def __init__(self, format: AudioFormat = MULAW) -> None:
        self.fill, self.now, self.through = SilenceFill(format, 0.0), 0.0, ""

    def speaks(self, count: int, every: float = 0.02, frame: Audio | None = None) -> None:
        for _ in range(count):
            self.waits(every)
            self.fill.came(frame or Audio(SPEECH), self.now)
            self.through += "s"

    def waits(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(self.now + TICK, until)
            self.through += "".join("_" for _ in self.fill.frames(self.now))


def test_a_steady_gateway_gets_no_silence() -> None:
    filled = Filled()
    filled.speaks(500)
    assert (filled.through, filled.fill.totals()) == ("s" * 500, {})


@pytest.mark.parametrize("frame_ms", [10, 20, 30, 40, 60])
def test_a_hold_is_filled_to_the_last_frame_and_ends_with_the_next_word(frame_ms: int) -> None:
    filled, frame = Filled(), Audio(bytes(8 * frame_ms))
    filled.speaks(12, frame_ms / 1000, frame)
    filled.waits(4)
    assert filled.fill.filling
    silence = filled.through.count("_")
    assert silence == 200
    filled.speaks(50, frame_ms / 1000, frame)
    # A frame comes at its end: while it was spoken nobody knew of it.
    assert filled.through.count("_") <= silence + frame_ms // 20 and not filled.fill.filling
    assert filled.through.endswith("s" * 50)
    for _ in range(5):
        filled.waits(4)
        filled.speaks(50, frame_ms / 1000, frame)
    assert filled.fill.filled_ms == pytest.approx(24_000, abs=6 * frame_ms + 20)


def test_jitter_and_short_pauses_are_no_silence() -> None:
    filled = Filled()
    for pause in (0.05, 0.1, 0.15, 0.18):
        filled.speaks(10)
        filled.waits(pause)
    assert "_" not in filled.through


@pytest.mark.parametrize("stalled_seconds", [0.48, 2, 30])
def test_a_stall_loses_no_word_and_what_came_late_is_not_waited_for(stalled_seconds: float) -> None:
    filled, late = Filled(), round(stalled_seconds * 50)
    filled.speaks(50)
    filled.waits(stalled_seconds)
    for _ in range(late):
        filled.fill.came(Audio(SPEECH), filled.now)
    filled.speaks(500)
    assert filled.fill.totals() == {"filled_ms": 20 * late}
    filled.waits(AHEAD_SECONDS + PATIENCE_SECONDS + 0.02)
    assert filled.fill.filling


def test_a_gateway_that_is_fast_by_itself_loses_nothing_and_its_silence_is_found_all_the_same() -> None:
    filled = Filled()
    filled.speaks(5000, every=0.0195)
    assert filled.through == "s" * 5000
    filled.waits(AHEAD_SECONDS + PATIENCE_SECONDS + 0.1)
    assert filled.fill.filling


def test_who_was_held_up_itself_takes_nobody_for_silent() -> None:
    filled = Filled()
    filled.speaks(50)
    filled.now += 3
    assert list(filled.fill.frames(filled.now)) == []
    for _ in range(150):
        filled.fill.came(Audio(SPEECH), filled.now)
    filled.speaks(50)
    assert "_" not in filled.through


def test_each_track_that_comes_is_filled_and_no_other() -> None:
    filled = Filled()
    for _ in range(10):
        filled.now += 0.02
        filled.fill.came(Audio(SPEECH, "outbound"), filled.now)
        filled.fill.came(Audio(SPEECH, "inbound"), filled.now)
    tracks = []
    for _ in range(50):
        filled.now += 0.02
        tracks += [frame.track for frame, _ in filled.fill.frames(filled.now)]
        filled.fill.came(Audio(SPEECH, "inbound"), filled.now)
    assert set(tracks) == {"outbound"} and len(tracks) in (49, 50)
    only = Filled()
    only.fill.came(Audio(SPEECH, "outbound"), 0.0)
    only.now = 0.1
    assert {frame.track for step in range(50) for frame, _ in only.fill.frames(only.now + 0.1 * step)} == {"outbound"}


@pytest.mark.parametrize("format", [MULAW, AudioFormat(Encoding.ALAW, 8000), AudioFormat(Encoding.L16, 16_000)], ids=str)
def test_silence_is_a_frame_of_the_gateways_format(format: AudioFormat) -> None:
    fill = SilenceFill(format, 0.0)
    frames = [frame for at in (0.1, 0.2, 0.3) for frame, _ in fill.frames(at)]
    assert {format.duration_ms(len(frame.payload)) for frame in frames} == {20}
    assert len(frames) == 15


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 200), st.sampled_from([80, 160, 240, 480, 777])), max_size=12))
def test_whatever_the_gateway_does_there_is_never_a_hole(bursts: list[tuple[float, int, int]]) -> None:
    fill, now, longest_gap, last, filled_ms = SilenceFill(MULAW, 0.0), 0.0, 0.0, 0.0, 0.0
    for pause, count, size in bursts:
        until = now + pause
        while now < until:
            now += TICK
            for _ in fill.frames(now):
                longest_gap, last, filled_ms = max(longest_gap, now - last), now, filled_ms + 20
        for _ in range(count):
            fill.came(Audio(bytes(size)), now)
            longest_gap, last = max(longest_gap, now - last), now
    assert longest_gap <= PATIENCE_SECONDS + AHEAD_SECONDS + 2 * TICK
    assert fill.filled_ms == pytest.approx(filled_ms) and filled_ms <= now * 1000 + 20


# On a call ---------------------------------------------------------------------------------------------------------------------
def media_of(call: Driven, stream_id) -> list[dict]:
    return [text["media"] for text in call.texts(stream_id) if text["event"] == "media"]


@pytest.mark.parametrize("content_type", ["audio/x-mulaw;rate=8000", "audio/x-l16;rate=8000", "audio/x-l16;rate=16000"])
def test_a_stream_goes_on_through_four_seconds_of_hold(content_type: str) -> None:
    call = Driven(FILLED)
    stream_id = call.connected(StreamRequest("wss://bot.example/audio", content_type=content_type))
    call.frames(50)
    call.ticks(4)
    call.frames(50)
    media = media_of(call, stream_id)
    stamps = [int(frame["timestamp"]) for frame in media]
    assert {later - earlier for earlier, later in zip(stamps, stamps[1:], strict=False)} == {20}
    assert abs(len(media) - 300) <= 3  # the resampler looks ahead
    assert [frame["chunk"] for frame in media] == list(range(1, len(media) + 1))
    sizes = {len(base64.b64decode(frame["payload"])) for frame in media}
    assert sizes == {160 if "mulaw" in content_type else 640 if "16000" in content_type else 320}


def test_without_the_option_nothing_comes_and_the_timestamps_tell_how_long_it_was() -> None:
    call = Driven(StreamLimits())
    stream_id = call.connected()
    call.frames(50)
    call.ticks(4)
    call.frames(50)
    stamps = [int(frame["timestamp"]) for frame in media_of(call, stream_id)]
    assert len(stamps) == 100 and stamps[50] - stamps[49] == pytest.approx(4020, abs=1)


def test_log_and_timing_tell_of_it() -> None:
    call = Driven(FILLED)
    call.connected()
    call.frames(50)
    call.ticks(3)
    call.frames(5)
    assert "silence is sent" in call.last(EventKind.CALL_AUDIO_STOPPED).details["instead"]
    assert call.last(EventKind.CALL_AUDIO_BACK).details == {"gap_ms": 3020, "count": 1}
    assert call.session.measured().arrivals["filled_ms"] == 3000
    for _ in range(30):
        call.ticks(1.5)
        call.frames(1)
    assert call.kinds().count(EventKind.CALL_AUDIO_STOPPED) == call.kinds().count(EventKind.CALL_AUDIO_BACK) == 10
    call.session.hear(Ended(lost=False, code=1000, words="The gateway hung up."), call.now)
    assert call.last(EventKind.CALL_ENDED).details["filled_ms"] == pytest.approx(48_000, abs=500)


def test_silence_ends_with_the_call() -> None:
    call = Driven(FILLED)
    stream_id = call.connected()
    call.frames(5)
    call.ticks(1)
    assert call.session.filling
    call.session.hang_up(API_HANGUP, "Hung up.", call.now)
    media_of(call, stream_id)
    assert not call.session.filling
    call.ticks(1)
    assert call.session.fill(call.now) == [] and media_of(call, stream_id) == []


def test_a_gateway_that_is_away_leaves_no_hole() -> None:
    call = Driven(StreamLimits(fill_silence=True, resume_seconds=5))
    stream_id = call.connected()
    call.frames(50)
    call.session.hear(Ended(lost=True, code=1006, words="The connection to the gateway was lost."), call.now)
    call.ticks(3)
    assert len(media_of(call, stream_id)) == 200
    assert EventKind.CALL_AUDIO_STOPPED not in call.kinds()
    call.ticks(3)
    assert call.session.over is not None


def test_a_call_that_never_brings_audio_is_silent_from_its_start_and_named() -> None:
    call = Driven(FILLED)
    stream_id = call.connected()
    call.ticks(6)
    assert len(media_of(call, stream_id)) == 300
    assert "silence is sent" in call.last(EventKind.CALL_NO_AUDIO).details["instead"]
