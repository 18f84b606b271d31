"""The buffer's order and levels."""

from hypothesis import given
from hypothesis import strategies as st

from streams.pure.call.buffer import LEVELS, REARM_POINTS, Backlog, Gauge, Waiting


def media(number: int, duration_ms: float = 20.0) -> Waiting:
    return Waiting("media", bytes([number % 256]), number, duration_ms)


def test_backlog_gives_back_in_order_and_counts_the_audio() -> None:
    backlog = Backlog()
    for number in range(5):
        backlog.put(media(number))
    backlog.put(Waiting("dtmf", "5", 9))
    assert backlog.held_ms == 100
    taken = [backlog.take() for _ in range(6)]
    assert [item.timestamp_ms for item in taken if item] == [0, 1, 2, 3, 4, 9]
    assert backlog.held_ms == 0
    assert backlog.take() is None


def test_clear_says_how_much_audio_was_dropped() -> None:
    backlog = Backlog()
    backlog.put(media(1))
    backlog.put(media(2))
    assert backlog.clear() == 40
    assert backlog.take() is None


def test_each_level_is_passed_once_on_the_way_up() -> None:
    gauge = Gauge(40_000)
    passed = [gauge.read(fill).passed for fill in (11_999, 12_000, 12_500, 24_000, 36_000, 39_000)]
    assert passed == [(), (30,), (), (60,), (90,), ()]


def test_a_jump_passes_several_levels_at_once() -> None:
    assert Gauge(1000).read(700).passed == (30, 60)


def test_a_level_counts_again_only_after_five_points_below() -> None:
    gauge = Gauge(1000)
    assert gauge.read(310).passed == (30,)
    assert gauge.read(260) == ((), ())
    assert gauge.read(310) == ((), ())
    assert gauge.read(250).rearmed == (30,)
    assert gauge.read(310).passed == (30,)


def test_the_high_water_mark_stays() -> None:
    gauge = Gauge(1000)
    gauge.read(800)
    gauge.read(10)
    assert gauge.peak_ms == 800


@given(st.lists(st.floats(0, 1200), max_size=200))
def test_between_two_passings_of_a_level_lies_a_rearming(fills: list[float]) -> None:
    gauge = Gauge(1000)
    armed = set(LEVELS)
    for fill in fills:
        passed, rearmed = gauge.read(fill)
        assert set(passed) <= armed
        assert all(fill / 10 >= level for level in passed)
        assert all(fill / 10 <= level - REARM_POINTS for level in rearmed)
        armed = (armed - set(passed)) | set(rearmed)


@given(st.lists(st.one_of(st.just(None), st.floats(0.5, 60)), max_size=200))
def test_held_audio_is_never_negative_and_zero_when_empty(steps: list[float | None]) -> None:
    backlog = Backlog()
    for step in steps:
        if step is None:
            backlog.take()
        else:
            backlog.put(media(0, step))
        assert backlog.held_ms >= -1e-6
    while backlog.take():
        pass
    assert backlog.held_ms == 0
