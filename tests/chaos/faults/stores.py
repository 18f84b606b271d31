"""Faults of PostgreSQL and Redis. None of them may touch audio, and none may cost a call, a charge or a callback: so none has `costs`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.chaos.fault_proxy import CAN_LOSE_PACKETS
from tests.chaos.sites import LargeSite
from tests.chaos.trial import Fault, Trial

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


def nothing(site: LargeSite) -> None:
    """No harm, or nothing to heal."""


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


PACKETS = "" if CAN_LOSE_PACKETS else "only Linux lets a process lose the packets that come to its own sockets"
FAULTS = [
    Fault("nothing", between(nothing, nothing), 1, is_ready=True),
    Fault("Redis killed, and back empty", between(lambda site: site.redis.kill(), lambda site: site.redis.start()), 3, 30, is_ready=True),
    Fault("Redis flushed", between(lambda site: site.redis.flush(), nothing), 1),
    Fault("Redis hangs (SIGSTOP)", between(lambda site: site.redis.hang(), lambda site: site.redis.resume()), 4, 30, is_ready=True),
    Fault(
        "Redis partitioned",
        between(lambda site: site.redis.proxy.partition(), lambda site: site.redis.proxy.heal(), here=True),
        4,
        30,
        is_ready=True,
        not_here=PACKETS,
    ),
    Fault("PostgreSQL restarted", between(lambda site: site.postgres.stop(), lambda site: site.postgres.start()), 2, 20),
    Fault("PostgreSQL hangs (SIGSTOP)", between(lambda site: site.postgres.hang(), lambda site: site.postgres.resume()), 6, 30),
    Fault("PostgreSQL's connections terminated", between(terminate, nothing), 1),
    Fault("PostgreSQL's connections reset", between(lambda site: site.postgres.proxy.cut(), nothing, here=True), 1),
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
    Fault("a table in a migration", between(rename("streams_call", "moved"), rename("moved", "streams_call")), 3, 10, is_ready=False),
    Fault("the ends of calls refused", between(refuse_ends, take_ends), 4, 15),
]
