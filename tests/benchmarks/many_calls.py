"""Fills a PostgreSQL with calls as an installation has them after three months, by INSERT ... SELECT: a million take a few minutes.

200 accounts of very different size, 95 % normal ends, errors of each cause, callbacks that fail: how often what happens is
many_calls.sql's. The rows are those that `streams.journal` would have written. Foreign keys are not checked and indexes are built
at the end, so only for a database of one's own."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from streams.models import Account, Application, Call, Gateway
from streams.pure.number_key import number_key

FILLED = ("streams_call", "streams_stream", "streams_streamevent", "streams_callback", "streams_callbackattempt", "cdr_charge")
DAYS, ACCOUNTS, LARGEST = 90, 200, 20
Say = Callable[[str], None]


def fill(calls: int, say: Say = print, logs_of: int = 1) -> None:
    """`calls` calls of the last 90 days with everything that belongs to them, the statistics up to date. One in `logs_of` has a debug
    log: they are more than half of the disk that is needed."""
    _make_tenants()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        cursor.execute("SELECT setseed(0.42)")
        _default_as_the_models_do(cursor)
        with _indexes_later(cursor, say):
            for what, statement in _statements():
                began = time.monotonic()
                cursor.execute(statement, {"calls": calls, "days": DAYS, "logs_of": logs_of})
                say(f"  {what:<20} {cursor.rowcount:>12,} rows {time.monotonic() - began:7.1f} s")
        cursor.execute("SET session_replication_role = origin")
    _agree_with_the_models()
    _analyzed(say)


def _make_tenants() -> None:
    """Each account has two applications and a gateway of its own; the largest ones have two gateways."""
    sizes = range(1, ACCOUNTS + 1)
    accounts = Account.objects.bulk_create(
        Account(
            name=f"Customer {size:03}",
            auth_id=f"MA{size:018}",
        )
        for size in sizes
    )
    url = "https://app.example.com/answer"
    applications = Application.objects.bulk_create(
        Application(account=account, name=name, answer_url=url) for account in accounts for name in ("support bot", "recorder")
    )
    Gateway.objects.bulk_create(
        Gateway(account=account, application=applications[2 * index], name=f"pbx-{account.name[-3:]}{letter}")
        for index, account in enumerate(accounts)
        for letter in ("ab" if index < LARGEST else "a")
    )


def _agree_with_the_models() -> None:
    """What a call's numbers are found by is written here as its model would: else searches would find nothing, and fast."""
    for call in Call.objects.select_related("account").order_by("-pk")[:200]:
        for side in ("from", "to"):
            key = number_key(getattr(call, f"{side}_number"), call.account.country)
            written = getattr(call, f"{side}_key"), getattr(call, f"{side}_reversed")
            assert written == (key.key, key.reversed), f"{call} has {written} where its model writes {key}"


def _statements() -> list[tuple[str, str]]:
    parts = re.split(r"^-- == (.+)\n", Path(__file__).with_suffix(".sql").read_text(), flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def _default_as_the_models_do(cursor: Any) -> None:
    """many_calls.sql names the columns it has something to say about; Django keeps the defaults of the others to itself."""
    fields = [field for model in apps.get_models() for field in model._meta.local_concrete_fields]
    for field in fields:
        if not (field.null or field.primary_key or field.is_relation) and (value := field.get_default()) is not None:
            column = f'ALTER TABLE "{field.model._meta.db_table}" ALTER COLUMN "{field.column}" SET DEFAULT %s'
            cursor.execute(column, [field.get_db_prep_save(value, connection)])


def size_bytes() -> int:
    return int(_value("SELECT pg_database_size(current_database())"))


def rows(table: str) -> int:
    return int(_value(f"SELECT count(*) FROM {table}"))


def _value(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@contextmanager
def _indexes_later(cursor: Any, say: Say) -> Iterator[None]:
    """Those that no constraint needs are dropped, and made again when the rows are there."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [list(FILLED)],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    began = time.monotonic()
    for _, definition in indexes:
        cursor.execute(definition)
    say(f"  {'indexes':<20} {len(indexes):>12,}      {time.monotonic() - began:7.1f} s")


def _analyzed(say: Say) -> None:
    """As autovacuum would leave it."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("ANALYZE")
    say(f"  {'vacuum, analyze':<20} {'':>12}      {time.monotonic() - began:7.1f} s")
