"""How soon the calls that a dead process left are ended, when they are many: promised are 1,000 within 45 s.

    python -m tests.benchmarks.reaping [--calls 1000] [--database sqlite]        make bench PART=reaping CALLS=10000

Whole installations as they are run (the embedded form on SQLite; the large one on PostgreSQL, with workers and beat), with the default
lease. Rows are written as a process that dies this moment leaves them; who ends the calls is the installation's own. Counted is from then
on: until the last call is ended, and until the last callback that is owed has come. Then rows, charges and callbacks are checked."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator

from streams.simulate.customer import Customer
from tests.chaos.rows import Ask
from tests.chaos.sites import EmbeddedSite, LargeSite
from tests.journeys.processes import STARTER

SITES: dict[str, type[EmbeddedSite] | type[LargeSite]] = {"sqlite": EmbeddedSite, "postgresql": LargeSite}
LEASE_SECONDS, LASTED_SECONDS = 20, 120
PROMISED_SECONDS, PROMISED_CALLS = 45.0, 1000
LOOK_SECONDS, PATIENCE_SECONDS = 0.25, 1200.0
MAY_ACT = "SELECT count(*) FROM streams_heartbeat WHERE name = 'reaper' AND hold_until < CURRENT_TIMESTAMP"
ENDED = "SELECT count(*) FROM streams_call WHERE state = 'ended'"
OWED = "SELECT count(*), count(DISTINCT stream_id) FROM streams_callback WHERE event = 'DroppedStream'"
TOLD = "SELECT count(*) FROM streams_callback WHERE event = 'DroppedStream' AND state = 'delivered'"


async def until(ask: Ask, query: str, wanted: int) -> float:
    """When there were at least so many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := (await asyncio.to_thread(ask, query))[0][0]) < wanted:
        assert time.monotonic() < deadline, f"{query}: {found}, not {wanted}"
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic()


def wrong(ask: Ask, customer: Customer, calls: int, most_seconds: float) -> Iterator[str]:
    """What is not as it has to be."""
    came = {each.headers["webhook-id"] for each in customer.receiver.callbacks if each.event == "DroppedStream"}
    for what, found, wanted in (
        ("streams", ask("SELECT state, end_cause, count(*) FROM streams_stream GROUP BY 1, 2"), [("ended", "process_lost", calls)]),
        ("ends of streams", ask("SELECT count(*) FROM streams_streamevent WHERE kind = 'stream_ended'"), [(calls,)]),
        ("ends of calls", ask("SELECT count(*) FROM streams_streamevent WHERE kind = 'call_ended'"), [(calls,)]),
        ("charges, of streams", ask("SELECT count(*), count(DISTINCT stream_id) FROM cdr_charge"), [(calls, calls)]),
        ("callbacks owed", ask(OWED), [(calls, calls)]),
        ("callbacks that came", len(came), calls),
    ):
        if found != wanted:
            yield f"{what}: {found}, not {wanted}"
    ((least, most),) = ask("SELECT min(seconds), max(seconds) FROM cdr_charge")
    if not LASTED_SECONDS <= least <= most <= most_seconds:
        yield f"{least} to {most} s are charged, not {LASTED_SECONDS} to {most_seconds:.0f} s"


async def measure(name: str, calls: int) -> bool:
    """Whether all is as promised."""
    site = SITES[name]("reaping", "http://127.0.0.1:9/answer")
    site.environment |= {"LEASE_SECONDS": str(LEASE_SECONDS), "CALLBACK_RETRY_SECONDS": "5 30"}
    try:
        await site.start()
        async with Customer() as customer:
            await until(site.ask, MAY_ACT, 1)
            began = time.monotonic()
            left = ("-m", "tests.benchmarks.left_calls", str(calls), str(LASTED_SECONDS), customer.status_url)
            await asyncio.to_thread(site.spawn("left", sys.executable, *left).wait_for_line, "calls were left", 300)
            died = time.monotonic()
            first, last, told = [await until(site.ask, *each) for each in ((ENDED, 1), (ENDED, calls), (TOLD, calls))]
            found = list(wrong(site.ask, customer, calls, LASTED_SECONDS + died - began))
    finally:
        await site.stop()
    if last - died > PROMISED_SECONDS and calls <= PROMISED_CALLS:
        found.append(f"promised are {PROMISED_SECONDS:g} s")
    rate = calls / max(last - first, LOOK_SECONDS)
    print(f"{name}: {calls} calls. The first ended {first - died:.1f} s after their process died, the last {last - died:.1f} s,")
    print(f"    {rate:.0f} a second; the last callback came after {told - died:.1f} s.", "; ".join(found) or "Nothing is lost.", flush=True)
    return not found


async def main(options: argparse.Namespace) -> int:
    chosen = [name for name in SITES if options.database in name]
    return 0 if all([await measure(name, options.calls) for name in chosen]) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=int(os.environ.get("CALLS") or PROMISED_CALLS))
    parser.add_argument("--database", default="", help="sqlite or postgresql; both, where it is left out")
    STARTER.submit(int).result()
    sys.exit(asyncio.run(main(parser.parse_args())))
