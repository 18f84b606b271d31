"""What a call takes of the web process, from its upgrade until its rows say that it has ended, when so many begin at once.

Owns these calls. What they are beside, and how it is shown: `growth`."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from streams.simulate.listener import Listener
from tests.benchmarks.contenders import AUTHORIZATION, streamdesk
from tests.benchmarks.load import FRAME_SECONDS, CustomerSide, Measured, connect_gateway
from tests.benchmarks.relay import until_listening
from tests.free_port import free_port
from tests.process_use import fine_cpu_seconds

FRAMES = 10
CALLS = 16
"""Of fewer at once so many are measured, one lot after the other."""
IDLE_SECONDS = 4.0
PATIENCE_SECONDS = 60.0
SETTLE_SECONDS = 0.3
ENDED = "SELECT count(*) FROM streams_call WHERE state = 'ended'"


async def one_call(port: int) -> None:
    gateway = await connect_gateway(port, AUTHORIZATION, Measured())
    for _ in range(FRAMES):
        gateway.send_frame()
        await asyncio.sleep(FRAME_SECONDS)
    gateway.hang_up()
    await asyncio.wait_for(gateway.lost.wait(), 30)


async def until_ended(rows: sqlite3.Connection, calls: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while (ended := rows.execute(ENDED).fetchone()[0]) < calls:
        assert time.monotonic() < until, f"{ended} of {calls} calls have ended"
        await asyncio.sleep(0.02)
    await asyncio.sleep(SETTLE_SECONDS)


async def measure(counts: Iterable[int]) -> list[tuple[float, float]]:
    """Of each count the milliseconds of CPU a call; what the process takes without calls in the same time is taken off."""
    listener, found, made = Listener(), list[tuple[float, float]](), 0
    customers = await asyncio.get_running_loop().create_server(lambda: CustomerSide(Measured()), sock=listener)
    port, customer_url = free_port(), f"ws://127.0.0.1:{listener.port}/"
    with tempfile.TemporaryDirectory() as folder, streamdesk(port, customer_url, Path(folder)) as process:
        await until_listening(port)
        with closing(sqlite3.connect(f"file:{folder}/streamdesk.sqlite3?mode=ro", uri=True)) as rows:

            async def lots(count: int) -> int:
                nonlocal made
                before = made
                while made - before < max(count, CALLS):
                    await asyncio.gather(*(one_call(port) for _ in range(count)))
                    made += count
                    await until_ended(rows, made)
                return made - before

            await lots(CALLS)  # what is made once has been made
            cpu, began = fine_cpu_seconds(process.pid), time.monotonic()
            await asyncio.sleep(IDLE_SECONDS)
            idle = (fine_cpu_seconds(process.pid) - cpu) / (time.monotonic() - began)
            for count in counts:
                cpu, began = fine_cpu_seconds(process.pid), time.monotonic()
                calls = await lots(count)
                used = fine_cpu_seconds(process.pid) - cpu - idle * (time.monotonic() - began)
                found.append((count, 1000 * used / calls))
    await listener.end(customers)
    return found
