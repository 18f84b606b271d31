"""What a call costs PostgreSQL and Redis, and what an installation without calls costs them.

    python -m tests.benchmarks.writes [--calls 200] [--seconds 10]        make bench PART=writes

The large form as it is run: two web processes, two workers, beat. A call has one stream and two status callbacks, and its audio goes one
way. Counts are the servers' own; what an idle installation does in the same time is taken off. These figures hold on a busy machine as
well, but for CPU, of which there a little more is taken."""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import astuple, dataclass

import redis

from streams.simulate.call_plan import CallPlan
from streams.simulate.customer import Customer
from streams.simulate.gateway import place_call
from tests.benchmarks.reaping import until
from tests.chaos.sites import PASSWORD, LargeSite
from tests.journeys.answers import Answers, AnswerServer
from tests.journeys.processes import STARTER
from tests.journeys.stage import numbered, streams_to
from tests.process_use import cpu_seconds

AT_ONCE = 25
WARM_UP_SECONDS = 4.0
IDLE_SECONDS = 30.0
TOLD_SECONDS = 3.0
"""A backend tells what it has done at most once a second."""
OVER = """SELECT count(*) FROM streams_call WHERE state = 'ended' AND NOT EXISTS (SELECT FROM streams_callback WHERE state = 'pending')"""
STREAMS = "SELECT count(*) FROM streams_stream"
DONE = """SELECT xact_commit + xact_rollback, tup_inserted, tup_updated, tup_deleted, (pg_current_wal_lsn() - '0/0')::bigint
 FROM pg_stat_database WHERE datname = current_database()"""
KEPT = """SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""
WORDS = ("transactions", "rows inserted", "rows updated", "rows deleted", "bytes of WAL", "commands to Redis", "ms of PostgreSQL's CPU")


@dataclass(frozen=True)
class Spent:
    """Since the servers began, in the order of WORDS."""

    transactions: float
    inserted: float
    updated: float
    deleted: float
    wal_bytes: float
    redis_commands: float
    cpu_ms: float

    def since(self, before: "Spent") -> "Spent":
        return Spent(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))

    def without(self, idle: "Spent", share: float) -> "Spent":
        return Spent(*(now - then * share for now, then in zip(astuple(self), astuple(idle), strict=True)))


def spent(site: LargeSite) -> Spent:
    time.sleep(TOLD_SECONDS)
    with redis.Redis.from_url(site.redis.url) as client:
        commands = client.info("stats")["total_commands_processed"]
    return Spent(*[*site.ask(DONE)[0], float(commands), 1000 * cpu_seconds([site.postgres.process.pid])])


async def place(site: LargeSite, answers: Answers, customer: Customer, count: int, seconds: float) -> None:
    """So many calls, AT_ONCE at a time, in turn to each web process."""
    frames, room, webs = numbered(round(50 * seconds)), asyncio.Semaphore(AT_ONCE), list(site.webs.values())

    async def call(number: int) -> None:
        async with room:
            uuid = streams_to(answers, customer, keepCallAlive="false")
            plan = CallPlan(platform=webs[number % len(webs)], gateway="alder-asterisk", password=PASSWORD, frames=frames, call_uuid=uuid)
            await place_call(plan)

    await asyncio.gather(*(call(number) for number in range(count)))


async def measure(calls: int, seconds: float) -> None:
    answers = Answers()
    server = AnswerServer(answers)
    site = LargeSite("writes", answers.url)
    site.environment |= {"LEASE_SECONDS": "20"}  # as it is in real operation; each of a call's leases is a row that is written
    try:
        await site.start()
        async with Customer() as customer:
            await place(site, answers, customer, AT_ONCE, WARM_UP_SECONDS)  # what is made once has been made
            await until(site.ask, OVER, AT_ONCE)
            before = await asyncio.to_thread(spent, site)
            await asyncio.sleep(IDLE_SECONDS)
            after = await asyncio.to_thread(spent, site)
            idle, idle_seconds = after.since(before), IDLE_SECONDS + TOLD_SECONDS
            (kept,), (streams,), began = site.ask(KEPT)[0], site.ask(STREAMS)[0], time.monotonic()
            await place(site, answers, customer, calls, seconds)
            await until(site.ask, OVER, AT_ONCE + calls)
            used = (await asyncio.to_thread(spent, site)).since(after).without(idle, (time.monotonic() - began) / idle_seconds)
            kept, streams = site.ask(KEPT)[0][0] - kept, site.ask(STREAMS)[0][0] - streams
    finally:
        await site.stop()
        await asyncio.to_thread(server.stop)
    print(f"{calls} calls of {seconds:g} s, {streams} streams with two callbacks each; load average {os.getloadavg()[0]:.1f}")
    print(f"{'':<26}{'a call':>12}{'idle, a second':>18}")
    for what, of_calls, of_idle in zip(WORDS, astuple(used), astuple(idle), strict=True):
        print(f"{what:<26}{of_calls / calls:>12,.1f}{of_idle / idle_seconds:>18,.1f}")
    print(f"{'bytes that stay':<26}{kept / calls:>12,.0f}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=int(os.environ.get("CALLS") or 200))
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    STARTER.submit(int).result()
    asyncio.run(measure(options.calls, options.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
