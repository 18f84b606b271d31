"""What comes before the message that explains it: kept in order within a bound, and said once beyond."""

from streams.pure.gateway.early_words import EARLY_BYTES, EARLY_WORDS, EarlyWords
from streams.pure.messages import Unreadable


def test_it_comes_out_in_order_and_once():
    early: EarlyWords[str] = EarlyWords("start")
    assert not early.keep("a", 1)
    assert not early.keep("b", 1)
    assert early.release() == ["a", "b"]
    assert early.release() == []


def test_the_oldest_goes_and_that_is_said_once():
    early: EarlyWords[bytes] = EarlyWords("start")
    frames = [bytes([number]) * 32_000 for number in range(5)]
    said = [problem for frame in frames for problem in early.keep(frame, len(frame))]
    assert said == [Unreadable("More than a second of audio came before start; the oldest of it is dropped.")]
    assert early.release() == frames[-(EARLY_BYTES // 32_000) :]


def test_many_small_ones_are_bounded_as_well():
    early: EarlyWords[int] = EarlyWords("start")
    said = [problem for number in range(EARLY_WORDS + 50) for problem in early.keep(number, 0)]
    assert len(said) == 1
    assert early.release() == list(range(50, EARLY_WORDS + 50))


def test_after_it_was_dropped_nothing_is_kept():
    early: EarlyWords[str] = EarlyWords("start")
    early.drop()
    early.keep("a", 1)
    assert early.release() == []
