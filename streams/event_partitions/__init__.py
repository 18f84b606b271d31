"""The table of debug-log events cut by time on PostgreSQL, where an operator asked for it (`manage.py partition_events`), so that a month
of it can be dropped at once. Any other installation has one table, and nothing here changes it.

`catalog` reads which partitions there are, `converting` makes the table that is there the first of them while calls go on, `upkeep` makes
the next ones ahead and drops old ones. Whoever writes or reads events knows nothing of it."""

from streams.event_partitions.catalog import partition_period, partitions
from streams.event_partitions.converting import CannotConvert, convert
from streams.event_partitions.short_locks import NeverFree
from streams.event_partitions.upkeep import drop_before, make_ahead, none_made_for

__all__ = ["CannotConvert", "NeverFree", "convert", "drop_before", "make_ahead", "none_made_for", "partition_period", "partitions"]
