"""Faults of PostgreSQL and Redis. None of them may touch audio, and none may cost a call, a charge or a callback: so none has `costs`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.chaos.sites import LargeSite
from tests.chaos.trial import Fault, Trial

Harm = Callable[[LargeSite], None]


def between(harm: Harm, heal: Harm) -> Callable[[Trial], AbstractAsyncContextManager[None]]:
    """Two blocking steps around the time that it lasts."""

    @asynccontextmanager
    async def inject(trial: Trial) -> AsyncIterator[None]:
        assert isinstance(trial.site, LargeSite)
        try:
            await asyncio.to_thread(harm, trial.site)
            yield
        finally:
            await asyncio.to_thread(heal, trial.site)

    return inject


def on_the_loop(harm: Harm, heal: Harm) -> Callable[[Trial], AbstractAsyncContextManager[None]]:
    """The same of the proxies, which live on the harness's event loop."""

    @asynccontextmanager
    async def inject(trial: Trial) -> AsyncIterator[None]:
        assert isinstance(trial.site, LargeSite)
        try:
            harm(trial.site)
            yield
        finally:
            heal(trial.site)

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
    def harm(site: LargeSite) -> None:
        site.postgres.sql(f"ALTER TABLE {table} RENAME TO {name}")

    return harm


FAULTS = [
    Fault("nothing", between(nothing, nothing), 2),
    Fault("Redis killed, and back empty", between(lambda site: site.redis.kill(), lambda site: site.redis.start()), long_seconds=30),
    Fault("Redis flushed", between(lambda site: site.redis.flush(), nothing), 1),
    Fault("Redis hangs (SIGSTOP)", between(lambda site: site.redis.hang(), lambda site: site.redis.resume()), 4, 30),
    Fault("Redis silent on the wire", on_the_loop(lambda site: site.redis.proxy.partition(), lambda site: site.redis.proxy.heal()), 4, 30),
    Fault("PostgreSQL restarted", between(lambda site: site.postgres.stop(), lambda site: site.postgres.start()), 2, 20),
    Fault("PostgreSQL hangs (SIGSTOP)", between(lambda site: site.postgres.hang(), lambda site: site.postgres.resume()), 6, 30),
    Fault("its connections terminated", between(terminate, nothing), 1),
    Fault("its connections reset", on_the_loop(lambda site: site.postgres.proxy.cut(), nothing), 1),
    Fault("PostgreSQL read-only", between(read_only, writable), 3, 20),
    Fault(
        "PostgreSQL partitioned", on_the_loop(lambda site: site.postgres.proxy.partition(), lambda site: site.postgres.proxy.heal()), 7, 30
    ),
    Fault("a table in a migration", between(rename("streams_callback", "moved"), rename("moved", "streams_callback")), 3, 10),
    Fault("ends refused by the row", between(refuse_ends, take_ends), 4, 15),
]
