import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.audio.convert import to_linear, tone
from streams.pure.messages import AudioFormat, Encoding
from streams.pure.recording.tape import Taken, TapedFrame
from streams.pure.recording.tracks import GAPS, TwoTracks

L16 = AudioFormat(Encoding.L16, 8000)
WIDE = AudioFormat(Encoding.L16, 16000)
MULAW = AudioFormat(Encoding.MULAW, 8000)


def pieces(count: int, source: AudioFormat = L16, first: int = 0) -> list[TapedFrame]:
    """Frames of 20 ms without a hole, each other than the others."""
    size = round(source.bytes_per_ms * 20)
    return [TapedFrame(1000 + number * 20, bytes([number % 120 + 1]) * size) for number in range(first, first + count)]


def test_left_is_the_caller_and_right_the_bot_sample_by_sample():
    tracks = TwoTracks(L16, MULAW, 1000)
    samples = tracks.finish(Taken(pieces(5), pieces(3, MULAW), 1100))
    left, right = (b"".join(piece.payload for piece in side) for side in (pieces(5), pieces(3, MULAW)))
    assert np.array_equal(samples[:, 0], to_linear(left, L16))
    assert np.array_equal(samples[:480, 1], to_linear(right, MULAW))
    assert not samples[480:, 1].any()
    assert tracks.made_ms == 100


@pytest.mark.parametrize(("until_ms", "after"), [(1160, []), (1400, [[140, 400]])], ids=["a call's end", "silence"])
def test_what_never_went_to_the_service_is_silence_and_marked(until_ms, after):
    tracks = TwoTracks(L16, L16, 1000)
    samples = tracks.finish(Taken([*pieces(2), *pieces(2, first=5)], [], until_ms))
    assert tracks.gaps.spans == [[40, 100], *after]
    assert tracks.gaps.total_ms == sum(end - begin for begin, end in tracks.gaps.spans)
    assert samples[:320, 0].all() and not samples[320:800, 0].any() and samples[800:1120, 0].all()
    assert len(samples) == (until_ms - 1000) * 8 and not samples[1120:, 0].any()


def test_very_many_gaps_are_counted():
    tracks = TwoTracks(L16, L16, 0)
    holes = GAPS + 7
    tracks.finish(Taken([TapedFrame(40 + number * 60, b"\1" * 320) for number in range(holes)], [], 40 + holes * 60 - 40))
    assert (len(tracks.gaps.spans), tracks.gaps.more) == (GAPS, 7)


def test_audio_that_comes_faster_than_it_is_heard_moves_nothing():
    tracks = TwoTracks(L16, L16, 1000)
    samples = tracks.finish(Taken([*pieces(3), TapedFrame(1040, b"\x7f" * 320), *pieces(1, first=3)], [], 1080))
    assert np.array_equal(samples[:, 0], to_linear(b"".join(piece.payload for piece in pieces(4)), L16))


@given(st.lists(st.integers(1, 40), max_size=6))
def test_it_is_the_same_in_however_many_parts_it_is_taken(parts):
    whole, in_parts = TwoTracks(L16, MULAW, 1000), TwoTracks(L16, MULAW, 1000)
    caller, bot = pieces(150), pieces(50, MULAW, first=20)
    made, until = [], 1000.0
    for part in parts:
        until = min(until + part * 20, 4000)
        made.append(in_parts.add(Taken(_before(caller, until), _before(bot, until), until)))
        caller, bot = caller[len(_before(caller, until)) :], bot[len(_before(bot, until)) :]
    made.append(in_parts.finish(Taken(caller, bot, 4000)))
    assert np.array_equal(np.concatenate(made), whole.finish(Taken(pieces(150), pieces(50, MULAW, first=20), 4000)))
    assert in_parts.gaps == whole.gaps


def _before(side: list[TapedFrame], until: float) -> list[TapedFrame]:
    return [piece for piece in side if piece.at_ms < until]


@pytest.mark.parametrize("parts", [1, 7])
def test_two_sample_rates_become_the_higher_one_in_time(parts):
    """A tone of the bot's at 8 kHz stays where it was beside a caller at 16 kHz."""
    tracks = TwoTracks(WIDE, L16, 0)
    audio = tone(440, 400, L16)
    bot = [TapedFrame(200 + at, audio[at * 16 : at * 16 + 320]) for at in range(0, 400, 20)]
    made = []
    for part in range(parts):
        until = 1000 * (part + 1) / parts
        taken = Taken([], [piece for piece in bot if until - 1000 / parts <= piece.at_ms < until], until)
        made.append(tracks.finish(taken) if part == parts - 1 else tracks.add(taken))
    right = np.concatenate(made)[:, 1].astype(float)
    loud = np.flatnonzero(np.abs(right) > 3000)
    assert len(right) == 16000
    assert abs(loud[0] - 3200) < 16 * 3 and abs(loud[-1] - 9600) < 16 * 3
