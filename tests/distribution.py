"""Which tests run together when pytest has several processes (`make test`, or `pytest -n auto --dist loadscope`).

Owns how many processes there are, how they begin and what each of them takes next. Without -n nothing of this is in force."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from execnet import gateway_io
from execnet.gateway_base import Popen2IO
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests import warm_start

JOURNEYS = "journeys"
OF_PROCESSES = "journeys that begin processes"
POSTGRESQL = "PostgreSQL"
BROWSER = "a browser"
FRESH = "fresh processes"
WAITING = "what mostly waits"
RULES = "/pure/"
"""In the address of a test that only computes."""
TOGETHER = {
    "tests/journeys/test_behind_nginx.py": OF_PROCESSES,
    "tests/journeys/test_doors.py": OF_PROCESSES,
    "tests/journeys/test_processes.py": OF_PROCESSES,
    "tests/journeys/test_refusing_redis.py": OF_PROCESSES,
    "tests/journeys/test_several_processes.py": OF_PROCESSES,
    "tests/journeys/test_serving_roles.py": OF_PROCESSES,
    "tests/journeys/test_two_hosts.py": OF_PROCESSES,
    "tests/journeys/test_uvicorn.py": OF_PROCESSES,
    "tests/journeys/": JOURNEYS,
    "tests/test_on_postgres.py": POSTGRESQL,
    "tests/test_report.py": POSTGRESQL,
    "tests/cdr/test_live_page.py": BROWSER,
    "tests/cdr/admin/test_every_page.py": BROWSER,
    "tests/cdr/admin/test_escaping.py::test_no_page_lets_markup_through_or_needs_what_the_policy_forbids": BROWSER,
    "tests/cdr/admin/test_accessibility.py": BROWSER,
    "tests/cdr/admin/test_browser": BROWSER,
    "tests/cdr/admin/test_counted_tasks.py": BROWSER,
    "tests/cdr/admin/test_heard.py::test_a_click_on_a_turn_or_a_line_plays_from_there": BROWSER,
    "tests/cdr/api/test_reference.py": BROWSER,
    "tests/config/test_status_strip.py": BROWSER,
    "tests/test_shared_browser.py": BROWSER,
    "tests/cdr/admin/entry/test_single_sign_on.py": "single sign-on",
    "tests/cdr/sign_in/test_identity_provider.py": "single sign-on",
    "tests/config/management/commands/test_doctor.py::test_with_no_database": FRESH,
    "tests/config/management/commands/test_serve.py": FRESH,
    "tests/config/test_error_reports.py": FRESH,
    "tests/config/test_settings.py": FRESH,
    "tests/config/metrics/test_of_worker.py": WAITING,
    "tests/config/test_beat.py": WAITING,
    "tests/config/test_loops.py": WAITING,
    "tests/config/test_supervisor.py": WAITING,
    "tests/conformance/": WAITING,
    "tests/streams/calls/test_lease_keeping.py": WAITING,
    "tests/streams/calls/test_spool.py": WAITING,
    "tests/streams/customers/test_url_testing.py": WAITING,
    "tests/streams/fetch/test_request.py": WAITING,
    "tests/streams/recordings/test_recorder.py": WAITING,
    "tests/streams/serving/test_doors.py": WAITING,
    "tests/streams/serving/test_server.py": WAITING,
    "tests/streams/test_resuming.py": WAITING,
    "tests/streams/test_silent_connections.py": WAITING,
    "tests/streams/test_tasks.py": WAITING,
}
"""What one process does from beginning to end, because it shares something that takes seconds to start: journeys their installation (and
those that begin more processes another one, or they would take longer than all the rest), what a browser does one Chromium (and the
pages that it looks at, which are read as well), single sign-on its identity provider and a provider's keys, fresh processes the one
that they are forks of. What waits for seconds, test by test, waits beside what computes: else all processes come to it together, and the
cores are idle. A test that is a piece of its own makes a process take one more at once, which then waits for it; the long one on
PostgreSQL has company that can wait."""
FIRST_OF_ALL = (JOURNEYS, POSTGRESQL, OF_PROCESSES, BROWSER, RULES, WAITING)
"""The longest pieces: who begins one of them late is the last to finish. They wait for seconds at a time, so the cores have the rules to do
meanwhile, before the next that waits."""


def processes() -> int:
    """One a core, and one each for journeys, for what waits for PostgreSQL and for browsers; six at most, as each collects all tests."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 3, 6)


def longest_first(items: list[pytest.Item]) -> None:
    """So that no process is left with a long one when the others have finished: first the longest pieces, then tests that are marked."""
    rank = {name: number for number, name in enumerate(FIRST_OF_ALL)}

    def place(item: pytest.Item) -> tuple[int, bool]:
        kind = RULES if RULES in item.nodeid else piece(item.nodeid)
        return rank.get(kind, len(rank)), item.get_closest_marker("slow") is None

    items.sort(key=place)


class WarmMaster(gateway_io.Popen2IOMaster):
    """A process for pytest-xdist, begun as execnet begins one, but warm: what all of them import from elsewhere is imported once."""

    def __init__(self, args: list[str], execmodel: Any) -> None:
        self.popen = process = warm_start.WarmTestsPopen(args, stdin=PIPE, stdout=PIPE)
        Popen2IO.__init__(self, process.stdin, process.stdout, execmodel=execmodel)


def pytest_xdist_setupnodes() -> None:
    gateway_io.Popen2IOMaster = WarmMaster  # type: ignore[misc]


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


def piece(nodeid: str) -> str:
    """Which tests are given to one process: those that are better together, a file of rules (handing them out one by one would take longer
    than running them), and otherwise each for itself."""
    if RULES in nodeid:
        return nodeid.partition("::")[0]
    return next((name for place, name in TOGETHER.items() if nodeid.startswith(place)), nodeid)


class Places(list[str]):
    """The tests that a process has collected; where one stands is asked of each."""

    def __init__(self, tests: Sequence[str]) -> None:
        super().__init__(tests)
        self._places = {test: place for place, test in enumerate(tests)}

    def index(self, test: str, *bounds: Any) -> int:
        return self._places[test]


class Distribution(LoadScopeScheduling):
    """Pieces are taken by whoever is free, in the order in which they stand."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # which would be by the number of tests

    def _split_scope(self, nodeid: str) -> str:
        return piece(nodeid)

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        super().add_node_collection(node, collection)
        if node in self.registered_collections:
            self.registered_collections[node] = Places(collection)

    def remove_node(self, node: WorkerController) -> str | None:
        """A test that a process died of is given to no other: it would die of it as well, and so would each that is begun for it."""
        workload = self.assigned_work.pop(node)
        begun = next(((tests, test) for tests in workload.values() for test, done in tests.items() if not done), None)
        if begun is None:
            return None
        tests, test = begun
        tests[test] = True
        self.workqueue.update({name: tests for name, tests in workload.items() if not all(tests.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return test

    def _reschedule(self, node: WorkerController) -> None:
        if node in self.registered_collections:  # else it has only just begun, for one that died
            super()._reschedule(node)

    def _pending_of(self, workload: dict[str, dict[str, bool]]) -> int:
        """Pieces that are done are forgotten: else with each test that ends all would be counted again that ended before it."""
        for done in [name for name, tests in workload.items() if all(tests.values())]:
            del workload[done]
        return super()._pending_of(workload)
