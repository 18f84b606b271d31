"""`manage.py partition_events`: has the debug log's events in partitions by time, and makes the next ones. Owns the printed lines only."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from streams import event_partitions
from streams.database_clock import database_now
from streams.event_partitions import CannotConvert, NeverFree
from streams.pure.partition_ranges import PartitionPeriod


class Command(BaseCommand):
    help = (
        "Cuts the table of debug-log events by time on PostgreSQL, while calls go on, so that retention drops a month of them at once. "
        "Again: makes the partitions of the next months, which a worker does by itself where it may. There is no way back but a dump."
    )
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--by", choices=list(PartitionPeriod), default=PartitionPeriod.MONTH, help="How long each is (default %(default)s)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if event_partitions.partition_period() is None:
                seconds = event_partitions.convert(PartitionPeriod(options["by"]), self.stdout.write)
                self.stdout.write(f"The events are in partitions. Nobody could write for {seconds:.2f} s.")
            made = event_partitions.make_ahead(database_now())
        except (CannotConvert, NeverFree) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database refused: {str(error).splitlines()[0]}. Events are taken as before. Run it as the user who owns the tables;"
                " where it was cut off, begin again."
            ) from error
        for name in made:
            self.stdout.write(f"Made {name}.")
        for one in event_partitions.partitions():
            since = f"from {one.range.start:%Y-%m-%d}" if one.range.start else "from the beginning"
            self.stdout.write(f"{one.name}: {since} until {one.range.end:%Y-%m-%d}")
