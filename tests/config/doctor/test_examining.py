"""No examination can hang or break the others."""

import threading

from config.doctor.examining import examine_all
from config.doctor.findings import Examination, Severity, error, warning


def reports(*examinations: Examination, limit_seconds: float = 30.0):
    return {report.name: report for report in examine_all(examinations, limit_seconds)}


def test_what_hangs_is_a_finding_and_the_next_is_examined() -> None:
    over = threading.Event()

    def hang():
        over.wait(30)
        return []

    found = reports(Examination("hangs", hang), Examination("next", lambda: []), limit_seconds=0.2)
    over.set()
    assert "no answer within 0.2 s" in found["hangs"].findings[0].what and found["next"].findings == []


def test_what_breaks_is_a_finding_without_what_is_secret() -> None:
    def broken():
        yield warning("This came first.", "Do.")
        raise RuntimeError("https://user:hunter2@host/?token=hunter3 went\nwrong.")

    [found] = reports(Examination("broken", broken))["broken"].findings
    assert found.severity is Severity.ERROR and "RuntimeError" in found.what and "\n" not in found.what
    assert "hunter2" not in found.what and "hunter3" not in found.what


def test_what_needs_another_is_left_out_with_what_to_do_first() -> None:
    found = reports(
        Examination("first", lambda: [error("Away.", "Start it.")], remedy="start it"),
        Examination("second", lambda: [warning("Old.", "Renew it.")], remedy="renew it"),
        Examination("third", lambda: [error("Never asked.", "")], ("first",)),
        Examination("fourth", lambda: [], ("second",)),
    )
    assert (found["third"].findings, found["third"].skipped) == ([], "start it")
    assert found["fourth"].skipped == ""
