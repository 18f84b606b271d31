"""`manage.py provision FILE.json`: accounts, applications and gateways from a file. Owns the printed lines only."""

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from streams.provision import InvalidFile, provision
from streams.rate_plans import Change


class Command(BaseCommand):
    help = "Creates and changes accounts, applications and gateways to what FILE says. What FILE does not name is left alone."
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="A JSON file, or - for the standard input.")

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["file"]
        try:
            outcome = provision(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except InvalidFile as error:
            lines = "".join(f"\n  {problem}" for problem in error.problems)
            raise CommandError(f"{file} was not applied and nothing was changed. What is wrong with it:{lines}") from error
        for warning in outcome.warnings:
            self.stderr.write(f"warning: {warning}")
        for change in outcome.changes:
            self.stdout.write(change_line(change))
        count = Counter(change.action for change in outcome.changes)
        self.stdout.write(f"{count['created']} created, {count['changed']} changed, {count['left']} left as they were.")


def change_line(change: Change) -> str:
    keys = f" ({', '.join(change.keys)})" if change.keys else ""
    return f"{change.action:<8} {change.what}{keys}"
