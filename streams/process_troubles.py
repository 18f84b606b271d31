"""What is wrong with this process, in words; and kept in a row for as long as it is, so that the console of another process can show it.

Owns the list of what a process knows of itself (FINDERS): whoever has something to tell adds a function. Must not know who asks, nor calls:
a worker reads and forgets the rows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from streams import keeper
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


def storm() -> Trouble | None:
    count = requests_refused()
    if not count:
        return None
    what = f"More comes to a process than it takes: {count} {'request was' if count == 1 else 'requests were'} answered 503 in this minute."
    remedy = "The log of the process names the address that most came from. Where they are your own, give it descriptors or a sibling."
    return Trouble("storm", what, "Live calls go on; calls that came while all places were taken were refused.", remedy)


FINDERS: list[Callable[[], Trouble | None]] = [loops, storm]
"""Each quick, and without a query: they may be asked on the event loop. Where calls are there are more (streams.calls.call_troubles)."""


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
