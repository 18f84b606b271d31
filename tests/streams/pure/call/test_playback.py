"""Order, pace, bounds and checkpoints of what is played to a call."""

import random
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.pure.audio.convert import Converter, to_linear
from streams.pure.call.playback import LEAD_MS, QUEUE_MS, STEP_MS, Playback, PlaybackFull, PlaybackStep
from streams.pure.messages import AudioFormat, Clear, Encoding, Mark, Play

MULAW, L16, L16_16K = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16000)
ME, OTHER = uuid4(), uuid4()


def played(step: PlaybackStep) -> bytes:
    return b"".join(command.payload for command in step.commands if isinstance(command, Play))


def run(playback: Playback, start: float, seconds: float, tick: float = 0.02) -> tuple[bytes, list[tuple[float, str]]]:
    """Everything played and the checkpoints reached in so many seconds of ticks."""
    audio, reached, now = b"", [], start
    while now <= start + seconds:
        step = playback.advance(now)
        audio += played(step)
        reached += [(now, each.name) for each in step.reached]
        now += tick
    return audio, reached


def test_the_first_audio_goes_out_at_once_and_the_rest_at_the_pace_it_is_heard() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(8 * 2000), MULAW, 0.0)
    assert len(played(playback.advance(0.0))) == 8 * LEAD_MS
    assert len(played(playback.advance(0.1))) == 8 * 100
    assert playback.waiting_ms == 1500


def test_same_format_is_byte_for_byte() -> None:
    playback = Playback(MULAW, marks=False)
    sent = bytes(range(256)) * 25  # 40 frames
    for start in range(0, len(sent), 333):
        playback.play(ME, sent[start : start + 333], MULAW, 0.0)
    assert run(playback, 0, 2)[0] == sent


def test_a_short_rest_is_filled_with_silence_once_nothing_follows() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, b"\x01" * 170, MULAW, 0.0)
    assert run(playback, 0, 1)[0] == b"\x01" * 170 + b"\xff" * 150


def test_a_rest_is_carried_over_while_more_comes() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, b"\x01" * 170, MULAW, 0.0)
    audio = played(playback.advance(0.0))
    playback.play(ME, b"\x02" * 150, MULAW, 0.0)
    assert audio + run(playback, 0.01, 1)[0] == b"\x01" * 170 + b"\x02" * 150


def test_a_tone_is_converted_and_resampled() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(2 * 16000), L16_16K, 0.0)
    playback.checkpoint(ME, "end")
    audio, _ = run(playback, 0, 2)
    assert 8 * 1000 <= len(audio) <= 8 * 1060
    assert set(audio) <= {0xFF, 0x7F, 0xFE, 0x7E}


def test_without_marks_a_checkpoint_is_reached_when_all_before_it_must_have_been_heard() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(8 * 500), MULAW, 0.0)
    playback.checkpoint(ME, "half")
    playback.play(ME, bytes(8 * 500), MULAW, 0.0)
    playback.checkpoint(ME, "whole")
    _, reached = run(playback, 0, 2)
    assert [name for _, name in reached] == ["half", "whole"]
    assert 0.5 <= reached[0][0] < 0.53 and 1.0 <= reached[1][0] < 1.03


def test_with_marks_a_checkpoint_is_reached_when_the_gateway_says_so() -> None:
    playback = Playback(MULAW, marks=True)
    playback.play(ME, bytes(8 * 100), MULAW, 0.0)
    playback.checkpoint(ME, "greeting")
    step = playback.advance(0.0)
    assert [type(command) for command in step.commands] == [Play, Mark]
    assert playback.advance(5.0).reached == []
    mark = step.commands[1]
    assert isinstance(mark, Mark)
    assert [each.name for each in playback.mark_played(mark.name)] == ["greeting"]
    assert playback.mark_played(mark.name) == []


def test_a_mark_confirms_those_before_it_whose_word_was_lost() -> None:
    playback = Playback(MULAW, marks=True)
    playback.checkpoint(ME, "one")
    playback.checkpoint(ME, "two")
    marks = [command.name for command in playback.advance(0.0).commands if isinstance(command, Mark)]
    assert [each.name for each in playback.mark_played(marks[1])] == ["one", "two"]


def test_a_checkpoint_with_nothing_before_it_is_reached_at_once() -> None:
    playback = Playback(MULAW, marks=False)
    playback.checkpoint(ME, "now")
    assert [each.name for each in playback.advance(3.0).reached] == ["now"]


def test_clear_is_silence_at_once_and_voids_checkpoints() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(8 * 1000), MULAW, 0.0)
    playback.checkpoint(ME, "never")
    playback.advance(0.0)
    assert playback.clear(ME, 0.1) == [Clear()]
    assert playback.waiting_ms == 0
    assert run(playback, 0.1, 2) == (b"", [])


def test_clear_with_nothing_to_hear_tells_the_gateway_nothing() -> None:
    assert Playback(MULAW, marks=False).clear(ME, 1.0) == []


