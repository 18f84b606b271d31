"""The partitions of a table that is cut: made ahead, and dropped once nobody keeps an event in them.

Owns which are missing and which may go. Must not know for how long accounts keep events."""

import logging
from datetime import datetime, timedelta
from functools import partial

from streams.event_partitions.catalog import OTHERS, TABLE, Partition, name_of_partition, partition_period, partitions, taken_until
from streams.event_partitions.converting import COPIED, TIME, give_as_before, take_all_again
from streams.event_partitions.short_locks import asked, execute, in_a_moment
from streams.pure.partition_ranges import TimeRange, ranges_from

log = logging.getLogger(__name__)

SAID_BEFORE = timedelta(days=3)
"""For so long at least something has to be made ahead."""
CUT_OFF = timedelta(days=2)
"""A conversion that is not done so long before its first partition ends was cut off: it begins at least three days before."""

KEPT = """SELECT EXISTS (SELECT FROM {name} event JOIN streams_call call ON call.id = call_id WHERE ended_at IS NULL OR ended_at >= %s)
 OR EXISTS (SELECT FROM streams_callback callback JOIN streams_stream stream ON stream.id = stream_id JOIN {name} event USING (call_id)
 WHERE callback.state = 'pending')"""


def make_ahead(now: datetime) -> list[str]:
    """Makes what is missing from now on; returns the names. A plain table that a conversion left to refuse what is later takes all again.
    Raises NeverFree."""
    if _cut_off_at(now):
        in_a_moment(take_all_again)
    return [_make(missing) for missing in _missing(now) if _is_free(missing)]


def none_made_for(now: datetime) -> datetime | None:
    """From when on, soon, there is no partition for events; None where there is, and of a plain table. They are taken all the same, by the
    one of all others, which is never dropped."""
    soon = [one.start for one in _missing(now) if one.start and one.start <= now + SAID_BEFORE]
    if end := _cut_off_at(now):
        soon.append(end)
    return min(soon, default=None)


def drop_before(moment: datetime) -> list[str]:
    """Drops each partition that ends before it and has no event that is still kept: of a call that ended later, or has not ended, or of
    which a callback waits. Returns the names. Raises NeverFree."""
    if not partition_period():
        return []
    old = [one for one in partitions() if one.range.end <= moment and not _is_kept(one, moment)]
    for one in old:
        seconds = in_a_moment(partial(execute, f'DROP TABLE "{one.name}"'))
        log.info("The events until %s were dropped with their partition, in %.2f s.", f"{one.range.end:%Y-%m-%d}", seconds)
    return [one.name for one in old]


def _cut_off_at(now: datetime) -> datetime | None:
    """From when on a plain table would refuse events, because a conversion was cut off; None where none was."""
    end = taken_until()
    return end if end and end < now + CUT_OFF else None


def _missing(now: datetime) -> list[TimeRange]:
    """From now on; none of a plain table. The first partition may end within one of them, which then is none of its own."""
    period = partition_period()
    if not period:
        return []
    there = [one.range for one in partitions()]
    return [one for one in ranges_from(now, period) if not any(one.overlaps(other) for other in there)]


def _is_free(wanted: TimeRange) -> bool:
    """Whether the partition of all others has no event of that time: where nobody made one ahead it stays there until it is removed by row,
    and the next one is made."""
    return asked("SELECT FROM {table} WHERE {time} >= %s AND {time} < %s LIMIT 1", *wanted, table=OTHERS, time=TIME) == []


def _make(wanted: TimeRange) -> str:
    name = name_of_partition(wanted)
    start, end = (moment.isoformat() for moment in wanted if moment)

    def make() -> None:
        execute(f"CREATE TABLE {name} (LIKE {TABLE} {COPIED})")
        give_as_before(name, TABLE)
        execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')")

    in_a_moment(make)
    execute(f"ANALYZE {TABLE}")
    return name


def _is_kept(one: Partition, moment: datetime) -> bool:
    [(kept,)] = asked(KEPT, moment, name=one.name)
    return bool(kept)
