"""Live calls as a process that died this moment left them: a stream each, its start told, its end owed.

    python -m tests.benchmarks.left_calls CALLS SECONDS STATUS_URL        with the settings of the installation whose calls they are

They had gone on for so many seconds. The first is written by the journal, of its notes; the others are its rows again. Says when they
are there."""

import os
import sys
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.db import transaction  # noqa: E402 - as above
from django.db.models.functions import Now  # noqa: E402 - as above

from streams.database_clock import database_now  # noqa: E402 - as above
from streams.models import Call, Callback, Gateway, Stream, StreamEvent  # noqa: E402 - as above
from tests.cdr.call_script import OWNER, REQUEST, CallScript  # noqa: E402 - as above

Row = TypeVar("Row", Call, Stream, Callback, StreamEvent)


def leave(count: int, lasted_seconds: int, status_url: str) -> None:
    gateway = Gateway.objects.order_by("pk")[0]
    script = CallScript(gateway, database_now() - timedelta(seconds=lasted_seconds)).answered()
    script.streaming(request=replace(REQUEST, status_callback_url=status_url))
    with transaction.atomic():
        first = script.save()
        Callback.objects.update(state="delivered", due_at=None)
        again(first, count - 1)
    # The lease begins when all are there, as a process that dies now has just renewed it.
    live = Call.objects.filter(owner=OWNER)
    live.update(renewed_at=Now(), lease_until=Now() + timedelta(seconds=settings.LEASE_SECONDS))
    print(f"{live.count()} calls were left", flush=True)


def again(first: Call, count: int) -> None:
    """The rows of one call so many times, each with names of its own."""
    stream, callback, events = first.streams.get(), Callback.objects.get(), list(first.events.all())
    calls = Call.objects.bulk_create((copied(first, uuid=uuid.uuid4()) for _ in range(count)), batch_size=200)
    streams = Stream.objects.bulk_create((copied(stream, uuid=uuid.uuid4(), call=call) for call in calls), batch_size=200)
    Callback.objects.bulk_create((copied(callback, stream=each, message_id=f"msg_{each.uuid.hex}001") for each in streams), batch_size=200)
    StreamEvent.objects.bulk_create(of_each(events, streams), batch_size=500)


def of_each(events: Iterable[StreamEvent], streams: Iterable[Stream]) -> Iterable[StreamEvent]:
    for stream in streams:
        yield from (copied(event, call=stream.call, stream=stream if event.stream_id else None) for event in events)


def copied(row: Row, **other: object) -> Row:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
    copy = type(row)(**values)
    for name, value in other.items():
        setattr(copy, name, value)
    return copy


if __name__ == "__main__":
    leave(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
