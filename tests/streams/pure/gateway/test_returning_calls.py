"""Calls that come again although they are over: remembered, refused a little later each time, and not without bound."""

from uuid import UUID, uuid4

from streams.pure.gateway.returning_calls import LONGEST_PAUSE_SECONDS, ReturningCalls

CALL = UUID(int=1)


def test_each_refusal_takes_longer_than_the_one_before() -> None:
    calls = ReturningCalls()
    refusals = [calls.refuse(CALL) for _ in range(100)]
    assert [before for before, _ in refusals] == list(range(100))
    pauses = [pause for _, pause in refusals]
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE_SECONDS
    assert calls.refuse(uuid4()) == (0, 0.1)


def test_a_refused_call_may_be_live_and_one_that_is_over_stays_over() -> None:
    calls = ReturningCalls()
    calls.refuse(CALL)
    assert CALL not in calls
    calls.add(CALL)
    assert CALL in calls and None not in calls
    assert calls.refuse(CALL) == (1, 0.2)


def test_only_the_last_ones_are_remembered() -> None:
    calls = ReturningCalls(at_most=3)
    for number in range(5):
        calls.add(UUID(int=number))
    assert [number for number in range(5) if UUID(int=number) in calls] == [2, 3, 4]
    calls.refuse(UUID(int=2))
    calls.add(UUID(int=9))
    assert [number for number in (2, 3, 4, 9) if UUID(int=number) in calls] == [2, 4, 9]
