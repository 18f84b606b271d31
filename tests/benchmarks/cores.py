"""What `serve --processes 2` carries beside one process, as far as a machine of two cores can say: the load needs one of them.

    python -m tests.benchmarks.cores [--streams 100] [--seconds 5] [--rounds 5]        make bench PART=cores

Both are measured on one core, in turns, with the same streams: CPU a frame of all their processes, and how many calls each of the two
accepted. Reckoned from it: a process fills its core, so two cores carry as much more as the busier one takes less for a frame of all.
What two cores do to each other (memory, caches that they share, the kernel's network) is in none of it."""

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from tests.benchmarks.contenders import streamdesk_of
from tests.benchmarks.relay import Round, be_the_load, measure, spread
from tests.free_port import free_ports_in_a_row

READY_SECONDS = 60.0
CALLS_BEGUN = re.compile(r'^streamdesk_events_total\{kind="call_started"\} (\S+)', re.MULTILINE)


def carried_beside(one: Round, several: Round) -> float:
    """How many times the streams of one process with a core to itself, if each of several has one: until the busiest is as full."""
    return one.cpu_us / max(several.by_process)


def asked(port: int, path: str) -> str:
    """The answer of one process; empty where it does not answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.read().decode() if response.status == 200 else ""
    except OSError:
        return ""
    finally:
        connection.close()


def calls_begun(figures: str) -> int:
    found = CALLS_BEGUN.search(figures)
    return int(float(found[1])) if found else 0


@contextmanager
def of_processes(count: int, begun: list[tuple[int, ...]], port: int, customer_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The web server with so many processes, once all are there; to `begun` comes how many calls each of them had."""
    own_ports = free_ports_in_a_row(count)
    options = ["--port", str(port), "--processes", str(count), "--own-port", str(own_ports[0])]
    with streamdesk_of(["manage.py", "serve", *options], port, customer_url, folder) as process:
        until = time.monotonic() + READY_SECONDS
        while not all(asked(own, "/healthz") for own in own_ports):
            assert time.monotonic() < until, "not all processes serve"
            time.sleep(0.1)
        yield process
        begun.append(tuple(calls_begun(asked(own, "/metrics")) for own in own_ports))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    be_the_load(options.streams)
    rounds: dict[int, list[Round]] = {1: [], 2: []}
    begun: list[tuple[int, ...]] = []
    for number in range(options.rounds):
        for count in (1, 2) if number % 2 else (2, 1):
            contender = partial(of_processes, count, begun if count > 1 else [])
            rounds[count].append(asyncio.run(measure(contender, options.streams, options.seconds)))
    print(f"{options.streams} streams, {options.rounds} rounds of {options.seconds:g} s, all on one core: median (min-max)")
    for count, each in rounds.items():
        late = f"p50 {statistics.median(one.p50_ms for one in each):.2f}, p99 {statistics.median(one.p99_ms for one in each):.1f} ms"
        print(f"{count} of them{spread([one.cpu_us for one in each], ' us')} a frame, {late}, lost {sum(one.lost for one in each)}")
    print(f"calls that each of the two accepted: {', '.join(' + '.join(map(str, calls)) for calls in begun)}")
    carried = [carried_beside(one, two) for one, two in zip(rounds[1], rounds[2], strict=True)]
    print(f"reckoned: with a core each, two carry {spread(carried).strip()} times what one does")
    return 0


if __name__ == "__main__":
    sys.exit(main())
