"""Timing in fixed buckets: the figures are right within a bucket, and a day takes no more room than a minute."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.call.measure import EDGES_US, POINTS_AT_MOST, Arrivals, Histogram, Levels, percentile_ms

DURATIONS = st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=80)


def of(durations: list[float]) -> dict:
    histogram = Histogram()
    for seconds in durations:
        histogram.add(seconds)
    return json.loads(json.dumps(histogram.to_json()))


def test_the_edges_rise_from_nothing() -> None:
    assert EDGES_US[0] == 0 and list(EDGES_US) == sorted(set(EDGES_US))


@given(DURATIONS)
def test_every_duration_is_counted_in_its_bucket_once(durations) -> None:
    kept = of(durations)
    assert sum(kept["counts_us"].values()) == len(durations)
    assert kept["max_us"] == round(max(durations) * 1e6)
    beginnings = {str(max(edge for edge in EDGES_US if edge / 1e6 <= seconds)) for seconds in durations}
    assert set(kept["counts_us"]) == beginnings


@given(DURATIONS, st.integers(1, 100))
def test_a_percentile_is_in_the_bucket_of_the_true_one(durations, percent) -> None:
    kept = of(durations)
    true_us = sorted(durations)[math.ceil(len(durations) * percent / 100) - 1] * 1e6
    edge = max(edge for edge in EDGES_US if edge <= true_us)
    following = next((other for other in EDGES_US if other > edge), 90_000_001)
    assert edge - 1 <= percentile_ms(**kept, percent=percent) * 1000 <= following + 1


def test_percentiles_never_pass_the_longest_and_nothing_has_none() -> None:
    kept = of([0.02] * 99 + [0.0411])
    assert percentile_ms(**kept, percent=50) == pytest.approx(20.5, abs=0.6)
    assert percentile_ms(**kept, percent=100) == pytest.approx(41.1)
    assert percentile_ms({}, 0, 50) is None


# Arrivals ------------------------------------------------------------------------------------------------------------------
def arrivals_at(*times: float, frame_ms: float = 20) -> dict:
    arrivals = Arrivals()
    arrivals.expect(frame_ms)
    for now in times:
        arrivals.came("inbound", now)
    return arrivals.to_json()


def test_a_steady_gateway() -> None:
    kept = arrivals_at(*(100 + index * 0.02 for index in range(101)))
    assert (sum(kept["counts_us"].values()), kept["late"], kept["frame_ms"]) == (100, 0, 20)
    assert percentile_ms(kept["counts_us"], kept["max_us"], 50) == pytest.approx(20, abs=1)


def test_a_frame_is_late_when_more_than_two_frame_times_passed() -> None:
    assert arrivals_at(0, 0.0399, 0.08)["late"] == 1
    assert arrivals_at(0, 0.0399, 0.08, frame_ms=30)["late"] == 0
    assert arrivals_at(5)["counts_us"] == {}


def test_a_second_track_beside_the_first_is_not_taken_for_gaps() -> None:
    arrivals = Arrivals()
    for index in range(51):
        arrivals.came("inbound", index * 0.02)
        arrivals.came("outbound", index * 0.02 + 0.0001)
    assert sum(arrivals.gaps.counts) == 50 and arrivals.gaps.longest == pytest.approx(0.02)


# The buffer's level --------------------------------------------------------------------------------------------------------
def levels_of(readings: list[tuple[float, float]]) -> Levels:
    levels = Levels(100.0, 40_000)
    for after, level_ms in readings:
        levels.read(level_ms, 100.0 + after)
    return levels


def test_each_stretch_keeps_its_peak() -> None:
    assert levels_of([(0.1, 20), (0.2, 60.4), (0.4, 0), (0.6, 5)]).to_json() == {
        "width_ms": 500,
        "capacity_ms": 40_000,
        "peaks_ms": [60, 5],
    }


def test_a_stretch_without_a_reading_is_as_the_reading_before_it() -> None:
    assert levels_of([(0.1, 90), (0.2, 30), (1.6, 70)]).peaks_ms == [90, 30, 30, 70]


def test_a_reading_of_the_past_counts_where_it_belongs() -> None:
    assert levels_of([(0.1, 10), (1.1, 10), (0.2, 99), (-3, 98)]).peaks_ms == [99, 10, 10]


def test_a_day_takes_the_room_of_two_minutes() -> None:
    levels = levels_of([(second, second % 100) for second in range(0, 86_400, 7)])
    assert POINTS_AT_MOST / 2 <= len(levels.peaks_ms) <= POINTS_AT_MOST
    assert levels.width == 512
    assert max(levels.peaks_ms) == 99


@given(st.lists(st.tuples(st.floats(0, 5000), st.integers(0, 40_000)), min_size=1, max_size=60))
def test_no_peak_is_lost_however_often_points_are_merged(readings) -> None:
    readings.sort()
    levels = levels_of(readings)
    assert 0 < len(levels.peaks_ms) <= POINTS_AT_MOST
    assert max(levels.peaks_ms) == max(level for _, level in readings)
    for after, level in readings:
        assert levels.peaks_ms[min(int(after / levels.width), len(levels.peaks_ms) - 1)] >= level
