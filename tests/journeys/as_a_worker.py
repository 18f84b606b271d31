"""What a worker would do, at once and in one process: `prepare` the tables and a gateway, `settle` what calls have left, and tell the rows.

    python -m tests.journeys.as_a_worker prepare SERVICE_URL STATUS_URL PASSWORD
    python -m tests.journeys.as_a_worker settle CALLS

A worker and beat need ten seconds to start, and Redis; this needs one, and the same DATA_DIR and DATABASE_URL."""

import json
import os
import sys
import time
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from django.core.management import call_command  # noqa: E402 - needs the settings
from django.db import connection  # noqa: E402 - as above

from cdr.models import Charge  # noqa: E402 - as above
from streams import tasks  # noqa: E402 - as above
from streams.delivery import courier  # noqa: E402 - as above
from streams.models import Account, Application, Call, Callback, Gateway, Stream  # noqa: E402 - as above


def prepare(service_url: str, status_url: str, password: str) -> None:
    if connection.vendor == "postgresql":  # SQLite's file comes with its tables
        call_command("migrate", verbosity=0)
    account = Account.objects.create(name="Killed", fill_silence=False)
    attributes = f'contentType="audio/x-mulaw;rate=8000" keepCallAlive="true" statusCallbackUrl="{status_url}"'
    answer = f"<Response><Stream {attributes}>{service_url}</Stream></Response>"
    application = Application.objects.create(account=account, name="own XML", answer_xml=answer)
    gateway = Gateway(account=account, application=application, name="gw1", dialect="asterisk")
    gateway.set_password(password)
    gateway.save()


def settle(calls: int, within_seconds: float = 40.0) -> None:
    """Until so many calls are over and nothing is owed; then tells what the rows say, on one line."""
    deadline = time.monotonic() + within_seconds
    while not is_settled(calls) and time.monotonic() < deadline:
        tasks.reap_calls()
        tasks.sweep_callbacks()
        time.sleep(0.1)
    courier.close()
    print(json.dumps([told(call) for call in Call.objects.order_by("started_at")]), flush=True)


def is_settled(calls: int) -> bool:
    return Call.objects.filter(state="ended").count() >= calls and not Callback.objects.filter(state="pending").exists()


def told(call: Call) -> dict[str, Any]:
    return {"uuid": str(call.uuid), "state": call.state, "streams": [told_of_stream(stream) for stream in call.streams.all()]}


def told_of_stream(stream: Stream) -> dict[str, Any]:
    return {
        "uuid": str(stream.uuid),
        "state": stream.state,
        "cause": stream.end_cause,
        "started_at": stream.started_at.timestamp() if stream.started_at else None,
        "ended_at": stream.ended_at.timestamp() if stream.ended_at else None,
        "billed": list(Charge.objects.filter(stream=stream).values_list("seconds", flat=True)),
    }


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(*sys.argv[2:])
    else:
        settle(int(sys.argv[2]))
