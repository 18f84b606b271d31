"""`manage.py reseal_secrets`: after a new key was put in front of SECRETS_KEY, or when one is lost. Owns the printed lines only."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from streams.resealing import lose_unreadable, reseal_all
from streams.sealed import WrongKey, seal


class Command(BaseCommand):
    help = "Seals every secret in the database anew with the first key of SECRETS_KEY. Afterwards the other keys can be taken out of it."
    requires_system_checks: list[str] = []  # one of them says that the key is wrong, which is what this mends

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--lose-unreadable",
            action="store_true",
            help="When a key is lost for good: first take out what was sealed with it. Auth tokens and second factors are then made anew, "
            "signing tokens and answer XML set again. It cannot be undone.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["lose_unreadable"]:
            self._say(lose_unreadable(), "lost, ")
        try:
            self._say(reseal_all(), "")
        except WrongKey as error:
            raise CommandError(f"Stopped; the older keys are still needed. {error}") from error
        self.stdout.write(
            f"All are sealed with the key {seal().fingerprints[0]}. Older keys in SECRETS_KEY are needed no more, but for backups."
        )

    def _say(self, counts: dict[str, int], what: str) -> None:
        for column, count in counts.items():
            self.stdout.write(f"{count:>8} {what}{column}")
