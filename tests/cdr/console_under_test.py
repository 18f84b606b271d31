"""A console in a process of its own, with one live call in a database of its own (DATA_DIR). For tests that need a real server.
Whether a reader may still look is asked every 3 s.

Prints port, session and call's uuid; then presses a digit on the call for each digit it reads."""

import asyncio
import os
import socket
import sys
import threading

import django
import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after the setup
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from cdr import live  # noqa: E402
from config.asgi import application  # noqa: E402
from streams.models import Call, StreamEvent  # noqa: E402
from tests.cdr.call_script import make_gateway  # noqa: E402
from tests.cdr.factories import live_call  # noqa: E402


def prepared() -> tuple[Call, str]:
    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return live_call(make_gateway(), timezone.now()), client.cookies["sessionid"].value


def press_digits(call: Call) -> None:
    for digit in iter(sys.stdin.readline, ""):
        StreamEvent.objects.create(call=call, at=timezone.now(), kind="call_dtmf", details={"digit": digit.strip()})


def main() -> None:
    live.RECHECK_BEATS = 3
    call, session = prepared()
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], session, call.uuid, flush=True)
    threading.Thread(target=press_digits, args=(call,), daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
    asyncio.run(server.serve(sockets=[listening]))


if __name__ == "__main__":
    main()
