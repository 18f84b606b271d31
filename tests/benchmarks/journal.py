"""How late audio is while a process keeps so many events a second, and how far behind them their rows are.

    python -m tests.benchmarks.journal [--streams 100] [--events 2000] [--seconds 5]        make bench PART=journal

Callers press keys, in turn: each is two events, of the call and of its stream. One web process on one core, on SQLite, which it is itself:
a PostgreSQL has a core of its own. Of more than 120 keys a minute of one call the number is kept, and not each."""

import argparse
import asyncio
import itertools
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from streams.pure.call.note_budget import IN_FULL
from streams.simulate.listener import Listener
from tests.benchmarks.contenders import AUTHORIZATION, streamdesk
from tests.benchmarks.load import CustomerSide, GatewaySide, Measured, connect_gateways, send_for
from tests.benchmarks.relay import be_the_load, later_than, until_listening, warm_up
from tests.free_port import free_port
from tests.process_use import fine_cpu_seconds

EVENTS_A_KEY = 2
KEPT = "SELECT count(*) FROM streams_streamevent WHERE kind IN ('call_dtmf', 'dtmf_forwarded')"
PATIENCE_SECONDS = 60.0


async def press_keys(gateways: list[GatewaySide], keys: int, seconds: float) -> float:
    """So many, evenly within the time; the seconds that it took."""
    began, turns = time.monotonic(), itertools.cycle(gateways)
    for number in range(keys):
        await asyncio.sleep(max(0.0, began + number * seconds / keys - time.monotonic()))
        next(turns).press(str(number % 10))
    return time.monotonic() - began


async def until_kept(rows: sqlite3.Connection, events: int) -> float:
    """Seconds until there were so many rows."""
    began = time.monotonic()
    while (kept := rows.execute(KEPT).fetchone()[0]) < events:
        assert time.monotonic() < began + PATIENCE_SECONDS, f"{kept} of {events} events are kept"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def measure(streams: int, events_a_second: int, seconds: float) -> None:
    measured, listener = Measured(), Listener()
    customers = await asyncio.get_running_loop().create_server(lambda: CustomerSide(measured), sock=listener)
    port, customer_url = free_port(), f"ws://127.0.0.1:{listener.port}/"
    with tempfile.TemporaryDirectory() as folder, streamdesk(port, customer_url, Path(folder)) as process:
        await until_listening(port)
        gateways = await connect_gateways(port, streams, AUTHORIZATION, measured)
        await warm_up(gateways, measured)
        keys, measured.recording = round(events_a_second * seconds / EVENTS_A_KEY), True
        cpu, began = fine_cpu_seconds(process.pid), time.monotonic()
        pressing = asyncio.create_task(press_keys(gateways, keys, seconds))
        await send_for(gateways, seconds, measured, ahead=1)
        pressed_seconds = await pressing or seconds
        took = time.monotonic() - began
        share = (fine_cpu_seconds(process.pid) - cpu) / took
        with closing(sqlite3.connect(f"file:{folder}/streamdesk.sqlite3?mode=ro", uri=True)) as rows:
            behind = await until_kept(rows, EVENTS_A_KEY * keys)
        for gateway in gateways:
            gateway.hang_up()
        await asyncio.wait_for(asyncio.gather(*(gateway.lost.wait() for gateway in gateways)), 30)
    await listener.end(customers)
    ordered = sorted(measured.latencies_ms)
    late = ", ".join(f"p{100 * of:g} {later_than(of, ordered):.2f}" for of in (0.5, 0.99, 0.999))
    print(f"{streams} streams, {EVENTS_A_KEY * keys / pressed_seconds:,.0f} events a second, {100 * share:.0f} % of a core")
    print(f"    all of them kept {behind:.2f} s after the end; audio later by {late} ms, lost {measured.sent - len(ordered)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--events", type=int, default=2000, metavar="A_SECOND")
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    if options.events * options.seconds / EVENTS_A_KEY > IN_FULL * options.streams:
        parser.error(f"So many events of so few calls are not kept one by one: at most {IN_FULL} keys of each call are.")
    be_the_load(options.streams)
    for events in (0, options.events):
        asyncio.run(measure(options.streams, events, options.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
