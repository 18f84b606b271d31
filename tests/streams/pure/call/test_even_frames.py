"""20 ms out, whatever comes in, and timestamps that say so."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.convert import to_linear
from streams.pure.call.even_frames import AHEAD_MS, GAP_MS, EvenFrames
from streams.pure.messages import AudioFormat, Encoding

MULAW, ALAW = AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.ALAW, 8000)
L16, L16_16K = AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16000)
T0 = 1_700_000_000_000
SOURCES = [MULAW, ALAW, *(AudioFormat(Encoding.L16, rate) for rate in (8000, 12_000, 16_000, 24_000, 44_100, 48_000))]


def stamped(even: EvenFrames, payload: bytes, timestamp_ms: int) -> list[tuple[bytes, int]]:
    frames, first_ms = even.frames(payload, timestamp_ms)
    return [(frame, first_ms + 20 * index) for index, frame in enumerate(frames)]


@pytest.mark.parametrize("source", SOURCES, ids=str)
@pytest.mark.parametrize("target", [MULAW, L16, L16_16K], ids=str)
def test_each_frame_holds_20_ms_and_advances_by_as_much(source: AudioFormat, target: AudioFormat) -> None:
    for frame_ms in (2.5, 5, 10, 20, 30, 40, 60, 100, 120):
        even, got, count = EvenFrames(source, target), [], round(1200 / frame_ms)
        size = round(source.bytes_per_ms * frame_ms)
        size -= size % 2
        for number in range(count):
            got += stamped(even, bytes(size), T0 + round(number * frame_ms))
        assert {target.duration_ms(len(frame)) for frame, _ in got} == {20}, frame_ms
        assert {later - earlier for (_, earlier), (_, later) in zip(got, got[1:], strict=False)} == {20}, frame_ms
        frames, _ = even.flush()
        assert all(target.duration_ms(len(frame)) == 20 for frame in frames[:-1]), frame_ms
        out_ms = sum(target.duration_ms(len(frame)) for frame in [frame for frame, _ in got] + frames)
        assert out_ms == pytest.approx(source.duration_ms(size) * count, abs=1), frame_ms


def test_a_frame_of_20_ms_is_the_same_object() -> None:
    even, frame = EvenFrames(MULAW, MULAW), bytes(range(160))
    (out,), _ = even.frames(frame, T0)
    assert out is frame


@given(st.lists(st.one_of(st.integers(1, 9), st.integers(1, 2000), st.sampled_from([80, 160, 240, 320, 480])), min_size=1, max_size=30))
def test_however_the_gateway_cuts_nothing_is_lost_or_added(sizes: list[int]) -> None:
    even, sent, got = EvenFrames(MULAW, MULAW), b"", []
    for number, size in enumerate(sizes):
        payload = random.Random(number).randbytes(size)
        sent += payload
        got += even.frames(payload, T0 + number)[0]
    rest, _ = even.flush()
    assert b"".join([*got, *rest]) == sent
    assert {len(frame) for frame in got} <= {160} and len(rest) <= 1 and 0 < len(b"".join(rest) or b"x") < 160


@given(st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_l16_cut_at_odd_bytes_is_the_same_sound(sizes: list[int]) -> None:
    sent = random.Random(1).randbytes(sum(sizes) // 2 * 2)
    whole, cut, at, got = EvenFrames(L16, MULAW), EvenFrames(L16, MULAW), 0, []
    for size in sizes:
        got += cut.frames(sent[at : at + size], T0)[0]
        at += size
    expected = whole.frames(sent, T0)[0] + whole.flush()[0]
    assert b"".join(got + cut.flush()[0]) == b"".join(expected)


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 20)), min_size=1, max_size=30))
def test_timestamps_never_go_back_nor_far_from_the_clock(bursts: list[tuple[int, int]]) -> None:
    """In stalls and bursts of any length."""
    even, clock_ms, before = EvenFrames(MULAW, MULAW), T0, 0
    for pause_ms, count in bursts:
        clock_ms += pause_ms
        for _ in range(count):
            ((_, stamp),) = stamped(even, bytes(160), clock_ms)
            assert stamp >= before
            assert -GAP_MS <= stamp - clock_ms <= AHEAD_MS + 20
            before = stamp


def test_a_jitter_does_not_show_and_a_gap_does() -> None:
    even, rng = EvenFrames(MULAW, MULAW), random.Random(4)
    stamps = [even.frames(bytes(160), T0 + 20 * number + rng.randint(0, 90))[1] for number in range(200)]
    assert {later - earlier for earlier, later in zip(stamps, stamps[1:], strict=False)} == {20}
    _, after = even.frames(bytes(160), T0 + 20 * 200 + 3000)
    assert after == T0 + 20 * 200 + 3000


def test_speech_keeps_its_shape_through_other_frame_sizes() -> None:
    seconds = np.arange(16_000) / 16_000
    speech = (8000 * np.sin(2 * np.pi * 440 * seconds)).astype("<i2").tobytes()
    heard = {}
    for size in (320, 640, 960, 1920):
        even = EvenFrames(L16_16K, MULAW)
        frames = [frame for at in range(0, len(speech), size) for frame in even.frames(speech[at : at + size], T0)[0]]
        heard[size] = to_linear(b"".join(frames + even.flush()[0]), MULAW).astype(np.int32)
    for samples in heard.values():
        assert np.abs(samples - heard[640]).max() <= 1024
