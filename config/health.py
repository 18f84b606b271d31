"""/healthz (this process is alive) and /readyz (it can do its work), answered before anything else looks at the request.

Owns the judgement of readiness. Must not tell what a stranger may not know: no addresses, no error texts."""

import asyncio
import concurrent.futures
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import sync_and_async_middleware
from redis import Redis
from redis.exceptions import RedisError

from config.embedded_redis import ONCE
from config.serving_role import ALIVE, ALL, CONSOLE, IN_SCOPE, MEDIA, READY
from streams import journal, keeper
from streams.calls import lease_keeping, note_queue, switchboard
from streams.models import Heartbeat
from streams.outages import Outage

log = logging.getLogger(__name__)

LIMIT_SECONDS = 2.0
SLACK_SECONDS = 10
PROBE_EVERY_SECONDS = 2.0
WATCHED_TASK = "reaper"
OK = "ok"
Answers = dict[str, "Future[str]"]


def database_problem() -> str:
    """A database that answers may refuse all the same to write: then calls would be taken, and what they note would wait here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer queries"
    return OK if _last_probe.is_fresh() and not note_queue.refused_for_now() else writing_problem()


def writing_problem() -> str:
    try:
        journal.probe()
    except Exception as error:  # noqa: BLE001 - whatever it raises, nothing can be written
        _writing.failed(error, "calls are taken, and what they note waits")
        return "answers, but this process cannot write calls to it; what live calls note waits until it can"
    _writing.worked()
    _last_probe.made()
    return OK


class LastProbe:
    """When writing was tried last with success: whoever asks often must not keep the database busy."""

    def __init__(self) -> None:
        self.at = float("-inf")

    def is_fresh(self) -> bool:
        return time.monotonic() - self.at < PROBE_EVERY_SECONDS

    def made(self) -> None:
        self.at = time.monotonic()


_last_probe = LastProbe()
_writing = Outage(log, "Writing to the database")


def leases() -> str:
    """By this process's own clock: the database cannot tell it what it does not answer."""
    words = f"this process could not renew them within {settings.LEASE_SECONDS:g} s; a worker may end its calls in their rows"
    return words if lease_keeping.leases_run_out() else OK


def notes() -> str:
    """Of this process's calls. It is said and no more: other calls are written, and no other process could write these."""
    count = note_queue.notes_aside()
    return f"{count} cannot be written, though others can; they are kept and tried again, and the log says which" if count else OK


def redis_problem() -> str:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=LIMIT_SECONDS, socket_connect_timeout=LIMIT_SECONDS, retry=ONCE) as client:
            client.ping()
        return OK
    except (RedisError, OSError):
        return "does not answer PING"


def worker_problem() -> str:
    """By the heartbeat of the reaper: beat sends that task, a worker carries it out. A process that lives but takes no work has none."""
    try:
        heartbeat = Heartbeat.objects.filter(name=WATCHED_TASK).annotate(now=Now()).first()
    except DatabaseError:
        return "unknown while the database does not answer"
    if heartbeat is None:
        return "has not done anything yet; run `celery -A config worker`, and one `celery -A config beat`"
    silent_seconds = (heartbeat.now - heartbeat.beat_at).total_seconds()
    stale = silent_seconds > settings.LEASE_SECONDS + SLACK_SECONDS
    return f"has done nothing for {silent_seconds:.0f} s; the worker or beat is gone or stuck" if stale else OK


def loops() -> str:
    """Of the loops that keep this process's calls: leases, notes, gateways ... One that fails is started again (streams.keeper)."""
    down = keeper.loops_down()
    return f"{', '.join(down)} failed and {'is' if len(down) == 1 else 'are'} being started again; the log says why" if down else OK


def on_a_fresh_connection(check: Callable[[], str]) -> str:
    """A connection that a restart of the database has broken must not be mistaken for the database."""
    connection.close()
    try:
        return check()
    finally:
        connection.close()


CHECKS: dict[str, Callable[[], str]] = {"database": database_problem, "redis": redis_problem, "worker": worker_problem}
NEEDED_BY = {ALL: tuple(CHECKS), CONSOLE: tuple(CHECKS), MEDIA: ("database",)}
"""Calls go on without Redis and without a worker: for these no load balancer is to take away all processes that could take a call."""
# Threads of their own, one a check: a database that hangs must not take the threads that pages use.
_threads = ThreadPoolExecutor(len(CHECKS), thread_name_prefix="health")
_asked: Answers = {}


def ask(request: HttpRequest) -> Answers:
    """Starts each check that the role of this process needs, unless the one before still waits for its answer."""
    needed = NEEDED_BY[getattr(request, "scope", {}).get(IN_SCOPE, ALL)]
    for name in needed:
        if name not in _asked or _asked[name].done():
            _asked[name] = _threads.submit(on_a_fresh_connection, CHECKS[name])
    return {name: _asked[name] for name in needed}


def judge(answers: Answers) -> JsonResponse:
    """200 when everything is well, else 503; the body says what is not."""
    late = f"no answer within {LIMIT_SECONDS:g} s"
    findings = {name: answer.result() if answer.done() else late for name, answer in answers.items()}
    findings["loops"] = loops()
    findings["leases"] = leases()
    findings["process"] = "is being stopped" if switchboard.stopping else OK
    ready = set(findings.values()) == {OK}
    return JsonResponse({"ready": ready, **findings, "notes": notes()}, status=200 if ready else 503)


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    answers = ask(request)
    concurrent.futures.wait(answers.values(), LIMIT_SECONDS)
    return judge(answers)


async def ready_async(request: HttpRequest) -> JsonResponse:
    answers = ask(request)
    await asyncio.wait([asyncio.wrap_future(answer) for answer in answers.values()], timeout=LIMIT_SECONDS)
    return judge(answers)


@sync_and_async_middleware
def health(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """First in the chain, so that a probe needs no allowed host name, no TLS and no session."""

    def answer(request: HttpRequest) -> Any:
        answers = {ALIVE: alive, READY: ready}
        return answers[request.path](request) if request.path in answers else get_response(request)

    async def answer_async(request: HttpRequest) -> Any:
        if request.path == READY:
            return await ready_async(request)
        return alive(request) if request.path == ALIVE else await get_response(request)

    return answer_async if iscoroutinefunction(get_response) else answer
