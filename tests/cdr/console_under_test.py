"""A console in a process of its own, with one live call in a database of its own (DATA_DIR). For tests that need a real server.
Whether a reader may still look is asked every 3 s.

Prints port and call's uuid; then presses digits on the call for each number it reads, prints a session at each "sign in", and has the
gateway report anything else as a problem. DATA_DIR and CONSOLE_PORT of a console that was killed bring it back with all that it had."""

import asyncio
import os
import socket
import sys
import threading

import django
import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after the setup
from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from config.asgi import application  # noqa: E402
from streams.models import Call, StreamEvent  # noqa: E402
from tests import migrated  # noqa: E402
from tests.cdr.call_script import make_gateway  # noqa: E402
from tests.cdr.factories import live_call  # noqa: E402

DATABASE = settings.DATA_DIR / "streamdesk.sqlite3"


def prepared() -> Call:
    if not DATABASE.exists():
        migrated.copy_to(DATABASE)
    return Call.objects.first() or live_call(make_gateway(), timezone.now())


def new_session() -> str:
    client = Client()
    client.force_login(User.objects.filter(username="admin").first() or User.objects.create_superuser("admin"))
    return client.cookies["sessionid"].value


def obey(call: Call) -> None:
    for word in map(str.strip, iter(sys.stdin.readline, "")):
        if word == "sign in":
            print(new_session(), flush=True)
        elif word.isdigit():
            StreamEvent.objects.create(call=call, at=timezone.now(), kind="call_dtmf", details={"digit": word})
        else:
            StreamEvent.objects.create(call=call, at=timezone.now(), kind="call_gateway_error", level="warning", details={"text": word})


def main() -> None:
    call = prepared()
    listening = socket.create_server(("127.0.0.1", int(os.environ["CONSOLE_PORT"])))
    print(listening.getsockname()[1], call.uuid, flush=True)
    threading.Thread(target=obey, args=(call,), daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
    asyncio.run(server.serve(sockets=[listening]))


if __name__ == "__main__":
    main()
