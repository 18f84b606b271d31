"""How late the audio of live calls is beside storms of strangers at the door of their process.

    python -m tests.benchmarks.doors [--calls 5] [--count 1000] [--addresses 1] [--descriptors 4096] [--kinds quiet,upgrade,idle]

`upgrade`: wrong passwords, all at once; `right`: as many true gateways; the others are tests/streams/strangers.py's."""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from streams.simulate.listener import Listener
from tests.benchmarks.contenders import AUTHORIZATION, CORES, PASSWORD, ROOT, streamdesk
from tests.benchmarks.load import CustomerSide, GatewaySide, Measured, connect_gateways, send_for
from tests.benchmarks.relay import until_listening
from tests.free_port import free_port

HELD_SECONDS = 6.0


async def storm(port: int, kind: str, options: argparse.Namespace) -> str:
    """From its first connection to its last answer; those that hold a connection for ever are sent home after HELD_SECONDS."""
    right = kind == "right"
    words = [str(port), "upgrade" if right else kind, str(options.count), "--addresses", str(options.addresses), "--gateway", "bench"]
    words += ["--password", PASSWORD] if right else []
    pipes = {"stdout": asyncio.subprocess.PIPE, "stdin": asyncio.subprocess.PIPE}
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.streams.strangers", *words, cwd=ROOT, **pipes)
    assert process.stdout is not None and process.stdin is not None
    line = await process.stdout.readline()
    try:
        said = await asyncio.wait_for(process.stdout.readline(), HELD_SECONDS)
    except TimeoutError:
        process.stdin.close()
        said = await process.stdout.readline()
    await process.wait()
    return f"{line.decode().strip()}, over after {time.monotonic() - began:.1f} s: {said.decode().strip()}"


async def beside(kind: str, port: int, gateways: list[GatewaySide], measured: Measured, options: argparse.Namespace) -> str:
    measured.latencies_ms, measured.sent, measured.recording = [], 0, True
    sending = asyncio.create_task(send_for(gateways, options.seconds, measured))
    await asyncio.sleep(1)
    words = "" if kind == "quiet" else await storm(port, kind, options)
    await sending
    await asyncio.sleep(1)
    measured.recording = False
    late = sorted(each for each in measured.latencies_ms if each > 0)  # silence is filled in at the end, and has no time in it
    spread = "  ".join(f"p{share:g} {late[int(len(late) * share / 100)]:.1f}" for share in (50, 95, 99))
    gone = sum(gateway.lost.is_set() for gateway in gateways)
    return f"{kind:<9} {spread}  worst {late[-1]:.0f} ms, lost {measured.sent - len(late)} of {measured.sent}, calls ended {gone}; {words}"


async def measure(options: argparse.Namespace) -> None:
    measured = Measured()
    listener = Listener()
    customers = await asyncio.get_running_loop().create_server(lambda: CustomerSide(measured), sock=listener)
    port, customer_url = free_port(), f"ws://127.0.0.1:{listener.port}/"
    with tempfile.TemporaryDirectory() as folder, streamdesk(port, customer_url, Path(folder)) as process:
        limited(process, options.descriptors)
        await until_listening(port)
        gateways = await connect_gateways(port, options.calls, AUTHORIZATION, measured)
        await send_for(gateways, 2, Measured())
        for kind in options.kinds.split(","):
            print(await beside(kind, port, gateways, measured, options), flush=True)
        for gateway in gateways:
            gateway.hang_up()
        await asyncio.wait_for(asyncio.gather(*(gateway.lost.wait() for gateway in gateways)), 30)
    await listener.end(customers)


def limited(process: subprocess.Popen[bytes], descriptors: int) -> None:
    """While it still imports; where the system can do that to another process."""
    if hasattr(resource, "prlimit"):
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--addresses", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--descriptors", type=int, default=4096)
    parser.add_argument("--kinds", default="quiet,upgrade,right,idle,half,page")
    os.sched_setaffinity(0, {CORES[-1]})
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
