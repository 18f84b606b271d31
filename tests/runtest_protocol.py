"""How each test is run: in a context of its own, so that what it speaks of in its log, its language and its time zone end with it.

Of a test that passes, a process of the run sends one report instead of three, with the time of all: whoever receives them is busy for a
quarter of a millisecond with each, and there are eight thousand tests.

Owns which reports are one. Must not know what is done with them."""

from collections.abc import Sequence
from contextvars import copy_context

import pytest
from _pytest.runner import runtestprotocol


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """As pytest's own."""
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = copy_context().run(runtestprotocol, item, log=False, nextitem=nextitem)
    for report in as_one(reports) if hasattr(item.config, "workerinput") else reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def as_one(reports: Sequence[pytest.TestReport]) -> Sequence[pytest.TestReport]:
    if len(reports) != 3 or any(report.outcome != "passed" for report in reports):
        return reports
    call = reports[1]
    call.duration = sum(report.duration for report in reports)
    return [call]
