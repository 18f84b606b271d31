"""Examinations of the database and of Redis: whether they answer and take writes, versions, room, migrations, and everybody's clocks.

Owns what is too old, too full or too late. Says no password: addresses are told without."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError, ResponseError

from config.doctor.examining import in_safe_words
from config.doctor.findings import Finding, error, warning
from config.redis_client import redis_client
from streams import journal
from streams.database_clock import database_now

OLDEST_POSTGRES = 140_000
OLDEST_REDIS = (6, 2)
MOST_USED = 0.8
APART_SECONDS, FAR_APART_SECONDS = 2.0, 30.0
PRIVILEGES = "Its user needs to read and write all tables, and a failover may have left it read-only: SELECT pg_is_in_recovery()."


def examine_database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        yield error(
            f"The database does not answer: {in_safe_words(problem)}.",
            "See whether it runs, and whether DATABASE_URL names it and its user.",
        )
        return
    if connection.vendor == "postgresql":
        yield from postgres()


def postgres() -> Iterator[Finding]:
    version = connection.pg_version  # type: ignore[attr-defined]  # of this backend
    if version < OLDEST_POSTGRES:
        yield error(f"PostgreSQL {version // 10_000} is too old for this version.", "Upgrade it to 14 or later.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity WHERE backend_type = 'client backend'"
        )
        used, most = cursor.fetchone()
    if used > MOST_USED * most:
        what = f"{used} of PostgreSQL's {most} connections are taken."
        yield warning(what, "Raise max_connections, or put PgBouncer between (docs/operation.md, Connections).")


def examine_migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        first = f"{waiting[0][0].app_label} {waiting[0][0].name}"
        yield error(f"{len(waiting)} migrations are not applied, the first of them {first}.", "Run manage.py migrate.")
    on_disk = executor.loader.disk_migrations
    known = {*on_disk, *(replaced for each in on_disk.values() for replaced in each.replaces)}
    newer = sorted(key for key in executor.loader.applied_migrations if key not in known and is_ours_and_single(*key))
    if newer:
        what = f"The database has {len(newer)} migrations that this version does not know, such as {' '.join(newer[-1])}."
        yield warning(what, "A newer version has migrated it: where an upgrade is not under way, run that one.")


def is_ours_and_single(app: str, name: str) -> bool:
    """One that stood for many says nothing more: those are recorded as well, and a later version has another in its place."""
    return app in ("streams", "cdr") and "_squashed_" not in name


def examine_writing() -> Iterator[Finding]:
    """A call, written and rolled back."""
    try:
        journal.probe()
    except Exception as problem:  # noqa: BLE001 - whatever it raises, nothing can be written
        yield error(f"The database answers, and calls cannot be written: {in_safe_words(problem)}.", PRIVILEGES)


def examine_redis() -> Iterator[Finding]:
    try:
        with redis_client() as client:
            client.ping()
            client.set("streamdesk.doctor", 1, ex=60)
            yield from redis_server(client.info("server"), client.info("memory"))
    except (RedisError, OSError) as problem:
        refuses = isinstance(problem, ResponseError)
        what = f"Redis {'answers and refuses' if refuses else 'does not answer'}: {in_safe_words(problem)}."
        start = (
            "`make run` starts it." if settings.EMBEDDED_REDIS else "See whether it runs, and whether REDIS_URL names it and its password."
        )
        yield error(what, "See whether it has memory and disk left, and whether it is a replica." if refuses else start)


def redis_server(server: dict[str, Any], memory: dict[str, Any]) -> Iterator[Finding]:
    version = str(server.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST_REDIS:
        yield error(f"Redis {version} is too old.", "6.2 or later, or Valkey.")
    most, used = int(memory.get("maxmemory", 0)), int(memory.get("used_memory", 0))
    if most and used > MOST_USED * most:
        yield warning(f"Redis uses {used // 1_048_576} MiB of the {most // 1_048_576} MiB that it may.", "Raise maxmemory.")
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if most and policy != "noeviction":
        what = f"Redis may throw away what it likes when it is full (maxmemory-policy {policy}): locks and counters among it."
        yield warning(what, "Set maxmemory-policy noeviction.")


def examine_clocks() -> Iterator[Finding]:
    began = time.time()
    there = database_now().timestamp()
    yield from apart("the database's machine", there, began, time.time())
    try:
        with redis_client() as client:
            began = time.time()
            seconds, microseconds = client.time()
            yield from apart("Redis' machine", seconds + microseconds / 1_000_000, began, time.time())
    except (RedisError, OSError):
        return  # told by examine_redis


def apart(whose: str, there: float, asked_at: float, answered_at: float) -> Iterator[Finding]:
    """The answer was made at some time between the two."""
    late_seconds = there - answered_at if there > answered_at else min(there - asked_at, 0.0)
    if abs(late_seconds) < APART_SECONDS:
        return
    now = datetime.fromtimestamp(answered_at, UTC).strftime("%H:%M:%S")
    what = f"The clock of {whose} is {abs(late_seconds):.0f} s {'ahead of' if late_seconds > 0 else 'behind'} this one's ({now} UTC)."
    far = abs(late_seconds) > FAR_APART_SECONDS
    remedy = "Keep NTP on both. Bills and shown times go by each web process's clock; signatures and second factors need right ones."
    yield (error if far else warning)(what, remedy)
