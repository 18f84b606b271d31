"""That this process is there, in a row of its own: which version of the platform it runs, on which machine, since when.

Owns that row and how long it counts. Must not know its calls."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from streams.models import WebProcess

EVERY_SECONDS = 30.0
COUNTS_SECONDS = 3 * EVERY_SECONDS


async def keep_present(owner: str, query: Callable[..., Awaitable[Any]]) -> None:
    """An endless loop; a row written each half a minute. `query` runs a database function beside the event loop."""
    while True:
        await query(say_present, owner)
        await asyncio.sleep(EVERY_SECONDS)


def say_present(owner: str) -> None:
    version = str(import_string(settings.PLATFORM_VERSION)())[:40]
    row = WebProcess(owner=owner, version=version, machine=socket.gethostname()[:100], started_at=Now(), seen_at=Now())
    WebProcess.objects.bulk_create([row], update_conflicts=True, unique_fields=["owner"], update_fields=["seen_at", "version"])


def processes_there() -> QuerySet[WebProcess]:
    """Those that have said so lately."""
    return WebProcess.objects.filter(seen_at__gte=Now() - timedelta(seconds=COUNTS_SECONDS)).order_by("machine", "started_at", "pk")


def forget_gone() -> None:
    """Those that have not said so for long."""
    WebProcess.objects.filter(seen_at__lt=Now() - timedelta(hours=1)).delete()
