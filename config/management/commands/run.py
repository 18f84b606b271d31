"""`manage.py run`: the whole installation on one machine, in the foreground, until Ctrl-C.

Owns what is prepared before the start: the claims, the database, the first users, the demo."""

import asyncio
import contextlib
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config import claims, credentials, first_users, installation
from config.installation import Demo, Installation
from config.management.commands import setup_demo
from streams.models import Call


class Command(BaseCommand):
    help = "Starts Streamdesk with everything it needs, places a demo call on an empty database, and runs until Ctrl-C."
    requires_system_checks = ["installation"]

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with claims.data_folder(settings.DATA_DIR):
                failure = asyncio.run(installation.run(self.prepare(), self.say))
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:  # before the installation listens to signals itself
            failure = ""
        if failure:
            raise CommandError(failure)
        self.say("Stopped.")

    def say(self, line: str) -> None:
        # A terminal that is gone must not keep the processes from being stopped.
        with contextlib.suppress(OSError):
            self.stdout.write(line)
            self.stdout.flush()

    def prepare(self) -> Installation:
        claims.port(settings.HOST, settings.PORT)
        self.say("Preparing the database ...")
        call_command("migrate", interactive=False, verbosity=0)
        secrets = credentials.load(settings.DATA_DIR)
        just_made = first_users.create(secrets["admin_password"], secrets["support_password"])
        return Installation(
            code_folder=settings.BASE_DIR,
            data_folder=settings.DATA_DIR,
            host=settings.HOST,
            port=settings.PORT,
            drain_seconds=settings.DRAIN_NOTICE_SECONDS + settings.DRAIN_SECONDS,
            redis_socket=settings.EMBEDDED_REDIS_SOCKET if settings.EMBEDDED_REDIS else None,
            demo=prepared_demo(secrets["demo_gateway_password"]) if settings.DEMO and settings.EMBEDDED else None,
            logins=tuple(logins(secrets, just_made)),
            remarks=tuple(remarks()),
        )


def prepared_demo(password: str) -> Demo:
    customer_port = claims.free_port(settings.PORT + 1)
    call_command("setup_demo", customer_port=customer_port)
    return Demo(setup_demo.GATEWAY, password, customer_port, place_call=not Call.objects.exists())


def logins(secrets: dict[str, str], just_made: bool = False) -> list[str]:
    """The two first users, for as long as they have their first passwords; these are told by the trial only: elsewhere what is printed
    ends in a log that others read. Of two that were `just_made` it need not be tried, which takes a third of a second."""
    known = [
        ("administrator", first_users.ADMINISTRATOR, secrets["admin_password"]),
        ("support, reads and shares debug logs", first_users.SUPPORT, secrets["support_password"]),
    ]
    there = [(role, name, password) for role, name, password in known if just_made or first_users.still_has(name, password)]
    shown = [f"{name} / {password if settings.EMBEDDED else 'first password'}   ({role})" for role, name, password in there]
    return shown + [f"(kept in {settings.DATA_DIR / credentials.FILE_NAME})"]


def remarks() -> list[str]:
    if not settings.EMBEDDED:
        return []
    networks = ", ".join(map(str, settings.DIAL_REACH.networks)) or "nothing of the private networks"
    return [
        f"This is the trial mode: SQLite and an embedded Redis in {settings.DATA_DIR}.",
        f"Service and callback URLs may point at this machine (DIAL_ALLOW is {networks}).",
        "docs/operation.md says how to run it for real.",
    ]
