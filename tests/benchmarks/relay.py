"""What forking a frame costs, and how much later it arrives, beside the relays that a user would write by hand.

    python -m tests.benchmarks.relay [--streams 250] [--stock-streams 60] [--seconds 5] [--rounds 5] [--only streamdesk,picows] [--ways one]
                                     [--begin-and-end 10]

The measured process is kept on one core and the load on another. In each round everyone has his turn, so that all meet the same noise:
what counts is the ratio of CPU times of one round. A frame is sent when the one before it has arrived, and each 20 ms at most: on a busy
machine that takes longer (`pace`), but nobody has frames in heaps, which would be cheaper. The stock consumer has fewer streams, as it
cannot do more, and Streamdesk as many beside it. With `--begin-and-end 10` ten other calls begin each second, stay for one, and end: their
CPU is among what is said of a frame, their frames are not measured."""

import argparse
import asyncio
import logging
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.simulate.ending import closed
from streams.simulate.listener import Listener
from tests.benchmarks.contenders import ASKED_FOR, AUTHORIZATION, CONTENDERS, CORES, Contender, has_node
from tests.benchmarks.load import CustomerSide, GatewaySide, Measured, begin_and_end, connect_gateways, send_for
from tests.free_port import free_port
from tests.process_use import children, fine_cpu_seconds

WARM_UP_SECONDS = 2.0
AHEAD_BOTH_WAYS = 5
"""What is played waits its turn at the pace of speech."""
WARM_UP_LIMIT_SECONDS = 20.0
QUIET_SECONDS = 0.5
OF_STREAMS = 4
"""Descriptors of the load for each stream."""
OURS, STOCK, NODE = "streamdesk", "stock consumer", "Node ws"
WAYS = {"one": "one way: gateway -> customer", "both": "both ways: gateway -> customer -> playAudio -> gateway"}


@dataclass(frozen=True)
class Round:
    """One measurement: CPU of the measured process per frame, share of a core, added latency, frames that did not come.
    `pace`: how many of the 50 frames a second the machine let the load send."""

    cpu_us: float
    core_share: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    lost: int
    pace: float
    by_process: tuple[float, ...]
    """CPU of each of several processes, a frame of all."""


