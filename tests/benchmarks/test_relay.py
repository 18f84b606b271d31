"""The arithmetic of the relay's figures, and that nobody measures the frames of calls that pass by."""

import os
import time

import pytest

from tests.benchmarks.load import OF_NO_TIME, Measured
from tests.benchmarks.relay import later_than
from tests.process_use import fine_cpu_seconds


def test_hundredths_and_thousandths() -> None:
    ordered = [float(number) for number in range(1000)]
    assert [later_than(share, ordered) for share in (0.5, 0.99, 0.999, 1)] == [500, 990, 999, 999]
    assert later_than(0.999, [7.0]) == 7
    assert later_than(0.5, []) == 0


def test_a_frame_of_a_passing_call_is_not_counted() -> None:
    measured = Measured(recording=True)
    measured.arrived(OF_NO_TIME, time.monotonic_ns())
    measured.arrived(1_000_000, 3_000_000)
    assert measured.latencies_ms == [2.0]


def test_cpu_of_a_process_as_it_counts_itself() -> None:
    assert fine_cpu_seconds(os.getpid()) == pytest.approx(time.process_time(), abs=0.005)
