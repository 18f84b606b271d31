"""Every process of a test run has a DATA_DIR of its own, made before the settings are read and removed at the end.

Owns that folder, the embedded Redis in it, and how the audit log is emptied between tests."""

import gc
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection

from streams import name_lookup, outages
from tests import distribution, few_cases, made_once, migrated, report, rows_again, unasked_fixtures, warm_start

pytest.register_assert_rewrite("tests.upgrades")  # what its assertions compared is told, as in a test's own file
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process that a test starts compiles all sources once more
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is there: a second thread spins while it waits for its share of a small sum
gc.disable()  # until all that lasts is there: looking through it again and again is a sixth of what collecting tests takes
# Only DATABASE_URL may come from outside: `DATABASE_URL=postgresql://... make test` runs the same tests on PostgreSQL.
for name in (
    "ALLOWED_HOSTS",
    "DEBUG",
    "DIAL_ALLOW",
    "HOST",
    "HTTPS",
    "METRICS_ALLOW",
    "METRICS_TOKEN",
    "PORT",
    "REDIS_URL",
    "REQUIRE_SECOND_FACTOR",
    "SERVE_ROLE",
):
    os.environ.pop(name, None)
for name in [name for name in os.environ if name.startswith("OIDC_")]:
    os.environ.pop(name)
DATA_DIR = tempfile.mkdtemp(prefix="streamdesk-tests-")
os.environ.update(
    DATA_DIR=DATA_DIR,
    SECRET_KEY="only-for-tests-" + "x" * 40,
    SECRETS_KEY="also-only-for-tests-" + "x" * 40,
    DIAL_ALLOW="127.0.0.0/8 ::1/128",
)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
if settings.configured:  # pytest-django does so at the sight of DJANGO_SETTINGS_MODULE, before anybody is asked
    raise pytest.UsageError("DJANGO_SETTINGS_MODULE is set: the settings were read with a DATA_DIR that is not the tests'. Unset it.")