def later_than(share: float, ordered: list[float]) -> float:
    """What so large a share of them is not above; 0 of none."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


async def until_listening(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            return await closed(writer)


async def measure(contender: Contender, streams: int, seconds: float, echo: bool = False, calls_a_second: int = 0) -> Round:
    measured = Measured()
    loop = asyncio.get_running_loop()
    listener = Listener()
    customers = await loop.create_server(lambda: CustomerSide(measured, echo), sock=listener)
    port, customer_url = free_port(), f"ws://127.0.0.1:{listener.port}/"
    with tempfile.TemporaryDirectory() as folder, contender(port, customer_url, Path(folder)) as process:
        await until_listening(port)
        gateways = await connect_gateways(port, streams, AUTHORIZATION, measured)
        await warm_up(gateways, measured)
        async with begin_and_end(port, AUTHORIZATION, calls_a_second):
            measured.recording = True
            pids = [process.pid, *children(process.pid)]
            cpu, began = [fine_cpu_seconds(pid) for pid in pids], time.monotonic()
            await send_for(gateways, seconds, measured, ahead=AHEAD_BOTH_WAYS if echo else 1)
            sending_seconds = time.monotonic() - began
            await asyncio.sleep(0.5)  # the last frames are on their way
            used = [fine_cpu_seconds(pid) - before for pid, before in zip(pids, cpu, strict=True)]
            took = time.monotonic() - began
        for gateway in gateways:
            gateway.hang_up()
        await asyncio.wait_for(asyncio.gather(*(gateway.lost.wait() for gateway in gateways)), 30)
    await listener.end(customers)
    ordered = sorted(measured.latencies_ms)
    return Round(
        cpu_us=1e6 * sum(used) / max(len(ordered), 1),
        core_share=sum(used) / took,
        p50_ms=later_than(0.5, ordered),
        p99_ms=later_than(0.99, ordered),
        p999_ms=later_than(0.999, ordered),
        lost=measured.sent - len(ordered),
        pace=measured.sent / streams / sending_seconds,
        by_process=tuple(1e6 * each / max(len(ordered), 1) for each in used),
    )


async def warm_up(gateways: list[GatewaySide], measured: Measured) -> None:
    """Until every call has begun, its customer is connected, and nothing of it is on its way."""
    await send_for(gateways, WARM_UP_SECONDS, Measured())
    deadline, arrived = time.monotonic() + WARM_UP_LIMIT_SECONDS, -1
    while measured.warmed_up != arrived and time.monotonic() < deadline:
        arrived = measured.warmed_up
        await asyncio.sleep(QUIET_SECONDS)


def spread(values: list[float], unit: str = "") -> str:
    return f"{statistics.median(values):7.2f}{unit} ({min(values):.2f}-{max(values):.2f})"


def lines(results: dict[str, list[Round]]) -> Iterator[str]:
    yield f"{'':<15}{'CPU a frame':<26}{'of a core':<26}{'later p50':<27}{'p99':<27}{'p99.9':<27}lost    pace    Streamdesk's CPU to it"
    for name, rounds in results.items():
        ratios = [ours.cpu_us / each.cpu_us for ours, each in zip(results[OURS], rounds, strict=True)] if OURS in results else []
        figures = (
            f"{spread([each.cpu_us for each in rounds], ' us'):<26}",
            f"{spread([100 * each.core_share for each in rounds], ' %'):<26}",
            f"{spread([each.p50_ms for each in rounds], ' ms'):<27}",
            f"{spread([each.p99_ms for each in rounds], ' ms'):<27}",
            f"{spread([each.p999_ms for each in rounds], ' ms'):<27}",
            f"{sum(each.lost for each in rounds):<8}",
            f"{statistics.median([each.pace for each in rounds]):<8.0f}",
            spread(ratios) if ratios and name != OURS else "",
        )
        yield f"{name:<15}" + "".join(figures)


def compare(title: str, streams: int, names: list[str], options: argparse.Namespace, echo: bool) -> None:
    results: dict[str, list[Round]] = {name: [] for name in names}
    for number in range(options.rounds):
        for name in names if number % 2 else reversed(names):
            results[name].append(asyncio.run(measure(CONTENDERS[name], streams, options.seconds, echo, options.begin_and_end)))
    print(f"\n{title}, {streams} streams", *lines(results), sep="\n", flush=True)


def be_the_load(streams: int) -> None:
    """This process: on the core that is not measured, with room for so many, and without a word of each frame to a relay that has gone."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, OF_STREAMS * streams + 200)), hard))
    os.sched_setaffinity(0, {CORES[-1]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=250)
    parser.add_argument("--stock-streams", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--begin-and-end", type=int, default=0, metavar="CALLS", help="so many each second, beside those that are measured")
    parser.add_argument("--only", default=",".join(name for name in CONTENDERS if name not in ASKED_FOR))
    parser.add_argument("--ways", default="one,both")
    options = parser.parse_args()
    be_the_load(options.streams)
    names = [name for name in options.only.split(",") if name != NODE or has_node()]
    if NODE in options.only and NODE not in names:
        print("Node or npm is not on this machine: no figures of its relay.")
    load = os.getloadavg()[0]
    beside = f", {options.begin_and_end} calls begin and end each second" if options.begin_and_end else ""
    print(f"50 frames a second each stream{beside}; load average {load:.1f}")
    print(f"{options.rounds} rounds of {options.seconds:g} s: median (min-max)")
    for way in options.ways.split(","):
        compare(WAYS[way], options.streams, [name for name in names if name != STOCK], options, way == "both")
    if STOCK in names:
        compare(WAYS["one"], options.stock_streams, [name for name in names if name in (OURS, STOCK)], options, echo=False)


if __name__ == "__main__":
    main()
