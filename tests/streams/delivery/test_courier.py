"""How soon a round of delivering follows the one before."""

import pytest

from streams.delivery.courier import BUSY_ROUND_SECONDS, ROUND_SECONDS, longer_for_the_busy


@pytest.mark.parametrize(
    ("took", "begins_after"),
    [(0.0, ROUND_SECONDS), (0.008, ROUND_SECONDS), (0.015, 0.045), (0.03, BUSY_ROUND_SECONDS), (0.05, BUSY_ROUND_SECONDS), (5.0, 5.0)],
)
def test_the_longer_a_round_takes_the_later_the_next_begins_up_to_a_limit(took, begins_after) -> None:
    """One that a slow database held up for longer is followed at once."""
    assert max(took, ROUND_SECONDS) + longer_for_the_busy(took) == pytest.approx(begins_after)
