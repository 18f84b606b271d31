"""What the log says of something that is away: a line when it goes, one a minute, one when it is back."""

import logging
import time

import pytest

from streams.outages import Outage

log = logging.getLogger(__name__)


@pytest.fixture
def outage() -> Outage:
    return Outage(log, "Writing notes")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_hundred_failures_are_one_line_and_the_end_is_another(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(100):
        outage.failed(OSError("connection refused\n  Is the server running?"), "they wait")
    assert outage.away
    outage.worked()
    outage.worked()
    assert not outage.away
    went, back = lines(caplog)
    assert went == "Writing notes failed (connection refused Is the server running?); they wait."
    assert back.startswith("Writing notes works again after ") and back.endswith("and 100 failures.")


def test_once_a_minute_it_says_how_long_and_how_often(
    outage: Outage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    for _ in range(121):
        outage.failed(TimeoutError(), "they wait")
        moment[0] += 1
    assert lines(caplog)[1:] == [
        "Writing notes has been failing for 60 s (61 failures, the last: TimeoutError); they wait.",
        "Writing notes has been failing for 120 s (121 failures, the last: TimeoutError); they wait.",
    ]


def test_what_works_all_the_time_says_nothing(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.worked()
    assert lines(caplog) == []


LASTING = Outage(log, "What lasts longer than a test")


@pytest.mark.parametrize("test", ["the first", "the next"])
def test_what_a_test_takes_away_the_next_finds_in_its_place(test: str, caplog: pytest.LogCaptureFixture) -> None:
    """Else a failure would be a line in whichever of them comes first."""
    LASTING.failed(OSError(test), "they wait")
    assert lines(caplog) == [f"What lasts longer than a test failed ({test}); they wait."]