def test_clear_leaves_what_other_streams_queued() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, b"\x01" * 1600, MULAW, 0.0)
    playback.play(OTHER, b"\x02" * 1600, MULAW, 0.0)
    playback.clear(ME, 0.0)
    assert run(playback, 0, 1)[0] == b"\x02" * 1600


def test_more_than_a_minute_is_refused_whole_and_says_how_much_waits() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(8 * 59_000), MULAW, 0.0)
    with pytest.raises(PlaybackFull, match=r"59\.0 s of audio wait"):
        playback.play(ME, bytes(8 * 2000), MULAW, 0.0)
    assert playback.waiting_ms == 59_000


def test_a_gateway_that_is_full_is_waited_for() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(8 * 1000), MULAW, 0.0)
    playback.pause()
    assert playback.advance(0.0).commands == []
    playback.resume()
    assert len(played(playback.advance(0.1))) == 8 * LEAD_MS


steps = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.integers(0, 5000)),
        st.tuples(st.just("mark"), st.integers(0, 9)),
        st.tuples(st.just("clear"), st.just(0)),
        st.tuples(st.just("tick"), st.integers(1, 400)),
    ),
    max_size=60,
)


@given(steps)
def test_never_more_than_the_lead_is_with_the_gateway_and_nothing_is_counted_twice(script: list[tuple[str, int]]) -> None:
    playback, now, heard_until = Playback(MULAW, marks=False), 0.0, 0.0
    for verb, value in script:
        if verb == "play":
            try:
                playback.play(ME, bytes(value), MULAW, now)
            except PlaybackFull:
                assert playback.waiting_ms + value / 8 > QUEUE_MS
        elif verb == "mark":
            playback.checkpoint(ME, str(value))
        elif verb == "clear":
            heard_until = min(heard_until, now)
            playback.clear(ME, now)
        else:
            now += value / 1000
        step = playback.advance(now)
        heard_until = max(heard_until, now) + len(played(step)) / 8000
        assert heard_until - now <= (LEAD_MS + 20) / 1000 + 1e-6
        assert playback.waiting_ms >= 0


def test_ids_are_kept_apart() -> None:
    playback = Playback(L16, marks=False)
    playback.play(UUID(int=1), b"\1\0" * 160, L16, 0.0)
    playback.play(UUID(int=2), b"\2\0" * 160, L16, 0.0)
    assert run(playback, 0, 1)[0] == b"\1\0" * 160 + b"\2\0" * 160


def test_a_checkpoint_after_each_chunk_changes_no_byte_of_the_speech() -> None:
    playback, now, audio, reached = Playback(MULAW, marks=False), 0.0, b"", []
    sizes = [100, 507, 333, 160, 101, 499, 250, 320, 411, 290, 371, 300]
    speech = bytes(1 + at % 250 for at in range(sum(sizes)))
    given = 0
    for number, size in enumerate(sizes):
        playback.play(ME, speech[given : given + size], MULAW, now)
        playback.checkpoint(ME, str(number))
        given += size
        step = playback.advance(now)
        audio += played(step)
        reached += [each.name for each in step.reached]
        now += size / 8000
    rest, later = run(playback, now, 2)
    assert (audio + rest)[: len(speech)] == speech
    assert set((audio + rest)[len(speech) :]) == {0xFF} and len(audio + rest) - len(speech) < 160
    assert reached + [name for _, name in later] == [str(number) for number in range(len(sizes))]


def test_a_checkpoint_stands_behind_the_frame_with_its_last_byte() -> None:
    playback = Playback(MULAW, marks=True)
    playback.play(ME, bytes(200), MULAW, 0.0)
    playback.checkpoint(ME, "in the second frame")
    assert [type(command) for command in playback.advance(0.0).commands] == [Play]
    playback.play(ME, bytes(200), MULAW, 0.01)
    assert [type(command) for command in playback.advance(0.01).commands] == [Play, Mark]


def test_the_last_words_follow_without_a_hole_even_by_a_slow_clock() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(8 * 1000 + 30), MULAW, 0.0)
    playback.checkpoint(ME, "end")
    now, until = 0.0, 0.0
    while now < 2:
        if step_bytes := len(played(playback.advance(now))):
            assert not until or now <= until, "the gateway had run dry"
            until = max(until, now) + step_bytes / 8000
        now += 0.1
    assert until == pytest.approx(1.02)


def test_what_one_stream_said_last_does_not_wait_for_all_that_another_says() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(170), MULAW, 0.0)
    playback.checkpoint(ME, "mine")
    playback.play(OTHER, bytes(8 * 5000), MULAW, 0.0)
    _, reached = run(playback, 0.0, 6.0)
    assert [name for _, name in reached] == ["mine"]
    for started in range(1, 10):
        playback.play(OTHER, bytes(8 * 1000), MULAW, 6.0 + started)
    playback.play(ME, bytes(170), MULAW, 6.0)
    playback.checkpoint(ME, "mine again")
    _, reached = run(playback, 6.0, 1.0)
    assert reached == []
    _, reached = run(playback, 7.0, 14.0)
    assert [name for _, name in reached] == ["mine again"]


