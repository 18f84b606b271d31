"""A test leaves nothing said; of one that passes one report is sent, with the time of all (tests/runtest_protocol.py)."""

from types import SimpleNamespace
from unittest.mock import Mock
from uuid import uuid4

import pytest

from streams.log_subject import speak_of_call, spoken_of
from tests import runtest_protocol
from tests.runtest_protocol import as_one


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


@pytest.mark.parametrize(("process", "told"), [({}, 3), ({"workerinput": {}}, 1)])
def test_what_is_spoken_of_ends_with_the_test(monkeypatch: pytest.MonkeyPatch, process: dict[str, object], told: int) -> None:
    said = []

    def run(item: object, **_: object) -> list[pytest.TestReport]:
        speak_of_call(uuid4())
        said.append(spoken_of())
        return reports("passed", "passed", "passed")

    monkeypatch.setattr(runtest_protocol, "runtestprotocol", run)
    item = SimpleNamespace(config=SimpleNamespace(**process), ihook=Mock(), nodeid="test_it", location=("file", 1, "test_it"))
    assert runtest_protocol.pytest_runtest_protocol(item, None)  # type: ignore[arg-type]
    assert said[0] and not spoken_of()
    assert item.ihook.pytest_runtest_logreport.call_count == told
