"""The table at the end of a run: of each part of the tests what passed, what failed, what was not run and why, and how long it took.

So that a missing browser or PostgreSQL is never mistaken for a pass. Owns the parts and the table; why a test was skipped, it says."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

BROWSER = "console in a browser"
NOTE = "ran"
"""The property of a test that says what it ran: `record_property(NOTE, "555 passed")`."""

PARTS = {
    "tests/journeys/test_real_asterisk": "real Asterisk",
    "tests/journeys/test_both_ways.py::test_a_pipecat_bot": "Pipecat bot",
    "tests/journeys/test_tutorial.py::test_an_asterisk": "real Asterisk",
    "tests/journeys/": "journeys of an installation",
    "tests/conformance/": "Autobahn",
    "tests/cdr/api/test_node_sdk": "Node SDK",
    "tests/cdr/api/": "REST API",
    "tests/cdr/": "console and bills",
    "tests/streams/simulate/": "simulators",
    "tests/streams/": "calls, gateways, customers, callbacks",
    "tests/config/": "settings and the runner",
    "tests/test_on_postgres": "PostgreSQL",
    "": "the tests' own tools",
}
"""By how the name of a test begins; the first that fits. Before them: rules, by their folder, and a browser, by its mark."""

COLUMNS = {"passed": "passed", "xpassed": "failed", "failed": "failed", "error": "failed", "skipped": "not run", "xfailed": "not run"}
"""pytest's categories of reports. Its "" is the setup and the end of a test that passed: only their time counts."""


@dataclass
class Row:
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    notes: dict[str, None] = field(default_factory=dict)
    """In their order, each once."""


def part_of(name: str, marks: Iterable[str]) -> str:
    if "/pure/" in name:
        return "rules (pure)"
    return BROWSER if "browser" in marks else next(part for begin, part in PARTS.items() if name.startswith(begin))


def table(stats: Mapping[str, Iterable[Any]]) -> list[str]:
    """Lines of it. Times of several processes are added up."""
    rows: dict[str, Row] = {}
    for category, reports in stats.items():
        for report in reports:
            if isinstance(report, pytest.TestReport | pytest.CollectReport) and category in ("", *COLUMNS):
                count(rows.setdefault(part_of(report.nodeid, getattr(report, "keywords", ())), Row()), category, report)
    lines = [line(name, rows[name]) for name in dict.fromkeys(("rules (pure)", BROWSER, *PARTS.values())) if name in rows]
    return [f"{'part':<40}{'passed':>8}{'failed':>8}{'not run':>9}{'seconds':>9}", *lines]


def count(row: Row, category: str, report: pytest.TestReport | pytest.CollectReport) -> None:
    row.seconds += getattr(report, "duration", 0)
    if not category:
        return
    row.counts[COLUMNS[category]] += 1
    if category == "skipped" and isinstance(report.longrepr, tuple):
        row.notes["NOT RUN: " + report.longrepr[2].removeprefix("Skipped: ")] = None
    for name, value in getattr(report, "user_properties", ()):
        if name == NOTE:
            row.notes[str(value)] = None


def line(name: str, row: Row) -> str:
    passed, failed, not_run = (row.counts[column] for column in ("passed", "failed", "not run"))
    return f"{name:<40}{passed:>8}{failed:>8}{not_run:>9}{row.seconds:>9.0f}   {'; '.join(row.notes)}".rstrip()


def write(terminal: pytest.TerminalReporter) -> None:
    """Nothing for one part of which all was run, as when somebody tries a file of it."""
    lines = table(terminal.stats)
    if len(lines) <= 2 and not any("NOT RUN" in text for text in lines):
        return
    terminal.section("what ran")
    for text in lines:
        terminal.write_line(text, yellow="NOT RUN" in text)
