"""Which partitions the table of events has, as PostgreSQL's catalog tells; none of a plain table.

Owns how they are named and what is remembered with the table. Changes nothing."""

import re
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from streams.models import StreamEvent
from streams.pure.partition_ranges import PartitionPeriod, TimeRange

TABLE = StreamEvent._meta.db_table
NOT_LATER = f"{TABLE}_not_later"
"""While a plain table is made a partition it takes no event that would not belong there."""
FIRST, OTHERS = f"{TABLE}_first", f"{TABLE}_others"
"""What was the table before, and what takes an event of a time that no other has."""
REMEMBERED = "partitioned by "
"""The table's comment says by what, so that a dump has it and no process needs a setting."""

_MOMENT = re.compile("'([^']+)'")
_BOUND = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'(?P<start>[^']+)')\) TO \('(?P<end>[^']+)'\)")


class Partition(NamedTuple):
    name: str
    range: TimeRange


def partition_period() -> PartitionPeriod | None:
    """By what the table is cut; None of a plain one, on SQLite, and of one that somebody else has cut."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT relkind, obj_description(oid, 'pg_class') FROM pg_class WHERE oid = to_regclass(%s)", [TABLE])
        kind, comment = cursor.fetchone() or ("", "")
    words = (comment or "").removeprefix(REMEMBERED)
    return PartitionPeriod(words) if kind == "p" and words in set(PartitionPeriod) else None


def partitions() -> list[Partition]:
    """In order of time, without the one of all others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_get_expr(relpartbound, pg_class.oid) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = to_regclass(%s)",
            [TABLE],
        )
        rows = cursor.fetchall()
    found = [Partition(name, TimeRange(_moment(bound["start"]), datetime.fromisoformat(bound["end"]))) for name, bound in _bounds(rows)]
    return sorted(found, key=lambda one: one.range.end)


def taken_until() -> datetime | None:
    """Up to when a plain table takes events, where a conversion goes on or was cut off; None where there is no such end."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s", [TABLE, NOT_LATER]
        )
        (words,) = cursor.fetchone() or ("",)
    said = _MOMENT.search(words)
    return datetime.fromisoformat(said[1]) if said else None


def _bounds(rows: list[tuple[str, str]]) -> list[tuple[str, "re.Match[str]"]]:
    return [(name, bound) for name, text in rows if (bound := _BOUND.fullmatch(text))]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def name_of_partition(covered: TimeRange) -> str:
    return f"{TABLE}_{covered.start:%Y_%m_%d}" if covered.start else FIRST
