"""How fast what a peer sends is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.allowance import Allowance
from streams.pure.reading_pace import HASTE_SECONDS, MESSAGE_BYTES, OF_CUSTOMERS, OF_GATEWAYS, ReadingPace

FEW = Allowance(a_second=10, at_once=3)


@pytest.mark.parametrize(("allowance", "a_second"), [(OF_CUSTOMERS, 100), (OF_GATEWAYS, 200)])
def test_speech_is_never_waited_for(allowance: Allowance, a_second: int) -> None:
    """Pieces of 20 ms with a checkpoint behind each; two tracks in frames of 10 ms."""
    pace = ReadingPace(allowance)
    assert {pace.pause_seconds(1000, 1 + number / a_second) for number in range(100_000)} == {None}


def test_a_minute_of_speech_in_small_pieces_at_once_is_read_at_once() -> None:
    pace = ReadingPace(OF_CUSTOMERS)
    assert {pace.pause_seconds(1000, 1 + number * 1e-5) for number in range(1, 6000)} == {None, 0.0}


def test_what_waited_already_lets_others_have_a_turn() -> None:
    pace = ReadingPace(FEW)
    assert [pace.pause_seconds(1, now) for now in (1.0, 1.0, 1.0 + HASTE_SECONDS * 2)] == [None, 0.0, None]


def test_beyond_what_is_read_at_once_it_is_so_many_a_second() -> None:
    pace = ReadingPace(FEW)
    pauses = [pace.pause_seconds(1, 1.0) for _ in range(5)]
    assert pauses[3:] == [pytest.approx(0.1, abs=0.01), pytest.approx(0.2, abs=0.01)]
    assert pace.pause_seconds(1, 100.0) is None


def test_a_large_message_counts_as_several() -> None:
    pace = ReadingPace(FEW)
    assert pace.pause_seconds(13 * MESSAGE_BYTES, 1.0) == pytest.approx(1.0, abs=0.01)


@given(st.lists(st.tuples(st.integers(0, 100_000), st.floats(0, 1)), max_size=100))
def test_who_waits_as_told_never_gets_more_than_is_allowed(messages: list[tuple[int, float]]) -> None:
    pace, now, count = ReadingPace(FEW), 1.0, 0.0
    for size, later in messages:
        now += later
        count += max(size / MESSAGE_BYTES, 1)
        now += pace.pause_seconds(size, now) or 0.0
        assert count <= FEW.at_once + FEW.a_second * (now - 1.0 + HASTE_SECONDS) + 1e-6