def test_another_format_goes_on_in_the_middle_of_a_frame() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, b"\x01" * 100, MULAW, 0.0)
    playback.play(ME, bytes(2 * 60), L16, 0.0)
    playback.play(ME, b"\x02" * 160, MULAW, 0.0)
    assert run(playback, 0, 1)[0] == b"\x01" * 100 + b"\xff" * 60 + b"\x02" * 160


@pytest.mark.parametrize("source", [MULAW, L16, L16_16K, AudioFormat(Encoding.L16, 24000)])
@settings(max_examples=40)
@given(data=st.data())
def test_however_speech_is_cut_the_gateway_gets_the_same_bytes(source: AudioFormat, data: st.DataObject) -> None:
    """Into messages, with checkpoints between them, in any rhythm that leaves no pause."""
    size = round(source.bytes_per_ms * 330)
    speech = random.Random(size).randbytes(size)
    whole = Playback(MULAW, marks=False)
    whole.play(ME, speech, source, 0.0)
    expected, _ = run(whole, 0.0, 3.0)

    playback, now, audio, names, reached = Playback(MULAW, marks=False), 0.0, b"", [], []
    cuts = sorted(data.draw(st.sets(st.integers(1, size - 1), max_size=12)))
    for start, end in zip([0, *cuts], [*cuts, size], strict=True):
        playback.play(ME, speech[start:end], source, now)
        if data.draw(st.booleans()):
            playback.checkpoint(ME, str(end))
            names.append(str(end))
        for _ in range(data.draw(st.integers(0, 4))):
            step = playback.advance(now)
            audio += played(step)
            reached += [each.name for each in step.reached]
            now += 0.02
    rest, later = run(playback, now, 3.0)
    if source.rate == MULAW.rate:
        assert audio + rest == expected
    # The resampler dithers, by the blocks it gets: a sample may be the neighbouring one of mu-law's steps, 1024 at most.
    assert len(audio + rest) == len(expected)
    assert np.abs(np.subtract(to_linear(audio + rest, MULAW), to_linear(expected, MULAW), dtype=np.int32)).max() <= 1024
    assert reached + [name for _, name in later] == names


class Conversions:
    """How many milliseconds of audio each call of something converted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, source: AudioFormat) -> None:
        self.ms: list[float] = []
        convert = Converter.convert

        def counted(converter: Converter, payload: bytes) -> list[bytes]:
            self.ms[-1] += source.duration_ms(len(payload))
            return convert(converter, payload)

        monkeypatch.setattr(Converter, "convert", counted)

    def of(self, act: Callable[[], object]) -> None:
        self.ms.append(0.0)
        act()


@pytest.mark.parametrize("rate", [8000, 11025, 24000, 44100, 48000])
def test_no_call_converts_more_than_falls_due_however_much_a_message_holds(monkeypatch: pytest.MonkeyPatch, rate: int) -> None:
    source = AudioFormat(Encoding.L16, rate)
    conversions, playback, now = Conversions(monkeypatch, source), Playback(MULAW, marks=True), 0.0
    minute = bytes(round(source.bytes_per_ms * 59_000))
    conversions.of(lambda: playback.play(ME, minute, source, 0.0))
    for number in range(20):
        conversions.of(partial(playback.checkpoint, ME, str(number)))
    while playback.waiting_ms > 1:
        conversions.of(partial(playback.advance, now))
        now += 0.1
    assert max(conversions.ms) <= LEAD_MS + STEP_MS
    assert sum(conversions.ms) == pytest.approx(59_000, abs=1)
    assert 58 < now < 60


def test_what_waits_unconverted_is_cleared_like_the_rest_and_others_go_on() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(2 * 16 * 5000), L16_16K, 0.0)
    playback.checkpoint(ME, "never")
    playback.play(OTHER, b"\x07" * 800, MULAW, 0.0)
    playback.advance(0.0)
    assert playback.clear(ME, 0.0) == [Clear()]
    assert playback.waiting_ms == 100
    audio, reached = run(playback, 0.0, 6.0)
    assert (audio, reached) == (b"\x07" * 800, [])


def test_two_voices_that_alternate_byte_by_byte_behind_a_minute_stay_in_order_and_bounded() -> None:
    playback = Playback(MULAW, marks=False)
    playback.play(ME, bytes(8 * 55_000), MULAW, 0.0)
    for _ in range(1600):
        playback.play(ME, b"\x01", MULAW, 0.0)
        playback.play(OTHER, b"\x02", MULAW, 0.0)
    audio, _ = run(playback, 0.0, 58.0, tick=0.1)
    assert audio == bytes(8 * 55_000) + (b"\x01" * 160 + b"\x02" * 160) * 10
