import math

from hypothesis import given
from hypothesis import strategies as st

from streams.pure.messages import AudioFormat, Encoding
from streams.pure.recording.tape import Tape, TapedFrame

MULAW = AudioFormat(Encoding.MULAW, 8000)


def tape(last_ms: float = math.inf) -> Tape:
    return Tape(MULAW, MULAW, 0.0, last_ms)


def test_what_was_taken_back_was_not_heard():
    kept = tape()
    for number in range(5):
        kept.heard(b"%d" % number, number * 20)
    kept.cut(50)
    assert kept.take(1000).bot == [TapedFrame(0, b"0"), TapedFrame(20, b"1"), TapedFrame(40, b"2")]


def test_pieces_are_taken_once():
    kept = tape()
    kept.sent(b"a", 0)
    kept.sent(b"b", 20)
    assert kept.take(20).caller == [TapedFrame(0, b"a")]
    assert kept.take(40).caller == [TapedFrame(20, b"b")]
    assert kept.take(60).caller == []


@given(st.integers(1, 500), st.sampled_from([100, 1000, 5000]))
def test_a_ring_holds_the_last_of_it_and_no_more(frames, last_ms):
    kept = tape(last_ms)
    for number in range(frames):
        kept.sent(b"c", number * 20)
        kept.heard(b"b", number * 20)
    taken = kept.take(math.inf)
    assert len(taken.caller) == len(taken.bot) == min(frames, last_ms // 20 + 1)
    assert taken.caller[-1].at_ms == (frames - 1) * 20


def test_after_it_was_dropped_nothing_is_kept():
    kept = tape()
    kept.sent(b"a", 0)
    kept.drop()
    kept.sent(b"b", 20)
    kept.heard(b"b", 20)
    assert kept.take(1000).held_bytes == 0
