"""What forking a frame costs, and how much later it arrives, beside a bare relay in the same run.

    python -m tests.benchmarks.relay [--streams 250] [--echo-streams 20] [--seconds 10] [--rounds 3]

The measured process is kept on one core and the load on another, in turns, so that both meet the same noise."""

import argparse
import asyncio
import base64
import json
import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.simulate.ending import closed
from streams.simulate.listener import Listener
from tests.benchmarks.load import CustomerSide, Measured, connect_gateways, send_for
from tests.free_port import free_port

ROOT = Path(__file__).parent.parent.parent
PASSWORD = secrets.token_hex(16)
AUTHORIZATION = base64.b64encode(f"bench:{PASSWORD}".encode()).decode()
WARM_UP_SECONDS = 3.0
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))


Contender = Callable[[int, str, Path], AbstractContextManager[subprocess.Popen[bytes]]]


@dataclass(frozen=True)
class Round:
    """One measurement: CPU of the measured process per frame, share of a core, added latency, frames that did not come."""

    cpu_us: float
    core_share: float
    p50_ms: float
    p99_ms: float
    lost: int


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process on the first core only, stopped by its own id."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log)
    os.sched_setaffinity(process.pid, {CORES[0]})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def bare_relay(port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with started([sys.executable, "-m", "tests.benchmarks.bare_relay", str(port), customer_url], {}) as process:
        yield process


@contextmanager
def streamdesk(port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The web process as it is run for real, on an embedded database of its own."""
    with streamdesk_of(["manage.py", "serve", "--port", str(port)], port, customer_url, folder) as process:
        yield process


@contextmanager
def streamdesk_of(arguments: list[str], port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The same by another command."""
    environment = {"DATA_DIR": str(folder), "DRAIN_SECONDS": "0", "PORT": str(port), "LOG_LEVEL": "WARNING"}
    tenant = folder / "tenant.json"
    tenant.write_text(json.dumps({"accounts": [account(customer_url)]}))
    for before in (["migrate", "-v0"], ["provision", str(tenant)]):
        command = [sys.executable, "manage.py", *before]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    with started([sys.executable, *arguments], environment) as process:
        yield process


def account(customer_url: str) -> dict[str, object]:
    stream = f'<Response><Stream contentType="audio/x-mulaw;rate=8000" bidirectional="true">{customer_url}</Stream></Response>'
    return {
        "name": "bench",
        "auth_id": "MABENCHBENCHBENCHBEN",
        "auth_token": secrets.token_hex(20),
        "rate": "0.003",
        "billing_interval": 60,
        "currency": "USD",
        "applications": [{"name": "fork", "answer_xml": stream}],
        "gateways": [{"name": "bench", "dialect": "asterisk", "password": PASSWORD, "application": "fork"}],
    }


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


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


async def measure(contender: Contender, streams: int, seconds: float, echo: bool) -> Round:
    measured = Measured()
    loop = asyncio.get_running_loop()
    listener = Listener()
    customers = await loop.create_server(lambda: CustomerSide(measured, echo), sock=listener)
    port, customer_url = free_port(), f"ws://127.0.0.1:{listener.port}/"
    with tempfile.TemporaryDirectory() as folder, contender(port, customer_url, Path(folder)) as process:
        await until_listening(port)
        gateways = await connect_gateways(port, streams, AUTHORIZATION, measured)
        await send_for(gateways, WARM_UP_SECONDS, Measured())
        await asyncio.sleep(0.3)  # the frames of the warm-up are on their way
        measured.recording = True
        cpu, began = cpu_seconds(process.pid), time.monotonic()
        await send_for(gateways, seconds, measured)
        await asyncio.sleep(0.5)  # the last frames are on their way
        cpu, took = cpu_seconds(process.pid) - cpu, time.monotonic() - began
        for gateway in gateways:
            gateway.hang_up()
        await asyncio.wait_for(asyncio.gather(*(gateway.lost.wait() for gateway in gateways)), 30)
    await listener.end(customers)
    ordered = sorted(measured.latencies_ms)
    return Round(
        cpu_us=1e6 * cpu / max(len(ordered), 1),
        core_share=cpu / took,
        p50_ms=statistics.median(ordered),
        p99_ms=ordered[int(0.99 * len(ordered))],
        lost=measured.sent - len(ordered),
    )


def said(name: str, rounds: list[Round]) -> str:
    def spread(values: list[float], unit: str) -> str:
        return f"{statistics.median(values):7.2f} {unit} ({min(values):.2f}-{max(values):.2f})"

    figures = {
        "CPU a frame": spread([each.cpu_us for each in rounds], "us"),
        "of a core": spread([100 * each.core_share for each in rounds], "%"),
        "later p50": spread([each.p50_ms for each in rounds], "ms"),
        "p99": spread([each.p99_ms for each in rounds], "ms"),
    }
    return "   ".join([f"{name:<12}", *(f"{what} {value}" for what, value in figures.items()), f"lost {sum(each.lost for each in rounds)}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=250)
    parser.add_argument("--echo-streams", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * options.streams + 200)), hard))
    os.sched_setaffinity(0, {CORES[-1]})
    print(f"50 frames a second each stream, {options.rounds} rounds of {options.seconds:g} s; median (min-max)")
    compare("forked: gateway -> customer", options.streams, options, echo=False)
    compare("echo: gateway -> customer -> gateway", options.echo_streams, options, echo=True)


def compare(title: str, streams: int, options: argparse.Namespace, echo: bool) -> None:
    results: dict[str, list[Round]] = {"bare relay": [], "streamdesk": []}
    for _ in range(options.rounds):
        for name, contender in (("bare relay", bare_relay), ("streamdesk", streamdesk)):
            results[name].append(asyncio.run(measure(contender, streams, options.seconds, echo)))
    print(f"\n{title}, {streams} streams")
    for name, rounds in results.items():
        print(said(name, rounds))
    ratios = [ours.cpu_us / bare.cpu_us for ours, bare in zip(results["streamdesk"], results["bare relay"], strict=True)]
    print(f"streamdesk / bare relay, CPU a frame: {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")


if __name__ == "__main__":
    main()
