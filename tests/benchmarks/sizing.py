"""How many cores, how much memory, network and database so many streams at once take: arithmetic on measured figures, and a simulation of
the calls themselves that says how far above the mean the busiest moment and the busiest process are.

    python -m tests.benchmarks.sizing [--streams 10000] [--seconds 180] [--seed 1]        make bench PART=sizing

Owns the figures, each with where it was measured (docs/performance.md, docs/scaling.md). Must not start anything."""

import argparse
import heapq
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

CPU_US_PER_FRAME = 78.0
"""One way, mu-law in, JSON out, 250 streams: make bench PART=relay."""
FRAMES_PER_SECOND = 50
FULL_SHARE = 0.6
"""Of a core: above it frames wait for each other."""
PROCESS_MB, STREAM_MB = 165.0, 0.75
"""A web process without calls, and a stream whose customer does not read until its buffer is full: make bench PART=memory."""
FRAME_BYTES_IN, FRAME_BYTES_OUT, PACKET_BYTES = 168, 298, 66
"""A WebSocket frame each way, and around each Ethernet, IPv4, and TCP with timestamps."""
CONNECTIONS_PER_PROCESS = 8
SHORT_CALL_SECONDS = 10
PER_SHORT_CALL = {"transactions": 19.3, "wal_kb": 30.8, "database_ms": 20.6, "kept_kb": 12.9, "redis_commands": 6.4}
PER_MINUTE_MORE = {"wal_kb": 47.6, "database_ms": 10.4}
"""With one stream and two callbacks: make bench PART=writes, for calls of 10 s and of a minute. What a longer call has written again (its
lease, its timing) is of its process in one transaction, and leaves nothing that stays."""
TRANSACTIONS_PER_PROCESS = 9
"""A second: 5 without calls, the rest as long as there are any."""
CALLBACKS_PER_CALL, CALLBACK_MS = 2, 1.5
"""A worker's CPU for each, when many are owed: make bench PART=callbacks."""
UNCOUNTED_CALLS, COUNTED_CALLS = 4, 6
"""How long is simulated, in lengths of a call."""
SCALES = (1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Needs:
    """Of so many streams at once, one to a call. Rates are a second; `kept_gb_per_day` if it went on day and night."""

    streams: int
    calls: float
    media_processes: int
    memory_gb: float
    mbit_in: float
    mbit_out: float
    transactions: float
    wal_mb: float
    database_cores: float
    kept_gb_per_day: float
    connections: int
    worker_cores: float
    redis_commands: float


def streams_per_process() -> int:
    """One process fills one core."""
    return math.floor(FULL_SHARE * 1e6 / (CPU_US_PER_FRAME * FRAMES_PER_SECOND))


def per_call(what: str, seconds: float) -> float:
    return PER_SHORT_CALL[what] + PER_MINUTE_MORE.get(what, 0) * max(seconds - SHORT_CALL_SECONDS, 0) / 60


def needs(streams: int, call_seconds: float) -> Needs:
    calls = streams / call_seconds
    processes = math.ceil(streams / streams_per_process())
    return Needs(
        streams=streams,
        calls=calls,
        media_processes=processes,
        memory_gb=(processes * PROCESS_MB + streams * STREAM_MB) / 1000,
        mbit_in=streams * FRAMES_PER_SECOND * (FRAME_BYTES_IN + PACKET_BYTES) * 8 / 1e6,
        mbit_out=streams * FRAMES_PER_SECOND * (FRAME_BYTES_OUT + PACKET_BYTES) * 8 / 1e6,
        transactions=calls * per_call("transactions", call_seconds) + processes * TRANSACTIONS_PER_PROCESS,
        wal_mb=calls * per_call("wal_kb", call_seconds) / 1000,
        database_cores=calls * per_call("database_ms", call_seconds) / 1000,
        kept_gb_per_day=calls * per_call("kept_kb", call_seconds) * 86_400 / 1e6,
        connections=processes * CONNECTIONS_PER_PROCESS,
        worker_cores=calls * CALLBACKS_PER_CALL * CALLBACK_MS / 1000,
        redis_commands=calls * per_call("redis_commands", call_seconds),
    )


@dataclass(frozen=True)
class Simulated:
    """`busiest` process and moment, in streams; `turned_away` calls, which no process had room for."""

    mean: float
    most: int
    busiest: int
    turned_away: int


def simulate(streams: int, call_seconds: float, processes: int, *, room: int, seed: int) -> Simulated:
    """Calls come at random (Poisson) and last at random (exponential); the next one goes to the process that has the fewest, as a load
    balancer by `least_conn` does. Not counted is the beginning, until there are as many as there will be."""
    chance = random.Random(seed)
    ends: list[tuple[float, int]] = []
    free = [(0, process) for process in range(processes)]  # (streams, process), the emptiest first; what is outdated is skipped
    has = [0] * processes
    at, most, busiest, turned_away, sums, looks = 0.0, 0, 0, 0, 0, 0
    while at < (UNCOUNTED_CALLS + COUNTED_CALLS) * call_seconds:
        at += chance.expovariate(streams / call_seconds)
        while ends and ends[0][0] <= at:
            _, ended = heapq.heappop(ends)
            has[ended] -= 1
            heapq.heappush(free, (has[ended], ended))
        while free[0][0] != has[free[0][1]]:
            heapq.heappop(free)
        count, process = free[0]
        counted = at > UNCOUNTED_CALLS * call_seconds
        if count >= room:
            turned_away += counted
            continue
        has[process] += 1
        heapq.heapreplace(free, (has[process], process))
        heapq.heappush(ends, (at + chance.expovariate(1 / call_seconds), process))
        if counted:
            most, busiest, sums, looks = max(most, len(ends)), max(busiest, has[process]), sums + len(ends), looks + 1
    return Simulated(sums / max(looks, 1), most, busiest, turned_away)


def rows(call_seconds: float) -> Iterator[str]:
    """The table of docs/scaling.md."""
    each = [needs(streams, call_seconds) for streams in SCALES]
    yield f"| streams at once | {' | '.join(f'{one.streams:,}' for one in each)} |"
    yield "|---" * (len(each) + 1) + "|"
    for words, values in (
        ("calls that begin, a second", [one.calls for one in each]),
        ("media processes, a core each", [one.media_processes for one in each]),
        ("their memory, GB, all buffers full", [one.memory_gb for one in each]),
        ("from gateways, Mbit/s", [one.mbit_in for one in each]),
        ("to customers, Mbit/s", [one.mbit_out for one in each]),
        ("PostgreSQL: transactions a second", [one.transactions for one in each]),
        ("WAL, MB a second", [one.wal_mb for one in each]),
        ("its CPU, cores", [one.database_cores for one in each]),
        ("what stays, GB a day", [one.kept_gb_per_day for one in each]),
        ("connections", [one.connections for one in each]),
        ("workers' CPU, cores", [one.worker_cores for one in each]),
        ("Redis: commands a second", [one.redis_commands for one in each]),
    ):
        yield f"| {words} | {' | '.join(rounded(value) for value in values)} |"


def rounded(value: float) -> str:
    """To two digits: the figures are no better."""
    places = 1 - math.floor(math.log10(value))
    if isinstance(value, int):
        places = min(places, 0)
    return f"{round(value, places):,.{max(places, 0)}f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=10_000, help="how many are simulated")
    parser.add_argument("--seconds", type=float, default=180, help="how long a call is, in the mean")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(*rows(options.seconds), sep="\n")
    room = streams_per_process()
    for more in (0.0, 0.02, 0.05, 0.1):
        processes = math.ceil(options.streams * (1 + more) / room)
        came = simulate(options.streams, options.seconds, processes, room=room, seed=options.seed)
        print(f"{options.streams:,} streams in the mean, {processes} processes with room for {room} each ({more:.0%} more than the mean):")
        print(f"    {came.most:,} at most, {came.busiest} on the busiest, {came.turned_away:,} calls found no room")
    return 0


if __name__ == "__main__":
    sys.exit(main())
