"""The table of moves and the meaning of each end."""

import pytest

from streams.pure.lifecycle import ENDINGS, LIVE_STATES, MOVES, CallbackEvent, EndCause, EventKind, HangupReason, StreamState, moved


def test_every_live_state_can_end_and_the_end_is_final() -> None:
    for state in LIVE_STATES:
        assert moved(state, EventKind.STREAM_ENDED) is StreamState.ENDED
    assert not [state for state, _ in MOVES if state is StreamState.ENDED]


def test_a_move_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="requested cannot have stream_started"):
        moved(StreamState.REQUESTED, EventKind.STREAM_STARTED)


def test_streaming_is_reached_only_through_connecting_and_connected() -> None:
    state = StreamState.REQUESTED
    for event in (
        EventKind.CONNECT_STARTED,
        EventKind.CONNECT_FAILED,
        EventKind.CONNECT_STARTED,
        EventKind.CONNECTED,
        EventKind.STREAM_STARTED,
    ):
        state = moved(state, event)
    assert state is StreamState.STREAMING
    assert [start for (start, event), end in MOVES.items() if end is StreamState.STREAMING] == [StreamState.CONNECTED]


def test_every_cause_has_one_of_the_four_reasons_and_one_final_callback() -> None:
    assert set(ENDINGS) == set(EndCause)
    assert {ending.reason for ending in ENDINGS.values()} == set(HangupReason)
    assert {ending.callback for ending in ENDINGS.values()} == {CallbackEvent.STOP_STREAM, CallbackEvent.DROPPED_STREAM}


def test_only_a_dropped_stream_carries_an_error() -> None:
    for ending in ENDINGS.values():
        assert bool(ending.error) is (ending.callback is CallbackEvent.DROPPED_STREAM)
