"""Faults of PostgreSQL and Redis. None of them may touch audio, and none may cost a call, a charge or a callback: so none has `costs`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from psycopg import OperationalError

from tests.chaos import small_disk
from tests.chaos.fault_proxy import CAN_LOSE_PACKETS
from tests.chaos.sites import LargeSite
from tests.chaos.trial import Fault, Trial

NO_SPACE = "No space left on device"
BACK_SECONDS = 1.0
"""Whoever had a connection to Redis has another by then."""
Harm = Callable[[LargeSite], object]


def between(harm: Harm, heal: Harm, *, refuses: bool = False, here: bool = False) -> Callable[[Trial], AbstractAsyncContextManager[None]]:
    """Two steps around the time that it lasts. `refuses`: nothing is written meanwhile, which is looked at. What is `here` is done on the
    harness's event loop, where the proxies live; the rest blocks, and is done in a thread."""

    async def carry_out(step: Harm, site: LargeSite) -> None:
        if here:
            step(site)
        else:
            await asyncio.to_thread(step, site)

    @asynccontextmanager
    async def inject(trial: Trial) -> AsyncIterator[None]:
        assert isinstance(trial.site, LargeSite)
        try:
            await carry_out(harm, trial.site)
            yield
            if refuses:
                await trial.nothing_was_written("the database was away or refused")
        finally:
            await carry_out(heal, trial.site)

    return inject


@asynccontextmanager
async def disk_full(trial: Trial) -> AsyncIterator[None]:
    """No page can be added to a table or an index. Which of the platform's writes meet that is PostgreSQL's business."""
    assert isinstance(trial.site, LargeSite)
    postgres = trial.site.postgres
    refused = postgres.said().count(NO_SPACE)
    await asyncio.to_thread(small_disk.fill, postgres.folder)
    try:
        for _ in range(8):  # enough to go past what tables have left of their last pages
            trial.peers.place("during")
        yield
    finally:
        await asyncio.to_thread(small_disk.empty, postgres.folder)
    if postgres.said().count(NO_SPACE) == refused:
        trial.history.seen_wrong.append("the disk was full, and PostgreSQL refused nothing: the fault did not hurt")


