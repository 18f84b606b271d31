"""`manage.py export_cdr`: calls or streams of a period into a file for other programs. Owns the options and the printed lines only."""

import time
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from cdr import audit
from cdr.audit import Actor
from cdr.bulk_export.asked import KINDS, Asked
from cdr.bulk_export.forms import FORMS, NoParquet
from cdr.bulk_export.mark import AnotherIsAtIt, BulkMark, held
from cdr.bulk_export.running import CannotBegin, cut_before, is_unfinished, where_to_begin, write_all
from cdr.models import Export
from cdr.pure import period
from cdr.pure.acts import Act
from streams.database_clock import database_now
from streams.models import Account

ACTOR = Actor("manage.py export_cdr", None)
LINE_SECONDS, BAR_SECONDS = 10.0, 0.2
BAR_LENGTH = 30


class Command(BaseCommand):
    help = "Writes calls or streams of a period to a file: CSV, JSON lines or Parquet. One that was cut goes on with --resume."
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("output", type=Path, metavar="OUTPUT", help="A file; for Parquet a folder, in which parts are.")
        parser.add_argument("--of", choices=list(KINDS), default="calls", help="What is exported (default %(default)s).")
        words = "From the beginning of this time on, in UTC: 2026-11-23, or '2026-11-23 14:02' (default: from the first)."
        parser.add_argument("--from", dest="first", default="", metavar="TIME", help=words)
        parser.add_argument("--to", dest="last", default="", metavar="TIME", help="To the end of this time (default: until now).")
        parser.add_argument("--account", default="", metavar="AUTH_ID", help="Of one account only, by its auth id or its name.")
        parser.add_argument("--format", choices=list(FORMS), default="", help="Default: what OUTPUT ends with.")
        parser.add_argument("--mask-numbers", action="store_true", help="Phone numbers as those see them who may not see them whole.")
        parser.add_argument("--resume", action="store_true", help="Go on with one that was cut.")
        parser.add_argument("--anew", action="store_true", help="Write over what is there.")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"].absolute()
        form = options["format"] or output.suffix.lstrip(".").lower()
        if form not in FORMS:
            raise CommandError(f"{output.name} ends with no known form. Say --format {' or '.join(FORMS)}.")
        if not output.parent.is_dir():
            raise CommandError(f"There is no folder {output.parent}.")
        try:
            with held(output):
                self.export(output, form, options)
        except AnotherIsAtIt as error:
            raise CommandError(f"Another export_cdr is writing {output}.") from error
        except (CannotBegin, NoParquet, ValueError) as error:
            raise CommandError(str(error)) from error
        except (OSError, DatabaseError) as error:
            raise CommandError(f"It was cut: {str(error).strip() or type(error).__name__}. {what_is_kept(output)}") from error
        except KeyboardInterrupt as error:
            raise CommandError(f"It was cut. {what_is_kept(output)}", returncode=130) from error

    def export(self, output: Path, form: str, options: dict[str, Any]) -> None:
        before = cut_before(output, resume=options["resume"], anew=options["anew"])
        asked = asked_for(options, before)
        mark = where_to_begin(asked, form, before)
        progress = ProgressLine(asked.rows().order_by().count(), mark.rows, self.stderr)
        details = {"what": mark.asked, "resumed_after": mark.rows} if before else {"what": mark.asked}
        audit.write(ACTOR, Act.EXPORT, Export(section=asked.of, format=form), **details)
        for done in write_all(output, asked, mark):
            progress.tell(done)
        progress.end()
        self.stdout.write(f"{progress.done:,} {asked.of} in {output}.")


def asked_for(options: dict[str, Any], before: BulkMark | None) -> Asked:
    """Where no end is given, one that goes on has that which it had. Raises CommandError and ValueError."""
    now = database_now()
    wanted = period.between(options["first"], options["last"], now)
    end = wanted.end or (datetime.fromisoformat(before.end) if before else now)
    if wanted.start and wanted.start >= end:
        raise CommandError("--from is not before --to.")
    return Asked(options["of"], wanted.start, end, account_of(options["account"]), whole_numbers=not options["mask_numbers"])


def account_of(word: str) -> Account | None:
    if not word:
        return None
    found = Account.objects.filter(auth_id=word).first() or Account.objects.filter(name=word).first()
    if found is None:
        raise CommandError(f"There is no account with the auth id or the name {word!r}.")
    return found


def what_is_kept(output: Path) -> str:
    return "Say --resume to go on where it was." if is_unfinished(output) else "Nothing was written."


class ProgressLine:
    """A bar where somebody looks, a line each ten seconds where nobody does."""

    def __init__(self, total: int, done: int, out: Any) -> None:
        self.total, self.done, self.out = total, done, out
        self.at_first, self.began = done, time.monotonic()
        self.said_at = self.began
        self.looked_at = bool(getattr(out, "isatty", bool)())

    def tell(self, done: int) -> None:
        self.done = done
        now = time.monotonic()
        if now - self.said_at >= (BAR_SECONDS if self.looked_at else LINE_SECONDS):
            self.said_at = now
            self.say(now)

    def end(self) -> None:
        if self.looked_at:
            self.say(time.monotonic())
            self.out.write("")

    def say(self, now: float) -> None:
        if self.looked_at:
            self.out.write(f"\r{self.bar()} {self.words(now)} ", ending="")
        else:
            self.out.write(self.words(now))
        self.out.flush()

    def bar(self) -> str:
        filled = round(BAR_LENGTH * min(self.done / self.total, 1.0)) if self.total else BAR_LENGTH
        return f"[{'#' * filled}{'.' * (BAR_LENGTH - filled)}]"

    def words(self, now: float) -> str:
        rate = (self.done - self.at_first) / max(now - self.began, 0.001)
        return f"{self.done:,} of {self.total:,}, {rate:,.0f} a second"
