"""NumberedFrame frames: in order within a bound, counted beyond it, whatever the numbers do."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.gateway.frame_order import FrameOrder, NumberedFrame
from streams.pure.messages import FrameFaults

NONE = FrameFaults()


def frame(name: object, ms: float = 20.0) -> NumberedFrame[object]:
    return NumberedFrame(name, ms, hash(("frame", name)))


def fed(numbers, order: FrameOrder[object] | None = None, names=None) -> tuple[list[object], FrameFaults]:
    """All of it, to the end; each frame is its number unless it has a name."""
    order = order if order is not None else FrameOrder()
    out = [item for number, name in zip(numbers, names or numbers, strict=True) for item in order.put(number, frame(name))]
    return out + order.flush(), order.faults


def swapped(numbers: list[int], each: int) -> list[int]:
    """Each so-manieth comes before its neighbour."""
    told = list(numbers)
    for place in range(each - 1, len(told) - 1, each):
        told[place], told[place + 1] = told[place + 1], told[place]
    return told


def test_what_is_in_order_is_not_held_for_a_moment():
    order: FrameOrder[object] = FrameOrder()
    for number in range(1, 200):
        assert order.put(number, frame(number)) == [number]
    assert (order.holds, order.faults) == (False, NONE)


@pytest.mark.parametrize("each", [2, 3, 5, 7])
@pytest.mark.parametrize("first", [0, 1, 1000])
def test_neighbours_that_changed_places(each, first):
    numbers = list(range(first, first + 100))
    out, faults = fed(swapped(numbers, each))
    assert out == numbers
    assert (faults.lost, faults.doubled, faults.late) == (0, 0, 0)
    assert faults.reordered == sum(a > b for a, b in zip(swapped(numbers, each), swapped(numbers, each)[1:], strict=False))


def test_one_that_comes_four_frames_late_is_put_in_its_place():
    out, faults = fed([1, 3, 4, 5, 6, 2, 7])
    assert (out, faults) == ([1, 2, 3, 4, 5, 6, 7], FrameFaults(reordered=1))


def test_one_that_comes_later_than_that_is_too_late_and_not_lost():
    out, faults = fed([1, 3, 4, 5, 6, 7, 8, 2, 9])
    assert (out, faults) == ([1, 3, 4, 5, 6, 7, 8, 9], FrameFaults(late=1))


def test_never_more_than_a_tenth_of_a_second_waits():
    order: FrameOrder[object] = FrameOrder()
    order.put(1, frame(1))
    held = 0
    for number in range(3, 30):
        held += 1 - len(order.put(number, frame(number)))
        assert 0 <= held <= 5
    assert order.faults == FrameFaults(lost=1)


def test_of_frames_of_a_tenth_of_a_second_one_may_wait():
    order: FrameOrder[object] = FrameOrder()
    out = [item for number in (1, 3, 2, 4, 6, 7, 8) for item in order.put(number, frame(number, 100.0))]
    assert out == [1, 2, 3, 4, 6, 7, 8]
    assert order.faults == FrameFaults(lost=1, reordered=1)


@pytest.mark.parametrize("gap", [1, 3, 10, 500])
def test_gaps_are_counted(gap):
    numbers = [*range(1, 20), *range(20 + gap, 60 + gap)]
    assert fed(numbers) == (numbers, FrameFaults(lost=gap))


def test_doubles_are_dropped_and_counted():
    out, faults = fed([1, 1, 2, 3, 3, 3, 4, 2, 5])
    assert (out, faults) == ([1, 2, 3, 4, 5], FrameFaults(doubled=4))


def test_doubles_of_what_is_held():
    out, faults = fed([1, 3, 3, 2, 4])
    assert (out, faults) == ([1, 2, 3, 4], FrameFaults(doubled=1, reordered=1))


@pytest.mark.parametrize("size", [2**16, 2**32])
def test_a_count_that_wraps(size):
    places = list(range(size - 50, size + 50))
    out, faults = fed([place % size for place in places], names=places)
    assert (out, faults) == (places, NONE)


@pytest.mark.parametrize("size", [2**16, 2**32])
@pytest.mark.parametrize("around", [-2, -1, 0, 1])
def test_neighbours_that_changed_places_where_the_count_wraps(size, around):
    places = list(range(size - 50, size + 50))
    told = list(places)
    told[50 + around], told[51 + around] = told[51 + around], told[50 + around]
    out, faults = fed([place % size for place in told], names=told)
    assert (out, faults) == (places, FrameFaults(reordered=1))


def test_losses_where_the_count_wraps():
    places = [place for place in range(2**16 - 20, 2**16 + 20) if place not in (2**16 - 1, 2**16)]
    assert fed([place % 2**16 for place in places], names=places) == (places, FrameFaults(lost=2))


@pytest.mark.parametrize(("before", "after"), [(50, 1), (50, 0), (5000, 1), (9999, 0), (10, 90_000), (80_000, 7)])
def test_a_count_that_begins_anew_loses_nothing(before, after):
    first = [("first", number) for number in range(max(before - 40, 1), before + 1)]
    second = [("second", number) for number in range(after, after + 60)]
    names = first + second
    assert fed([number for _, number in names], names=names) == (names, NONE)


def test_frames_that_begin_anew_while_some_are_held():
    names = [("first", number) for number in (1, 2, 4, 5)] + [("second", number) for number in (1, 2, 3)]
    out, faults = fed([number for _, number in names], names=names)
    assert out == names
    assert faults.lost == 1


def test_what_has_no_number_stands_where_it_came():
    numbers = [1, 2, None, 4, 5, None, None, 8]
    out, faults = fed(numbers, names=list(range(1, 9)))
    assert (out, faults) == (list(range(1, 9)), NONE)


def test_none_has_a_number():
    assert fed([None] * 5, names=list(range(5))) == (list(range(5)), NONE)


def test_a_number_that_something_else_has_is_not_missing():
    order: FrameOrder[object] = FrameOrder()
    out = order.put(1, frame("a")) + order.put(2, NumberedFrame(None, 0.0, 0)) + order.put(3, frame("b"))
    out += order.put(5, frame("d")) + order.put(4, NumberedFrame(None, 0.0, 0))
    assert (out, order.faults, order.holds) == (["a", "b", "d"], NONE, False)


def test_something_else_that_comes_when_its_number_was_given_up_was_no_loss():
    order: FrameOrder[object] = FrameOrder()
    out = [item for number in (1, 3, 4, 5, 6, 7, 8) for item in order.put(number, frame(number))]
    assert order.faults.lost == 1
    order.put(2, NumberedFrame(None, 0.0, 0))
    assert (out, order.faults) == ([1, 3, 4, 5, 6, 7, 8], NONE)


def test_numbers_of_something_else_do_not_begin_a_count_anew():
    order: FrameOrder[object] = FrameOrder()
    out = [item for number in range(500, 520) for item in order.put(number, frame(number))]
    order.put(1, NumberedFrame(None, 0.0, 0))
    order.put(90_000, NumberedFrame(None, 0.0, 0))
    out += [item for number in range(520, 540) for item in order.put(number, frame(number))]
    assert (out, order.faults) == (list(range(500, 540)), NONE)


@pytest.mark.parametrize("step", [2, 3, 160])
def test_numbers_that_count_something_else_are_left_alone_in_the_end(step):
    numbers = list(range(1, 1 + 200 * step, step))
    order: FrameOrder[object] = FrameOrder()
    out, faults = fed(numbers, order)
    assert (out, faults) == (numbers, NONE)
    assert order.put(10_000_000, frame("at once")) == ["at once"]


def test_timestamps_jump_while_nothing_is_sent_and_that_is_no_loss():
    numbers = [*range(1, 20), *range(150, 170)]
    assert fed(numbers, FrameOrder(gaps_are_losses=False)) == (numbers, NONE)


def test_a_first_number_that_is_not_the_first_is_no_loss():
    assert fed([4, 5, 6, 7, 8, 9, 10, 11]) == ([4, 5, 6, 7, 8, 9, 10, 11], NONE)
    assert fed([40, 41, 42]) == ([40, 41, 42], NONE)


@given(
    st.integers(0, 70_000),
    st.lists(st.sampled_from(["in turn", "swap", "double", "lose", "no number"]), min_size=1, max_size=120),
)
def test_nothing_is_heard_twice_and_what_came_in_time_is_heard_in_order(first, story):
    told: list[tuple[int | None, int]] = [(first, first)]
    at = first + 1
    for step in story:
        if step == "swap":
            told += [(at + 1, at + 1), (at, at)]
        elif step == "double":
            told += [(at, at), (at, at), (at + 1, at + 1)]
        elif step == "no number":
            told += [(at, at), (None, at + 1)]
        elif step == "in turn":
            told += [(at, at), (at + 1, at + 1)]
        at += 2
    order: FrameOrder[object] = FrameOrder()
    out = [item for number, name in told for item in order.put(None if number is None else number % 2**16, frame(name))]
    out += order.flush()
    assert len(set(map(str, out))) == len(out)
    if "lose" not in story:
        assert out == sorted({name for _, name in told})
        assert order.faults.lost == order.faults.late == 0


@given(st.lists(st.none() | st.integers(-5, 2**33), max_size=80), st.booleans())
def test_whatever_the_numbers_are_every_frame_is_heard_once_or_counted(numbers, losses):
    order: FrameOrder[object] = FrameOrder(losses)
    out = [item for place, number in enumerate(numbers) for item in order.put(number, frame((place, number)))]
    out += order.flush()
    assert len(set(out)) == len(out)
    assert not order.holds
    if not order._useless:
        assert len(out) + order.faults.doubled + order.faults.late == len(numbers)


def test_a_bad_network_all_at_once():
    rng = random.Random(7)
    numbers = [number for number in range(1, 2000) if rng.random() > 0.02]
    told = sorted(numbers, key=lambda number: number + rng.uniform(0, 3))
    out, faults = fed(told)
    assert out == numbers
    assert faults.lost == 1999 - len(numbers) - sum(number > numbers[-1] for number in range(1, 2000))
    assert faults.reordered > 100
