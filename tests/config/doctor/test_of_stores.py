"""What a doctor says of database and Redis: each fault made for real where it can be."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from redis import Redis

from config.doctor import of_stores
from config.doctor.findings import Severity
from tests.streams.redis_server import RedisServer
from tests.streams.refusing_database import refusing

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def applied(change: str, *values: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change, values)


def test_stores_that_are_well_are_told_nothing(redis_server: RedisServer) -> None:
    for examine in (
        of_stores.examine_database,
        of_stores.examine_migrations,
        of_stores.examine_writing,
        of_stores.examine_redis,
        of_stores.examine_clocks,
    ):
        assert list(examine()) == []


# The database -----------------------------------------------------------------------------------------------------------------
def test_a_migration_that_was_not_applied_is_named() -> None:
    newest = max(name for app, name in MigrationRecorder(connection).applied_migrations() if app == "cdr")
    applied("DELETE FROM django_migrations WHERE app = 'cdr' AND name = %s", newest)
    [found] = of_stores.examine_migrations()
    assert found.severity is Severity.ERROR and found.what.startswith(f"1 migrations are not applied, the first of them cdr {newest[:4]}")


def test_a_database_of_a_newer_version_is_told() -> None:
    applied("INSERT INTO django_migrations (app, name, applied) VALUES ('streams', '9999_to_come', CURRENT_TIMESTAMP)")
    [found] = of_stores.examine_migrations()
    assert "streams 9999_to_come" in found.what and "newer version" in found.remedy


def test_what_an_earlier_version_made_all_tables_with_is_no_newer_one() -> None:
    applied("INSERT INTO django_migrations (app, name, applied) VALUES ('cdr', '0001_squashed_0018_see_secrets', CURRENT_TIMESTAMP)")
    assert list(of_stores.examine_migrations()) == []


@pytest.mark.django_db(transaction=True)
async def test_a_database_that_may_only_be_read_is_told() -> None:
    from channels.db import database_sync_to_async  # noqa: PLC0415 - one question, on a connection that is refused

    async with refusing("read only"):
        [found] = await database_sync_to_async(lambda: list(of_stores.examine_writing()))()
    assert "calls cannot be written" in found.what and "pg_is_in_recovery" in found.remedy


# Redis ------------------------------------------------------------------------------------------------------------------------
def test_a_redis_that_is_away_is_told(settings) -> None:
    settings.REDIS_URL = "redis://:hunter2secret@127.0.0.1:1/0"
    [found] = of_stores.examine_redis()
    assert found.what.startswith("Redis does not answer") and "hunter2secret" not in found.what


def test_a_redis_that_is_silent_is_told_in_time(settings) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()
        [found] = of_stores.examine_redis()
    assert "does not answer" in found.what and time.monotonic() - began < 20


def test_a_redis_that_is_full_is_told(redis_server: RedisServer, settings) -> None:
    with Redis(unix_socket_path=str(settings.EMBEDDED_REDIS_SOCKET)) as client:
        client.config_set("maxmemory", "1mb")
        [found] = of_stores.examine_redis()
        assert "answers and refuses" in found.what
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "100mb")
        assert [found.what for found in of_stores.examine_redis()] == [
            "Redis may throw away what it likes when it is full (maxmemory-policy allkeys-lru): locks and counters among it."
        ]


@pytest.mark.parametrize(("version", "findings"), [("6.0.16", 1), ("6.2.0", 0), ("7.2.4", 0), ("10.0.1", 0), ("", 1)])
def test_a_redis_that_is_too_old_is_told(version: str, findings: int) -> None:
    assert len(list(of_stores.redis_server({"redis_version": version}, {}))) == findings


# Clocks ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("there", "severity", "words"),
    [
        (1000.5, "", ""),
        (1001.9, "", ""),
        (1005.0, "warning", "4 s ahead of"),
        (1100.0, "error", "99 s ahead of"),
        (900.0, "error", "100 s behind"),
    ],
)
def test_clocks_that_differ_are_told_and_a_slow_answer_is_no_difference(there: float, severity: str, words: str) -> None:
    found = list(of_stores.apart("somebody", there, 1000.0, 1001.0))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert not found or words in found[0].what
