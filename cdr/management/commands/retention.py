"""`manage.py retention`: removes now what is no longer to be kept; `--dry-run` says what that would be. Owns the printed lines only."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cdr import retention
from cdr.pure.figures import counted, moment
from cdr.pure.retention import WORDS
from cdr.retention import RetentionPlan
from cdr.retention.plan import COUNTED_TO
from cdr.retention.runs import count_words
from streams.database_clock import database_now

KEPT_FOR_EVER = "Everything is kept for ever: no RETAIN_..._DAYS is set, and no account has days of its own."


class Command(BaseCommand):
    help = "Removes phone numbers, payloads and debug events of calls that are older than they are to be kept. It cannot be undone."
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would be removed, and remove nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            return self._say(retention.planned(database_now()))
        try:
            run = retention.apply_all()
        except retention.Busy as error:
            raise CommandError("A worker is at it at this moment. Nothing was done here; look again in a few minutes.") from error
        if run is None:
            self.stdout.write(KEPT_FOR_EVER)
            return None
        for account, kinds in run.counts.items():
            self.stdout.write(f"{account}: {count_words(kinds)}")
        self.stdout.write("Done." if run.counts else "Nothing was old enough.")
        return None

    def _say(self, planned: list[RetentionPlan]) -> None:
        for one in planned:
            self.stdout.write(plan_line(one))
        self.stdout.write("Nothing was removed: this was a dry run." if planned else KEPT_FOR_EVER)


def plan_line(one: RetentionPlan) -> str:
    count = f"over {COUNTED_TO:,} calls" if one.calls > COUNTED_TO else counted(one.calls, "call")
    oldest = f"; the oldest ended {moment(one.oldest)} UTC" if one.oldest else ""
    return f"{one.account}: {WORDS[one.kind]} after {counted(one.days, 'day')}: {count}{oldest}"
