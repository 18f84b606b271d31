"""`manage.py serve`: the web server, in one process or in several behind one port; Daphne with our limits and our way of stopping.

Owns its options only; any ASGI server can run config.asgi:application instead, with its role in SERVE_ROLE."""

import argparse
import asyncio
import contextlib
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import serving_processes
from config.installation import WEB_EXTRA_SECONDS
from config.serving_processes import Several
from config.serving_role import SERVING_ROLES
from config.supervisor import ServiceFailed

MOST_PROCESSES = 256


class Command(BaseCommand):
    help = "Serves the console and the gateways. SIGTERM stops it once live calls are over (see DRAIN_SECONDS)."
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="Address to listen on (HOST; default %(default)s).")
        parser.add_argument("--port", type=int, default=settings.PORT, help="Port (PORT; default %(default)s); 0 takes any free one.")
        words = "What it serves: media (gateways and their calls), console (console and API) or all (SERVE_ROLE; default %(default)s)."
        parser.add_argument("--role", choices=SERVING_ROLES, default=settings.SERVE_ROLE, help=words)
        words = "How many processes serve behind this port; one uses one core (SERVE_PROCESSES; default %(default)s)."
        parser.add_argument("--processes", type=process_count, default=settings.SERVE_PROCESSES, help=words)
        words = "A port on which this process can be asked alone; with several, the first one takes it and each other the next one."
        parser.add_argument("--own-port", type=int, metavar="PORT", help=words)
        parser.add_argument("--shared", default="", help=argparse.SUPPRESS)  # a PortOfSeveral, from whoever keeps several of us

    def handle(self, *args: Any, **options: Any) -> None:
        several = not options["shared"] and options["processes"] > 1
        if failure := self.keep_several(options) if several else self.serve(options):
            raise CommandError(f"{failure} Choose another port with --port or PORT, such as PORT={options['port'] + 1}.")

    def serve(self, options: dict[str, Any]) -> str:
        # All that serving needs, and keeping several does not.
        from config.web_server import serve  # noqa: PLC0415
        from streams.serving.listening import PortOfSeveral  # noqa: PLC0415

        shared = PortOfSeveral.from_word(options["shared"]) if options["shared"] else None
        return serve(options["role"], options["host"], options["port"], shared, options["own_port"], say=self.say)

    def keep_several(self, options: dict[str, Any]) -> str:
        several = Several(
            count=options["processes"],
            host=options["host"],
            port=options["port"],
            options=("--role", options["role"]),
            code_folder=settings.BASE_DIR,
            grace_seconds=settings.DRAIN_NOTICE_SECONDS + settings.DRAIN_SECONDS + WEB_EXTRA_SECONDS,
            first_own_port=options["own_port"],
        )
        try:
            return asyncio.run(serving_processes.run(several, self.say))
        except ServiceFailed as error:
            raise CommandError(f"{error} Its own lines above say why.") from error

    def say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # a terminal that is gone
            self.stdout.write(line)
            self.stdout.flush()


def process_count(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of processes from 1 to {MOST_PROCESSES}.")
    return int(word)