@asynccontextmanager
async def redis_emptied(trial: Trial) -> AsyncIterator[None]:
    """Killed, and back empty; when everybody has come back to it, emptied under them, which no connection tells."""
    assert isinstance(trial.site, LargeSite)
    redis = trial.site.redis
    await asyncio.to_thread(redis.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(redis.start)
    await asyncio.sleep(BACK_SECONDS)
    await asyncio.to_thread(redis.flush)


@asynccontextmanager
async def connections_lost(trial: Trial) -> AsyncIterator[None]:
    """PostgreSQL ends them; when calls are written on others, the network resets those."""
    assert isinstance(trial.site, LargeSite)
    await asyncio.to_thread(terminate, trial.site)
    between = trial.peers.place("during")
    await trial.peers.until_heard([between])
    await trial.until_written([between.record.call_uuid])
    trial.site.postgres.proxy.cut()
    yield


def fill_for_good(site: LargeSite) -> None:
    """Not even its log goes on: PostgreSQL panics, and cannot come back before there is room."""
    small_disk.fill(site.postgres.folder)
    with suppress(OperationalError):
        site.postgres.sql(
            "SELECT pg_switch_wal()", "CREATE TABLE chaos_more (id int)", "SELECT pg_switch_wal()", "CREATE TABLE chaos_again (id int)"
        )


def make_room(site: LargeSite) -> None:
    """By an operator, who starts it where it has given up."""
    small_disk.empty(site.postgres.folder)
    if "PANIC" not in site.postgres.said():
        raise AssertionError("PostgreSQL's log went on although the disk was full: the fault did not hurt")
    site.postgres.start_where_it_ended()


def nothing(site: LargeSite) -> None:
    """No harm, or nothing to heal."""


def hang_redis(site: LargeSite) -> None:
    site.redis.hang()


def resume_redis(site: LargeSite) -> None:
    site.redis.resume()


def hang_postgres(site: LargeSite) -> None:
    site.postgres.hang()


def resume_postgres(site: LargeSite) -> None:
    site.postgres.resume()


def read_only(site: LargeSite) -> None:
    site.postgres.sql("ALTER DATABASE postgres SET default_transaction_read_only = on")
    terminate(site)


def writable(site: LargeSite) -> None:
    site.postgres.sql("SET default_transaction_read_only = off", "ALTER DATABASE postgres RESET default_transaction_read_only")
    terminate(site)


def terminate(site: LargeSite) -> None:
    site.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'")


def refuse_ends(site: LargeSite) -> None:
    """The rows of calls take everything but their ends."""
    site.postgres.sql(
        "CREATE FUNCTION refuse_end() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.state = 'ended' THEN RAISE EXCEPTION 'no end today'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER refuse_end BEFORE UPDATE ON streams_call FOR EACH ROW EXECUTE FUNCTION refuse_end()",
    )


def take_ends(site: LargeSite) -> None:
    site.postgres.sql("DROP TRIGGER refuse_end ON streams_call", "DROP FUNCTION refuse_end()")


def rename(table: str, name: str) -> Harm:
    return lambda site: site.postgres.sql(f"ALTER TABLE {table} RENAME TO {name}")


HANGING_REDIS = Fault("Redis hangs (SIGSTOP)", between(hang_redis, resume_redis), 4, 30, is_ready=True)
PACKETS = "" if CAN_LOSE_PACKETS else "only Linux lets a process lose the packets that come to its own sockets"
FAULTS = [
    Fault("nothing", between(nothing, nothing), 1, is_ready=True),
    Fault("Redis killed, back empty, and flushed", redis_emptied, 3, 30, is_ready=True),
    Fault(
        "Redis partitioned",
        between(lambda site: site.redis.proxy.partition(), lambda site: site.redis.proxy.heal(), here=True),
        4,
        30,
        is_ready=True,
        not_here=PACKETS,
    ),
    Fault("Redis stopped for 60 s", between(hang_redis, resume_redis), 60, 60, is_ready=True, is_asked_for=True),
    Fault("PostgreSQL restarted", between(lambda site: site.postgres.stop(), lambda site: site.postgres.start()), 2, 20),
    Fault("PostgreSQL hangs (SIGSTOP)", between(hang_postgres, resume_postgres), 6, 30),
    Fault("PostgreSQL stopped for 60 s", between(hang_postgres, resume_postgres), 60, 60, is_ready=False, is_asked_for=True),
    Fault("PostgreSQL's connections terminated, reset", connections_lost, 1),
    Fault("PostgreSQL read-only", between(read_only, writable, refuses=True), 3, 20, is_ready=False),
    Fault(
        "PostgreSQL silent, while TCP answers",
        between(lambda site: site.postgres.proxy.silence(), lambda site: site.postgres.proxy.heal(), here=True, refuses=True),
        7,
        30,
        is_ready=False,
    ),
    Fault(
        "PostgreSQL partitioned",
        between(lambda site: site.postgres.proxy.partition(), lambda site: site.postgres.proxy.heal(), here=True, refuses=True),
        7,
        30,
        is_ready=False,
        not_here=PACKETS,
    ),
    Fault("PostgreSQL's disk full", disk_full, 4, 20, not_here=small_disk.CANNOT),
    Fault(
        "PostgreSQL's disk full, and its log",
        between(fill_for_good, make_room),
        4,
        20,
        is_ready=False,
        is_asked_for=True,
        not_here=small_disk.CANNOT,
    ),
    Fault("a table in a migration", between(rename("streams_call", "moved"), rename("moved", "streams_call")), 3, 10, is_ready=False),
    Fault("the ends of calls refused", between(refuse_ends, take_ends), 4, 15),
]
