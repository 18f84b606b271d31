"""`manage.py serve`: the web server of one process, Daphne with our limits and our way of stopping.

Owns its options only; any ASGI server can run config.asgi:application instead, with its role in SERVE_ROLE."""

import gc
import logging
import sys
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.asgi import served_as
from config.serving_role import CONSOLE, PROBES, SERVING_ROLES
from streams.calls import switchboard
from streams.descriptors import raise_limit
from streams.serving.doors import Entrances
from streams.serving.limits import ConnectionLimits
from streams.serving.server import Server

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Serves the console and the gateways. SIGTERM stops it once live calls are over (see DRAIN_SECONDS)."
    requires_system_checks = ["installation"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="Address to listen on (HOST; default %(default)s).")
        parser.add_argument("--port", type=int, default=settings.PORT, help="Port (PORT; default %(default)s); 0 takes any free one.")
        words = "What it serves: media (gateways and their calls), console (console and API) or all (SERVE_ROLE; default %(default)s)."
        parser.add_argument("--role", choices=SERVING_ROLES, default=settings.SERVE_ROLE, help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        raise_limit()
        server = Server(
            served_as(options["role"]),
            options["host"],
            options["port"],
            announce=switchboard.announce_stop,
            notice_seconds=settings.DRAIN_NOTICE_SECONDS,
            drain=switchboard.drain,
            drain_seconds=settings.DRAIN_SECONDS,
            entrances=Entrances(probes=PROBES, proxies=settings.TRUSTED_PROXIES),
            limits=ConnectionLimits(body_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
            ready=partial(self.listening, options["role"]),
        )
        favour_the_event_loop()
        server.run()
        if server.failure:
            raise CommandError(f"{server.failure} Choose another port with --port or PORT, such as PORT={options['port'] + 1}.")

    def listening(self, role: str, host: str, port: int) -> None:
        if role != CONSOLE:
            switchboard.current()  # before the first gateway comes: what a killed process has left is written at once
        self.stdout.write(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port}")
        self.stdout.flush()


def favour_the_event_loop() -> None:
    """Audio shares this process with threads that write rows. Python hands its lock over each 5 ms, which a frame should not wait
    for; and its garbage collector walks all that was ever imported, unless it is told that this stays."""
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
