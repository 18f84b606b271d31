"""The plain table of events becomes the first partition of one that is cut by time, while calls go on.

Owns the steps and their order. What takes long keeps nobody from writing: keys that have the time in them are built beside the old ones,
and every event is looked at, whether it is of the first partition's time, before the tables change places in one short transaction. Each
step can be done again after it was cut off. Must not know what is made ahead, or when something is dropped."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from streams.database_clock import database_now
from streams.event_partitions.catalog import FIRST, NOT_LATER, OTHERS, REMEMBERED, TABLE
from streams.event_partitions.short_locks import asked, composed, execute, in_a_moment
from streams.pure.partition_ranges import PartitionPeriod, range_of

OLDEST_POSTGRES = 140_000
TIME = "at"
SPARE_TIME = timedelta(days=3)
"""The first partition goes on at least so long: until then clocks may differ, and this may take what it takes."""
LATEST = timedelta(days=366)
REFERRED_TO = ("streams_call", "streams_stream")
COPIED = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"
STRANGE = """SELECT conname FROM pg_constraint WHERE confrelid = to_regclass(%s)
 UNION ALL SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid LEFT JOIN pg_constraint ON conindid = indexrelid
 WHERE indrelid = to_regclass(%s) AND indisunique AND conindid IS NULL AND right(relname, 3) <> '_at'"""
"""What refers to events, and what is unique without being a key: but for the indexes that are built here."""


class CannotConvert(Exception):
    """Why not, and what would have to be done, in sentences."""


class TableKey(NamedTuple):
    """A key of the table, which gets the time as its last column: PostgreSQL has none across partitions without."""

    name: str
    kind: str
    columns: list[str]

    @property
    def with_time(self) -> str:
        return f"{self.name}_{TIME}"

    @property
    def all_columns(self) -> list[str]:
        return [*self.columns, TIME]


def convert(period: PartitionPeriod, tell: Callable[[str], None]) -> float:
    """Returns for how many seconds nobody could write. Raises CannotConvert, or NeverFree; again after either changes nothing twice."""
    _require_what_it_takes()
    end = _end_of_first(period)
    keys = _keys()
    for key in keys:
        tell(f"Builds {key.with_time}; calls go on.")
        _build_beside(key)
    tell(f"Sees whether each event is before {end:%Y-%m-%d}.")
    in_a_moment(lambda: _take_none_later(end))
    try:
        execute(f'ALTER TABLE {TABLE} VALIDATE CONSTRAINT "{NOT_LATER}"')
        seconds = in_a_moment(lambda: _change_places(period, end, keys))
    except BaseException:
        in_a_moment(take_all_again)
        raise
    tell("Has the planner know the new tables.")
    execute(f"ANALYZE {TABLE}")
    return seconds


def _require_what_it_takes() -> None:
    if connection.vendor != "postgresql":
        raise CannotConvert("SQLite has no partitions. Set DATABASE_URL to a PostgreSQL.")
    if connection.pg_version < OLDEST_POSTGRES:  # type: ignore[attr-defined]  # of this backend
        raise CannotConvert("This PostgreSQL is too old. Upgrade it to 14 or later.")
    [(kind,)] = asked("SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", TABLE) or [("",)]
    if kind != "r":
        raise CannotConvert(f"{TABLE} is no plain table here. Run manage.py migrate first; one that others have partitioned stays so.")
    if asked("SELECT FROM pg_stat_progress_create_index WHERE relid = to_regclass(%s)", TABLE):
        raise CannotConvert(f"An index of {TABLE} is being built just now, by the same command perhaps. Begin again when that is done.")
    for (name,) in asked(STRANGE, TABLE, TABLE):
        raise CannotConvert(f"{name} cannot be had on a table that is partitioned by time. Take it away first.")


def _end_of_first(period: PartitionPeriod) -> datetime:
    """Where the first partition ends: not before the newest event, whose clock may have been ahead."""
    now = database_now()
    [(newest,)] = asked("SELECT max({time}) FROM {table}", time=TIME, table=TABLE)
    if newest and newest > now + LATEST:
        raise CannotConvert(
            f"The newest event is of {newest:%Y-%m-%d}: a clock was wrong then. Set the column {TIME} of {TABLE} to now() where it is"
            " later, then begin again."
        )
    return range_of(max(now + SPARE_TIME, newest or now), period).end


def _keys() -> list[TableKey]:
    rows = asked(
        "SELECT conname, contype, array_agg(attname ORDER BY place)"
        " FROM pg_constraint, unnest(conkey) WITH ORDINALITY AS part (number, place), pg_attribute"
        " WHERE conrelid = to_regclass(%s) AND contype IN ('p', 'u') AND attrelid = conrelid AND attnum = part.number"
        " GROUP BY conname, contype ORDER BY contype, conname",
        TABLE,
    )
    return [TableKey(*row) for row in rows]


def _build_beside(key: TableKey) -> None:
    """One whose building was cut off is built anew."""
    valid = asked("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", key.with_time)
    if valid == [(True,)]:
        return
    execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{key.with_time}"')
    statement = "CREATE UNIQUE INDEX CONCURRENTLY {key} ON {table} ({columns})"
    execute(composed(statement, key=key.with_time, table=TABLE, columns=key.all_columns))


def take_all_again() -> None:
    """No event is to be refused because somebody began to cut the table and did not come to the end of it."""
    execute(f'ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS "{NOT_LATER}"')


def _take_none_later(end: datetime) -> None:
    take_all_again()
    execute(f"""ALTER TABLE {TABLE} ADD CONSTRAINT "{NOT_LATER}" CHECK ("{TIME}" < '{end.isoformat()}') NOT VALID""")


def _change_places(period: PartitionPeriod, end: datetime, keys: list[TableKey]) -> None:
    """In the order in which a call's notes lock these tables."""
    for table in REFERRED_TO:
        execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
    indexes, references = _other_indexes(), _references()
    [(last,)] = asked("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)", TABLE)

    execute(f"ALTER TABLE {TABLE} RENAME TO {FIRST}")
    for key in keys:
        execute(f'ALTER TABLE {FIRST} DROP CONSTRAINT "{key.name}"')
        kind = "PRIMARY KEY" if key.kind == "p" else "UNIQUE"
        execute(f'ALTER TABLE {FIRST} ADD CONSTRAINT "{key.with_time}" {kind} USING INDEX "{key.with_time}"')
    for name, _ in indexes:
        execute(f'ALTER INDEX "{name}" RENAME TO "{name}_first"')
    execute(f"ALTER TABLE {FIRST} ALTER id DROP IDENTITY IF EXISTS, ALTER id DROP DEFAULT")

    execute(f'CREATE TABLE {TABLE} (LIKE {FIRST} {COPIED}) PARTITION BY RANGE ("{TIME}")')
    execute(f'ALTER TABLE {TABLE} DROP CONSTRAINT "{NOT_LATER}", ALTER id ADD GENERATED BY DEFAULT AS IDENTITY')
    execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", TABLE, last)  # of null, where there was no event, it does nothing
    for key in keys:
        kind = "PRIMARY KEY" if key.kind == "p" else "UNIQUE"
        statement = f"ALTER TABLE {{table}} ADD CONSTRAINT {{key}} {kind} ({{columns}})"
        execute(composed(statement, table=TABLE, key=key.name, columns=key.all_columns))
    for _, definition in indexes:
        execute(definition)
    for name, definition in references:
        execute(f'ALTER TABLE {TABLE} ADD CONSTRAINT "{name}" {definition}')
    give_as_before(TABLE, FIRST)
    execute(f"COMMENT ON TABLE {TABLE} IS '{REMEMBERED}{period}'")
    execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {FIRST} FOR VALUES FROM (MINVALUE) TO ('{end.isoformat()}')")
    execute(f'ALTER TABLE {FIRST} DROP CONSTRAINT "{NOT_LATER}"')
    execute(f"CREATE TABLE {OTHERS} PARTITION OF {TABLE} DEFAULT")
    give_as_before(OTHERS, FIRST)


def give_as_before(table: str, like: str) -> None:
    """It belongs to whom the other one belongs to, and whoever may do something with that may do it with this."""
    [(owner,)] = asked("SELECT relowner::regrole::text FROM pg_class WHERE oid = to_regclass(%s)", like)
    granted = asked(
        "SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END FROM pg_class, aclexplode(relacl)"
        " WHERE oid = to_regclass(%s) AND grantee <> relowner",
        like,
    )
    for privilege, grantee in granted:
        execute(f"GRANT {privilege} ON TABLE {table} TO {grantee}")
    execute(f"ALTER TABLE {table} OWNER TO {owner}")


def _other_indexes() -> list[tuple[str, str]]:
    """Of no key, with the words that make them."""
    rows = asked(
        "SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indrelid = to_regclass(%s) AND NOT indisunique",
        TABLE,
    )
    return [(name, definition) for name, definition in rows]


def _references() -> list[tuple[str, str]]:
    rows = asked("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'f'", TABLE)
    return [(name, definition) for name, definition in rows]
