"""What is wrong with this process, in words; and kept in a row for as long as it is, so that the console of another process can show it.

Owns the list of what a process knows of itself (FINDERS): whoever has something to tell adds a function. Must not know who asks."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from streams import keeper
from streams.calls import lease_keeping, note_queue, spool
from streams.models import ProcessReport
from streams.pure.trouble import Trouble
from streams.serving.turned_away import requests_refused

LOG = "The log of the process says why."
AS_EVER = "Calls go on, and new ones are taken."
REPORT_COUNTS_SECONDS = 60.0


def loops() -> Trouble | None:
    """Of the loops beside its calls: renewing leases, writing notes, reading the gateways ... One that fails is started again."""
    down = keeper.loops_down()
    if not down:
        return None
    what = f"{', '.join(down)} failed and {'is' if len(down) == 1 else 'are'} being started again."
    needed = bool(keeper.loops_down(calls_need=True))
    for_calls = "Live calls go on; load balancers send the process no new ones until it is steady." if needed else AS_EVER
    return Trouble("loops", what, for_calls, f"{LOG} It is a fault of the platform: report it.")


def leases() -> Trouble | None:
    """By this process's own clock: the database cannot tell it what it does not answer."""
    if not lease_keeping.leases_run_out():
        return None
    what = f"A process could not renew the leases of its calls within {settings.LEASE_SECONDS:g} s."
    for_calls = "Audio goes on, and a worker may end these calls in their rows; load balancers send the process no new ones."
    return Trouble("leases", what, for_calls, "See whether the process reaches the database, and whether something locks its tables.")


def notes() -> Trouble | None:
    count = note_queue.notes_aside()
    if not count:
        return None
    what = f"{count} {'note' if count == 1 else 'notes'} of calls cannot be written, though others can; they are kept and tried again."
    return Trouble("notes", what, f"{AS_EVER} The calls with these notes may lack an end, a bill or a callback until then.", LOG)


def disk() -> Trouble | None:
    if not spool.notes_in_memory_only():
        return None
    what = "A process cannot keep what its calls note on its disk, and has it in memory only."
    remedy = f"See whether DATA_DIR can be written and has room. {LOG}"
    return Trouble("spool", what, f"{AS_EVER} Killed while the database is away, the process would lose what it has not written.", remedy)


def storm() -> Trouble | None:
    count = requests_refused()
    if not count:
        return None
    what = f"More comes to a process than it takes: {count} {'request was' if count == 1 else 'requests were'} answered 503 in this minute."
    remedy = "The log of the process names the address that most came from. Where they are your own, give it descriptors or a sibling."
    return Trouble("storm", what, "Live calls go on; calls that came while all places were taken were refused.", remedy)


FINDERS: list[Callable[[], Trouble | None]] = [loops, leases, notes, disk, storm]
"""Each quick, and without a query: they may be asked on the event loop."""


def of_this_process() -> list[Trouble]:
    return [trouble for find in FINDERS if (trouble := find()) is not None]


# For other processes ------------------------------------------------------------------------------------------------------------
async def keep_reported(owner: str, every_seconds: float, query: Callable[..., Awaitable[Any]]) -> None:
    """An endless loop. Costs nothing while all is well. `query` runs a database function beside the event loop."""
    reported = False
    while True:
        troubles = of_this_process()
        if troubles:
            reported = True
            await query(report, owner, troubles)
        elif reported and await query(withdraw, owner):
            reported = False
        await asyncio.sleep(every_seconds)


def report(owner: str, troubles: list[Trouble]) -> None:
    row = ProcessReport(owner=owner, troubles=troubles, reported_at=Now())
    fields = ["troubles", "reported_at"]
    ProcessReport.objects.bulk_create([row], update_conflicts=True, unique_fields=["owner"], update_fields=fields)


def withdraw(owner: str) -> bool:
    ProcessReport.objects.filter(owner=owner).delete()
    return True


def of_all_processes() -> list[Trouble]:
    """What processes have reported lately, each trouble once, in as many words as one of them."""
    fresh = ProcessReport.objects.filter(reported_at__gte=Now() - timedelta(seconds=REPORT_COUNTS_SECONDS)).order_by("pk")
    return list(dict.fromkeys(Trouble(*words) for row in fresh for words in row.troubles))


def forget_old() -> None:
    """Removes what processes that have gone said."""
    ProcessReport.objects.filter(reported_at__lt=Now() - timedelta(seconds=REPORT_COUNTS_SECONDS)).delete()
