"""What two processes are reckoned to carry, by hand."""

import pytest

from tests.benchmarks.cores import calls_begun, carried_beside
from tests.benchmarks.relay import Round


def of(*by_process: float) -> Round:
    return Round(sum(by_process), core_share=0.5, p50_ms=1, p99_ms=2, p999_ms=3, lost=0, pace=50, by_process=by_process)


def test_as_many_more_as_the_busiest_takes_less() -> None:
    assert carried_beside(of(80), of(0, 40, 40)) == pytest.approx(2)
    assert carried_beside(of(80), of(0.5, 60, 20)) == pytest.approx(80 / 60), "the emptier one waits for the fuller one"
    assert carried_beside(of(80), of(0, 50, 50)) == pytest.approx(1.6), "and what a frame costs more is paid by both"


def test_the_calls_of_a_process() -> None:
    figures = 'streamdesk_events_total{kind="stream_started"} 9.0\nstreamdesk_events_total{kind="call_started"} 7.0\n'
    assert calls_begun(figures) == 7
    assert calls_begun("") == 0
