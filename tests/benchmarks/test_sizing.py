"""The manual's table of sizes is what the arithmetic says, and the simulation agrees with what is known of such calls."""

from pathlib import Path

import pytest

from tests.benchmarks import sizing

MANUAL = Path(__file__).parents[2] / "docs/scaling.md"


def test_the_table_of_the_manual_is_what_is_reckoned() -> None:
    assert "\n".join(sizing.rows(180)) in MANUAL.read_text()


def test_the_arithmetic_by_hand() -> None:
    of_10_000 = sizing.needs(10_000, 180)
    assert of_10_000.media_processes == 66  # 10,000 / (0.6 s / (50 x 78 us))
    assert of_10_000.calls == pytest.approx(55.56, abs=0.01)
    assert of_10_000.mbit_out == pytest.approx(10_000 * 50 * 364 * 8 / 1e6)


def test_as_many_are_there_as_littles_law_says_and_none_above_the_room() -> None:
    came = sizing.simulate(500, 60, 4, room=200, seed=1)
    assert came.mean == pytest.approx(500, rel=0.06)
    assert came.mean < came.most <= 4 * came.busiest
    assert came.turned_away == 0


def test_with_too_little_room_calls_are_turned_away_and_no_process_has_more() -> None:
    came = sizing.simulate(500, 60, 4, room=100, seed=1)
    assert came.busiest == 100
    assert came.turned_away > 0
