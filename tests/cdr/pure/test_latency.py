"""Percentiles by nearest rank."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.latency import percentile


def test_the_answer_is_a_value_that_was_measured() -> None:
    assert percentile([30], 95) == 30
    assert percentile(list(range(1, 101)), 95) == 95
    assert percentile([10] * 19 + [900], 95) == 10
    assert percentile([10] * 18 + [900] * 2, 95) == 900


def test_no_values_have_none() -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 50)


@given(st.lists(st.integers(), min_size=1), st.floats(0, 100))
def test_at_least_that_share_is_not_above_it(values, percent) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-9 * len(values)
