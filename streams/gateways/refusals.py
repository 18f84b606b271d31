"""Writes down which gateways were refused, after they were: a refusal waits for no query, and is the same with the database away.

Owns the thread that writes, the rows, and how long they are kept. Must not know why somebody is refused."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import DataError, IntegrityError, transaction
from django.db import Error as DatabaseError
from django.db.models import F

from streams.database_threads import DatabaseThreads
from streams.keeper import keep
from streams.models import Gateway, GatewayRefusal
from streams.outages import Outage
from streams.pure.gateway.refusal import Attempts, Reason, Refusal, Tally

log = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
"""Between two rounds: attempts that are alike and closer than this are written together."""
PAUSE_SECONDS = 5.0
KEPT = timedelta(days=30)
KEPT_OF_STRANGERS, KEPT_OF_GATEWAYS = 5_000, 20_000
"""How many rows are kept, the newest ones."""


class Refusals:
    """One per process and event loop."""

    def __init__(self) -> None:
        self.counts: Counter[Reason] = Counter()
        """Since the process began."""
        self._tally = Tally()
        self._some = asyncio.Event()
        self._threads = DatabaseThreads(1, "refusals")
        self._outage = Outage(log, "Writing refused attempts")
        self._writing = keep("refused attempts", self._keep, calls_need_it=False)

    def add(self, refusal: Refusal) -> None:
        """Keeps it until it is written. Called on the event loop; never blocks."""
        self.counts[refusal.reason] += 1
        self._tally.add(refusal, time.time())
        self._some.set()

    async def stop(self) -> None:
        """Writes what waits, if that can be done."""
        await self._writing.stop()
        try:
            await self._write()
        finally:
            await self._threads.stop()

    async def _keep(self) -> None:
        while True:
            await self._some.wait()
            written = await self._write()
            if not self._tally:
                self._some.clear()
            await asyncio.sleep(WRITE_SECONDS if written else PAUSE_SECONDS)

    async def _write(self) -> bool:
        """False when the database is away."""
        attempts = self._tally.take(time.monotonic())
        try:
            if attempts:
                await self._threads.run(write, attempts)
        except (IntegrityError, DataError, ValueError, TypeError) as error:
            # What strangers sent must be able to stop nothing: neither this loop, nor the attempts after it.
            log.warning("Refused attempts could not be written and are lost (%s).", str(error).strip())
        except DatabaseError as error:
            self._outage.failed(error, "they wait")
            self._tally.give_back(attempts)
            return False
        except Exception:
            self._tally.give_back(attempts)
            raise
        self._outage.worked()
        return True


def write(attempts: Sequence[Attempts]) -> None:
    """One row for those that are alike and of one hour."""
    with transaction.atomic():
        names = {alike.last.name for alike in attempts if alike.last.known}
        gateways = dict(Gateway.objects.filter(name__in=names).values_list("name", "pk"))
        for alike in attempts:
            _write_row(alike, gateways.get(alike.last.name))


def _write_row(alike: Attempts, gateway_id: int | None) -> None:
    first, last = (datetime.fromtimestamp(seconds, UTC) for seconds in (alike.first_at, alike.last_at))
    said = {"words": alike.last.words[:500], "call_uuid": alike.last.call_uuid, "last_at": last, "gateway_id": gateway_id}
    hour = first.replace(minute=0, second=0, microsecond=0)
    made = {**said, "first_at": first, "count": alike.count}
    row, is_new = GatewayRefusal.objects.get_or_create(**alike.key._asdict(), hour=hour, defaults=made)
    if not is_new:
        GatewayRefusal.objects.filter(pk=row.pk).update(**said, count=F("count") + alike.count)


def forget_old(now: datetime) -> int:
    """Removes rows that are old, and those beyond what is kept of each kind; returns how many."""
    removed, _ = GatewayRefusal.objects.filter(last_at__lt=now - KEPT).delete()
    for of_strangers, kept in ((True, KEPT_OF_STRANGERS), (False, KEPT_OF_GATEWAYS)):
        rows = GatewayRefusal.objects.filter(gateway__isnull=of_strangers)
        oldest = rows.order_by("-last_at").values_list("last_at", flat=True)[kept : kept + 1]
        for last_at in oldest:
            removed += rows.filter(last_at__lte=last_at).delete()[0]
    return removed