django.setup()
# A pytest that this one starts (another process of it, or the one on PostgreSQL) is to read the settings with a DATA_DIR of its own.
del os.environ["DJANGO_SETTINGS_MODULE"]
ANYWHERE: dict[str, Any] = {"max_examples": 15, "deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
# A few, but other ones at every run; `pytest --hypothesis-profile=many` looks longer, after a change of a rule.
hypothesis.settings.register_profile("any machine", **ANYWHERE)
hypothesis.settings.register_profile("many", **ANYWHERE | {"max_examples": 500})
# The same examples every time, so that only a change makes a run fail.
hypothesis.settings.register_profile("CI", **ANYWHERE, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("CI" if os.environ.get("CI") == "true" else "any machine")
name_lookup.system()  # with the threads that serve the resolver of this process, and those of tests, as long as it lives
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a real one is slow by design
importlib.import_module("cdr.sign_in.recovery_codes").COST = 2  # type: ignore[attr-defined] # and so are these digests


def let_flush_empty_the_audit_log() -> None:
    """A test with transactions of its own is followed by `flush`, which the audit log's triggers refuse as they refuse everybody."""
    triggers = importlib.import_module("cdr.migrations.0005_append_only_audit_log")
    before, after = triggers.UNPROTECT[connection.vendor], triggers.PROTECT[connection.vendor]
    operations = type(connection.ops)
    flush = operations.execute_sql_flush
    operations.execute_sql_flush = lambda self, sql_list: flush(self, [*before, *sql_list, *after])  # type: ignore[assignment,method-assign]


def let_flush_be_quick() -> None:
    """What migrating made of the models stays, or it would be made anew after each test; what else it made is put back. On PostgreSQL,
    flush truncates: 200 ms for the empty files of all tables and indexes; a test leaves a few rows, which are deleted in 6 ms."""
    operations = type(connection.ops)
    flushing = operations.sql_flush

    def flush_of_rows(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        emptied = rows_again.to_be_emptied(tables)
        if connection.vendor == "postgresql":
            return ["; ".join(f"DELETE FROM {self.quote_name(table)}" for table in emptied)]
        return list(flushing(self, style, emptied, **options))

    operations.sql_flush = flush_of_rows  # type: ignore[assignment,method-assign]
    flush.emit_post_migrate_signal = lambda *arguments, **options: rows_again.write_the_beginning()  # type: ignore[attr-defined]


def let_secrets_be_sealed_at_once() -> None:
    """The database of a test run is sealed with the tests' key; that need not be looked up again in each test's transaction."""
    sealed = importlib.import_module("streams.sealed")
    sealed.register_key_really, sealed.register_key = sealed.register_key, lambda connection: None  # type: ignore[attr-defined]


def let_pages_judge_themselves_only() -> None:
    """In a test neither Redis nor a worker is there, and every page would say so. Tests of what pages say put it back; so with the bell,
    for whose count a thread of its own asks the database."""
    bell = importlib.import_module("config.bell")
    bell.really_known_count, bell.known_count = bell.known_count, int  # type: ignore[attr-defined]
    strip = importlib.import_module("config.status_strip")
    strip.really_known_troubles, strip.known_troubles = strip.known_troubles, list  # type: ignore[attr-defined]


let_pages_judge_themselves_only()
let_secrets_be_sealed_at_once()
let_flush_empty_the_audit_log()
let_flush_be_quick()
made_once.find_static_files_once()
made_once.draw_as_the_product_draws()
migrated.let_databases_of_tests_be_copies()
migrated.let_fields_be_copied()


def pytest_collection_finish() -> None:
    """What was loaded up to here stays: the garbage collector need not look through it, again and again, for the rest of the run. A page
    makes a thousand objects and hardly any circle of them: looking for circles more seldom saves a thirtieth of what tests take."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


def pytest_unconfigure() -> None:
    shutil.rmtree(DATA_DIR, ignore_errors=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """After all that others have to say."""
    yield
    report.write(terminalreporter)


# With -n, every process of the run has a folder, a database and a Redis of its own; tests/distribution.py says who runs what.
def pytest_xdist_auto_num_workers() -> int:
    return distribution.processes()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> distribution.Distribution:
    return distribution.Distribution(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """When pytest knows all fixtures of its plugins."""
    unasked_fixtures.ask_no_more(session)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    few_cases.only_few(config, items)
    if hasattr(config, "workerinput"):
        distribution.longest_first(items)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        rows_again.remember_the_beginning()


# Every test closes what it opens.
from tests.distribution import pytest_collection, pytest_xdist_setupnodes  # noqa: E402, F401
from tests.few_cases import pytest_addoption  # noqa: E402, F401
from tests.free_port import free_port  # noqa: E402
from tests.left_open import nothing_is_left_open, outliving_the_test, pytest_fixture_setup, running_loop  # noqa: E402, F401
from tests.runtest_protocol import pytest_runtest_protocol  # noqa: E402, F401
from tests.shared_browser import browser  # noqa: E402, F401
from tests.streams.redis_server import RedisServer  # noqa: E402 - after the setup

warm_start.wanted = outliving_the_test


@pytest.fixture(autouse=True)
def nothing_failed_is_left() -> Iterator[None]:
    """What a test could not write is not for the database of the next; and what it took away, the next finds in its place: a failure
    that lasts is a line a minute, and not one for each."""
    yield
    shutil.rmtree(Path(DATA_DIR, "spool"), ignore_errors=True)
    for outage in outages.every():
        outage.failures = 0


@pytest.fixture
def unused_tcp_port() -> int:
    """In place of pytest-asyncio's, of which any outgoing connection may take what it gives."""
    return free_port()


@pytest.fixture
def unused_tcp_port_factory() -> Callable[[], int]:
    return free_port


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """The embedded Redis of this process, empty, for as long as the test."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def recordings_folder(settings, tmp_path):
    """Of this test alone: `kept` in it is the storage of recordings."""
    return with_storage(settings, "recordings", tmp_path, tmp_path / "kept")


@pytest.fixture
def exports_folder(settings, tmp_path):
    """Of this test alone: where exports are kept."""
    with_storage(settings, "exports", tmp_path, tmp_path / "exports")
    return tmp_path / "exports"


def with_storage(settings, name, data_dir, location):
    """All else that is written is in `data_dir` as well."""
    settings.DATA_DIR = data_dir
    entry = settings.STORAGES[name]
    settings.STORAGES = {**settings.STORAGES, name: {**entry, "OPTIONS": {**entry["OPTIONS"], "location": location}}}
    return data_dir
