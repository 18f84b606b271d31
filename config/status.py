"""Is all well with the platform: what is not, in words, with what it means for calls and what to do. For alerts and for the console.

Owns how old those judgements may be, and the stores'. What a process knows of itself is added in streams.process_troubles, what workers
should have done in config.work_troubles. Must tell nothing that strangers may not know: no addresses, error texts, names of customers."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from django.conf import settings
from redis import exceptions

from config import readiness
from config.background_checks import BackgroundCheck
from config.redis_client import redis_client
from config.work_troubles import RUN, Found, work_troubles
from streams import process_troubles
from streams.pure.trouble import Trouble

FRESH_SECONDS = 5.0
"""An answer counts for so long: however many ask, database and Redis are asked that often."""
PROBE_KEY, PROBE_KEPT_SECONDS = "streamdesk.status", 60


# The database ----------------------------------------------------------------------------------------------------------------------
def database_trouble(problem: str) -> Found:
    if problem == readiness.OK:
        return []
    for_calls = "Audio goes on. What calls note waits in their process and is written, billed and called back once the database takes it."
    remedy = "See whether the database is up and has room on its disk, and whether its user may write."
    if problem == readiness.UNMIGRATED:
        remedy = "Run manage.py migrate, once for all processes; they need no restart."
    return [Trouble("database", f"The database {'gave ' if problem == readiness.LATE else ''}{problem}.", for_calls, remedy)]


# Redis -----------------------------------------------------------------------------------------------------------------------------
def redis_troubles() -> Found:
    try:
        with redis_client() as client:
            client.ping()
            client.set(PROBE_KEY, 1, ex=PROBE_KEPT_SECONDS)
    except (exceptions.ConnectionError, exceptions.TimeoutError, OSError):
        return redis_trouble("does not answer")
    except exceptions.RedisError:
        return redis_trouble("answers and refuses to be written to")
    return []


def redis_trouble(words: str) -> Found:
    for_calls = (
        "Calls go on, and their bills. Status callbacks, exports and the ending of calls whose process died wait until it is back; "
        "stops and hang-ups that are asked for take up to 2 s."
    )
    remedy = RUN if settings.EMBEDDED else "See whether Redis is up, what its log says, and whether it has memory and disk left."
    return [Trouble("redis", f"Redis {words}.", for_calls, remedy)]


# All of it ---------------------------------------------------------------------------------------------------------------------------
redis = BackgroundCheck(redis_troubles, late=lambda: redis_trouble("does not answer"), broken=lambda: redis_trouble("could not be asked"))
NOTHING: Found = []
work = BackgroundCheck(work_troubles, late=lambda: NOTHING, broken=lambda: NOTHING)


def ask_all() -> list["Future[Any]"]:
    """Asks what is not known freshly; the answers may be waited for."""
    return [readiness.database.begin(FRESH_SECONDS), redis.begin(FRESH_SECONDS), work.begin(FRESH_SECONDS)]


def age_seconds() -> float:
    """How old what is known is; endless while something is not known at all."""
    return max(readiness.database.age_seconds, redis.age_seconds, work.age_seconds)


def troubles() -> Found:
    """As far as it is known now. Waits for nothing."""
    return list(dict.fromkeys(_found()))


def _found() -> Iterator[Trouble]:
    of_database = readiness.database.last() or readiness.OK
    of_redis = redis.last() or []
    yield from database_trouble(of_database)
    yield from of_redis
    yield from process_troubles.of_this_process()
    for trouble in work.last() or []:
        # Without Redis nothing reaches the worker, which is not to blame.
        if not (of_redis and trouble.about in ("worker", "beat")):
            yield trouble
