"""Which tests run together when pytest has several processes (`make test`, or `pytest -n auto --dist loadscope`).

Owns how many processes there are and what each of them takes next. Without -n nothing of this is in force."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

JOURNEYS = "tests/journeys/"
TOGETHER = (JOURNEYS, "tests/cdr/test_live_page.py", "tests/cdr/admin/entry/test_single_sign_on.py", "tests/config/test_settings.py")
"""What shares something that takes seconds to start: the journeys their installation, the pages that live a server and a browser,
single sign-on its identity provider, the settings the process that reads them."""


def processes() -> int:
    """One a core, one for the journeys and one for what waits for PostgreSQL and browsers; six at most, as each collects all tests."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 2, 6)


def longest_first(items: list[pytest.Item]) -> None:
    """Marked tests begin early, so that no process is left with a long one when the others have finished."""
    items.sort(key=lambda item: not (item.get_closest_marker("slow") or item.get_closest_marker("postgres")))


FIRST = "gw0"
COMPILED_SECONDS = 60.0


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """On a fresh tree one process compiles the tests, which is half of collecting them, and the others find them compiled."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return (yield)
    compiled = Path(tempfile.gettempdir(), f"streamdesk-tests-{worker['testrunuid']}")
    if worker["workerid"] == FIRST:
        try:
            return (yield)
        finally:
            compiled.touch()
            session.config.add_cleanup(lambda: compiled.unlink(missing_ok=True))
    if not any(Path(__file__).parent.glob("streams/__pycache__/test_*.pyc")):
        until(compiled.exists, COMPILED_SECONDS)
    return (yield)


def until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)


class Distribution(LoadScopeScheduling):
    """The journeys are one piece and the first that is given away; every other test is a piece of its own, taken by whoever is free, but
    for those that are better together, and for rules: a file of them takes less than handing them out one by one."""

    def _split_scope(self, nodeid: str) -> str:
        if "/pure/" in nodeid:
            return nodeid.partition("::")[0]
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)
