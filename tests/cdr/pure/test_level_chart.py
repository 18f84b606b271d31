"""The chart of a buffer: drawn inside of its plane whatever was measured, and told in words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.level_chart import HEIGHT, WIDTH, level_chart

BEGAN = datetime(2026, 11, 23, 14, 1, 37, tzinfo=UTC)


def chart(peaks_ms: list[int], seconds: float | None = None, width_ms: int = 500, capacity_ms: int = 40_000):
    levels = {"peaks_ms": peaks_ms, "width_ms": width_ms, "capacity_ms": capacity_ms}
    return level_chart(levels, BEGAN, None if seconds is None else BEGAN + timedelta(seconds=seconds))


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in text.split())]


def test_a_customer_that_stopped_reading() -> None:
    drawn = chart([second * 1000 for second in range(41)], 41, width_ms=1000)
    assert drawn.tone == "bad"
    assert drawn.words == (
        "Highest 40.0 s of the 40 s it holds (100 %) at 14:02:17, half of the time 20.0 s or less. "
        "It passed 30 % at 14:01:49, 60 % at 14:02:01 and 90 % at 14:02:13."
    )
    assert (drawn.begins, drawn.ends) == ("14:01:37", "14:02:18")
    line = points(drawn.line)
    assert line == sorted(line, key=lambda point: -point[1]) and line[-1] == (WIDTH, 0.0)


def test_a_healthy_stream_stays_at_the_bottom() -> None:
    drawn = chart([180, 20, 20, 40])
    assert drawn.tone == "good" and drawn.words.endswith("half of the time 40 ms or less. It never passed 30 %.")
    assert all(y > HEIGHT * 0.99 for _, y in points(drawn.line))
    assert [(mark.percent, mark.y) for mark in drawn.marks] == [(30, 70), (60, 40), (90, 10)]


def test_one_level_passed() -> None:
    drawn = chart([0, 12_000, 100])
    assert drawn.tone == "warn" and drawn.words.endswith("It passed 30 % at 14:01:37.")


def test_one_point_is_a_line_across_and_none_is_no_chart() -> None:
    assert points(chart([20_000], 0.3).line) == [(0, 50), (WIDTH * 0.25 / 0.3, 50), (WIDTH, 50)]
    assert chart([]) is None
    assert level_chart({}, BEGAN, None) is None


def test_the_last_stretch_is_drawn_to_where_the_stream_ended() -> None:
    assert chart([0, 0, 100], 1.2).ends == "14:01:38"
    assert chart([0, 0, 100]).ends == "14:01:38" and chart([0, 0, 100], 900).ends == "14:01:38"


@given(
    st.lists(st.integers(0, 90_000), min_size=1, max_size=240),
    st.floats(0, 200_000),
    st.integers(1, 600_000),
)
def test_everything_is_drawn_inside_of_the_plane_from_left_to_right(peaks_ms, seconds, width_ms) -> None:
    drawn = chart(peaks_ms, seconds, width_ms)
    line = points(drawn.line)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line)
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert (line[0][0], line[-1][0]) == (0, WIDTH)
    assert points(drawn.area) == [(0, HEIGHT), *line, (WIDTH, HEIGHT)]


@pytest.mark.parametrize("capacity_ms", [1000, 40_000])
def test_the_full_buffer_is_the_top(capacity_ms) -> None:
    assert points(chart([capacity_ms], capacity_ms=capacity_ms).line)[0][1] == 0
