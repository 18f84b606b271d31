"""What the table at the end of a run says."""

from pathlib import Path
from typing import Any

import pytest

from tests import report

ROOT = Path(__file__).parent.parent


def ended(name: str, outcome: Any = "passed", when: Any = "call", *, why: str = "", seconds: float = 0.0, **more: Any) -> pytest.TestReport:
    words = ("tests/x.py", 1, f"Skipped: {why}") if why else None
    marks = more.pop("marks", {})
    return pytest.TestReport(name, ("tests/x.py", 1, name), marks, outcome, words, when, duration=seconds, **more)


def rows(**stats: list[pytest.TestReport | pytest.CollectReport]) -> dict[str, str]:
    return {line[:40].strip(): " ".join(line[40:].split()) for line in report.table(stats)[1:]}


def test_each_part_has_a_row_with_what_became_of_it_and_its_time() -> None:
    passed = [ended("tests/streams/pure/test_a.py::test_a", seconds=1.4), ended("tests/cdr/test_b.py::test_b", seconds=2)]
    failed = [ended("tests/cdr/test_b.py::test_c", "failed")]
    begun = [ended("tests/cdr/test_b.py::test_b", when="setup", seconds=3)]
    assert rows(passed=passed, failed=failed, **{"": begun}) == {"rules (pure)": "1 0 0 1", "console and bills": "1 1 0 5"}


def test_what_was_not_run_says_why_once() -> None:
    skipped = [ended(f"tests/cdr/admin/test_x.py::test_{n}", "skipped", "setup", why="no Chromium", marks={"browser": 1}) for n in range(3)]
    assert rows(skipped=skipped) == {"console in a browser": "0 0 3 0 NOT RUN: no Chromium"}


def test_a_module_that_cannot_be_collected_is_not_run_either() -> None:
    module = pytest.CollectReport("tests/cdr/api/test_node_sdk.py", "skipped", ("tests/x.py", 1, "Skipped: no Node"), [])
    assert rows(skipped=[module]) == {"Node SDK": "0 0 1 0 NOT RUN: no Node"}


def test_a_failed_setup_counts_as_a_failure() -> None:
    assert rows(error=[ended("tests/test_on_postgres.py::test_a", "failed", "setup")]) == {"PostgreSQL": "0 1 0 0"}


def test_a_test_that_ran_others_says_so() -> None:
    outer = ended("tests/test_on_postgres.py::test_a", user_properties=[(report.NOTE, "555 passed")])
    assert rows(passed=[outer]) == {"PostgreSQL": "1 0 0 0 555 passed"}


def test_what_pytest_says_of_itself_is_no_part() -> None:
    assert rows(warnings=[object()], deselected=[object()]) == {}  # type: ignore[list-item]


@pytest.mark.parametrize("begin", [begin for begin in report.PARTS if begin])
def test_every_part_has_tests(begin: str) -> None:
    file, _, name = begin.partition("::")
    found = ROOT / file if file.endswith((".py", "/")) else ROOT / f"{file}.py"
    assert found.exists() and (not name or f"def {name}" in found.read_text())
