"""Percentiles of durations that were all kept.

Owns the definition: nearest rank, so that the answer is a duration that was measured."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[int], percent: float) -> int:
    """The smallest of `values` that at least `percent` of them do not exceed. Raises ValueError when there are none."""
    if not values:
        raise ValueError("no values have no percentile")
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]
