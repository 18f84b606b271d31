"""Of a test that passes one report is sent, with the time of all (tests/one_report.py)."""

import pytest

from tests.one_report import as_one


def reports(*outcomes: str) -> list[pytest.TestReport]:
    phases = ("setup", "call", "teardown")
    return [
        pytest.TestReport("test_it", ("file", 1, "test_it"), {}, outcome, None, phase, duration=2.0**place)  # type: ignore[arg-type]
        for place, (phase, outcome) in enumerate(zip(phases, outcomes, strict=False))
    ]


def test_what_passed_is_told_once_and_takes_the_time_of_all() -> None:
    (told,) = as_one(reports("passed", "passed", "passed"))
    assert (told.when, told.outcome, told.duration) == ("call", "passed", 7.0)


@pytest.mark.parametrize(
    "outcomes", [("failed", "passed"), ("passed", "failed", "passed"), ("passed", "passed", "failed"), ("skipped", "passed")]
)
def test_what_did_not_is_told_as_it_is(outcomes: tuple[str, ...]) -> None:
    made = reports(*outcomes)
    assert [report.duration for report in as_one(made)] == [2.0**place for place in range(len(outcomes))]
