"""Calls that come and go for minutes: what a web process holds must not grow with how many there were.

    python -m tests.benchmarks.churn [--minutes 10] [--at-once 20]        make bench PART=churn MINUTES=10

Each call sends for a second and hangs up; some are cut off, some are refused. Memory, descriptors, threads, and the entries of the
process's own tables are looked at every 10 s, the tables by the process itself (tests/benchmarks/churned_web.py). At the end the first
third is compared with the last one."""

import argparse
import asyncio
import base64
import json
import os
import random
import signal
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from streams.simulate.listener import Listener
from tests.benchmarks.contenders import AUTHORIZATION, streamdesk_of
from tests.benchmarks.load import CustomerSide, GatewaySide, Measured
from tests.benchmarks.relay import until_listening
from tests.free_port import free_port
from tests.process_use import use_of

LOOK_SECONDS = 10.0
CALL_SECONDS = 1.0
SETTLE_SECONDS = 30.0
"""Before the first look that counts: caches fill, threads begin."""
GROWTH = {"blocks": 1.05, "rss_mb": 1.15, "descriptors": 1.2, "threads": 1.2}
"""By how much the last third may be above the first one. What Python holds (`blocks`) may hardly be; memory goes in steps of its
allocator's, with the busiest moment there was, and comes back only in part."""
WRONG = base64.b64encode(b"nobody:wrong").decode()


@dataclass
class Looks:
    taken: list[dict[str, float]] = field(default_factory=list)

    def verdict(self) -> list[str]:
        """What grew."""
        third = max(1, len(self.taken) // 3)
        grown = []
        for name in self.taken[-1]:
            first, last = (statistics.median(look.get(name, 0) for look in part) for part in (self.taken[:third], self.taken[-third:]))
            most = first * GROWTH[name] + 2 if name in GROWTH else first * 1.5 + 20
            if last > most:
                grown.append(f"{name}: {first:g} in the first third, {last:g} in the last")
        return grown


async def call(port: int, number: int, measured: Measured) -> None:
    """One call, ended as its number says."""
    upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    credentials = WRONG if number % 10 == 0 else AUTHORIZATION
    _, gateway = await asyncio.get_running_loop().create_connection(
        lambda: GatewaySide("/gateway/asterisk/bench/", credentials, upgraded, measured), "127.0.0.1", port
    )
    try:
        with suppress(ConnectionError):
            await asyncio.wait_for(upgraded, 30)
            for _ in range(round(CALL_SECONDS * 50)):
                gateway.send_frame()
                await asyncio.sleep(0.02)
            if number % 3:
                gateway.hang_up()
                await asyncio.wait_for(gateway.lost.wait(), 30)
    finally:
        gateway.transport.abort()


async def churn(port: int, until: float, at_once: int) -> int:
    measured, numbers = Measured(), iter(range(10**9))

    async def one_after_the_other() -> int:
        made = 0
        while time.monotonic() < until:
            await call(port, next(numbers), measured)
            made += 1
            await asyncio.sleep(random.uniform(0, 0.1))  # noqa: S311 - nothing is to be secret
        return made

    return sum(await asyncio.gather(*(one_after_the_other() for _ in range(at_once))))


async def look(pid: int, tables: Path, looks: Looks) -> None:
    await asyncio.sleep(SETTLE_SECONDS)
    while True:
        tables.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR1)
        while not tables.exists():
            await asyncio.sleep(0.05)
        seen = outside(pid) | json.loads(tables.read_text())
        looks.taken.append(seen)
        print("  ".join(f"{name} {value:g}" for name, value in seen.items()), flush=True)
        await asyncio.sleep(LOOK_SECONDS)


def outside(pid: int) -> dict[str, float]:
    use = use_of(pid)
    assert use is not None, "the process has gone, or this is no Linux"
    return {"rss_mb": round(use.rss_mb, 1), "descriptors": use.descriptors, "threads": use.threads}


async def measure(minutes: float, at_once: int) -> int:
    listener, looks = Listener(), Looks()
    customers = await asyncio.get_running_loop().create_server(lambda: CustomerSide(Measured()), sock=listener)
    port, customer_url = free_port(), f"ws://127.0.0.1:{listener.port}/"
    with tempfile.TemporaryDirectory() as folder:
        tables = Path(folder) / "tables.json"
        command = ["-m", "tests.benchmarks.churned_web", str(tables), str(port)]
        with streamdesk_of(command, port, customer_url, Path(folder)) as process:
            await until_listening(port)
            looking = asyncio.create_task(look(process.pid, tables, looks))
            made = await churn(port, time.monotonic() + 60 * minutes, at_once)
            looking.cancel()
            await asyncio.wait([looking])
    await listener.end(customers)
    grown = looks.verdict()
    print(f"{made} calls; {'; '.join(grown) or 'nothing grew'}")
    return len(grown)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES") or 10))
    parser.add_argument("--at-once", type=int, default=20)
    options = parser.parse_args()
    return asyncio.run(measure(options.minutes, options.at_once))


if __name__ == "__main__":
    raise SystemExit(main())
