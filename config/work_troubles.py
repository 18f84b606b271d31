"""What workers should have done and have not: what is left undone, in words, with what it means for calls and what to do.

Owns those judgements (WORK), each a query or two. Must not know what else is wrong with the
platform, nor how calls are carried: a worker asks this, for the alert rules. Tells strangers as little as config.status."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models.functions import Now
from redis import exceptions

from cdr import exports, list_acts, trial_calls, url_tests
from cdr.alerts import failures
from cdr.statements import checking, closing_jobs
from config.redis_client import redis_client
from streams import delivery, event_partitions, process_troubles
from streams.database_clock import database_now
from streams.models import Call, Heartbeat
from streams.pure.lifecycle import CallState
from streams.pure.trouble import Trouble

WATCHED_TASK = "reaper"
SLACK_SECONDS = 10
CALLBACKS_LATE, JOBS_LATE, ALERTS_UNTOLD = timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=5)
QUEUE = "celery"
WITHOUT_WORKER = "Calls go on, and their bills. Status callbacks and exports wait, and calls whose process died are not ended."
RUN = "`make run` starts it again by itself; if it does not, stop that and start it again: what it says tells why."

Found = list[Trouble]


def messages_wait() -> bool:
    """Whether the broker's queue holds what nobody has taken. While Redis does not answer nobody can say, and that is told instead."""
    try:
        with redis_client() as client:
            return bool(client.llen(QUEUE))
    except (exceptions.RedisError, OSError):
        return False


def worker(now: datetime) -> Found:
    """By the heartbeat of the reaper: beat sends that task, a worker carries it out. A process that lives but takes no work has none."""
    heartbeat = last_heartbeat()
    if heartbeat is None:
        what = "No worker has done anything yet."
        start = "`make run` starts both." if settings.EMBEDDED else "Run `celery -A config worker`, and `celery -A config beat`."
        return [Trouble("worker", what, WITHOUT_WORKER, start)]
    return silent_worker(now - heartbeat.beat_at)


def known_worker(now: datetime) -> Found:
    """As `worker`, for who is one: the first heartbeat of a new installation may be a moment behind its first question."""
    heartbeat = last_heartbeat()
    return silent_worker(now - heartbeat.beat_at) if heartbeat is not None else []


def last_heartbeat() -> Heartbeat | None:
    return Heartbeat.objects.filter(name=WATCHED_TASK).first()


def silent_worker(since: timedelta) -> Found:
    if (silent := since.total_seconds()) <= settings.LEASE_SECONDS + SLACK_SECONDS:
        return []
    if messages_wait():
        what = f"The worker has done nothing for {how_long(silent)}, though there is work: it is gone, or stuck."
        remedy = RUN if settings.EMBEDDED else "Restart `celery -A config worker`; its log says what it did last."
        return [Trouble("worker", what, WITHOUT_WORKER, remedy)]
    what = f"The worker has done nothing for {how_long(silent)}, because nothing is sent to it: beat is gone, or stuck."
    remedy = RUN if settings.EMBEDDED else "Restart `celery -A config beat`. Of several, one sends."
    return [Trouble("beat", what, WITHOUT_WORKER, remedy)]


def forgotten_calls(now: datetime) -> Found:
    """Of a process that died, or does not reach the database; a worker should have ended them."""
    limit = timedelta(seconds=2 * settings.LEASE_SECONDS + SLACK_SECONDS)
    if not Call.objects.filter(state=CallState.LIVE, lease_until__lt=Now() - limit).exists():
        return []
    what = f"Calls are shown as live whose process has given no sign of life for more than {how_long(limit.total_seconds())}."
    for_calls = "They are billed to when their gateway was heard of last, once a worker ends them."
    return [Trouble("calls", what, for_calls, "The worker's log says why it does not end them.")]


def late_callbacks(now: datetime) -> Found:
    since = delivery.callback_due_since(now)
    if since is None or now - since < CALLBACKS_LATE:
        return []
    what = f"A status callback has been due for {how_long((now - since).total_seconds())}, and no worker has tried it."
    remedy = "See whether the workers run. When all their threads are busy, raise WORKER_THREADS or start more workers."
    return [Trouble("callbacks", what, "Calls are not touched; customers hear late of their streams.", remedy)]


def late_jobs(now: datetime) -> Found:
    found = []
    waiting = (
        ("exports", "An export", exports.export_due_since(now)),
        ("url_tests", "A URL test", url_tests.url_test_due_since(now)),
        ("trial_calls", "A test call", trial_calls.trial_call_due_since(now)),
        ("list_acts", "An act on a list", list_acts.list_act_due_since(now)),
        ("closings", "The closing of a statement", closing_jobs.closing_due_since(now)),
    )
    for about, name, since in waiting:
        if since is not None and now - since >= JOBS_LATE:
            what = f"{name} has waited for {how_long((now - since).total_seconds())}, though a worker could take it."
            found.append(Trouble(about, what, "Calls are not touched.", "The worker's log says why; restart it."))
    return found


def disagreeing_money(now: datetime) -> Found:
    """What the last comparison of charges, streams and statements found. Whose they are stands in the console."""
    if not (problems := checking.problems_since(now)):
        return []
    what = f"Charges, streams and statements do not agree in {len(problems)} {'point' if len(problems) == 1 else 'points'}."
    remedy = "The console's page of statements says which; close none until it is understood."
    return [Trouble("money", what, "Calls are not touched; a bill may be wrong.", remedy)]


def untold_alerts(now: datetime) -> Found:
    failing, places = failures.failing_places(now - ALERTS_UNTOLD)
    found = []
    if failing:
        what = f"Alerts do not reach {failing} of the {places} places where they are told."
        for_calls = "Calls are not touched; what goes wrong is seen in the console only."
        found.append(Trouble("alerts", what, for_calls, "Under Alerts, Places to tell, each says why its messages are not taken."))
    if rules := failures.rules_in_trouble():
        what = f"{rules} alert {'rule' if rules == 1 else 'rules'} could not be looked at."
        found.append(Trouble("alerts", what, "Calls are not touched; what these rules watch is told to nobody.", "Their pages say why."))
    return found


def missing_partitions(now: datetime) -> Found:
    """Where events are in partitions: before they are all written to the one that is never dropped."""
    if not (since := event_partitions.none_made_for(now)):
        return []
    what = f"No partition is made for debug-log events from {since:%Y-%m-%d} on."
    for_calls = "Calls are not touched; their events are kept with those of no partition, and are removed row by row."
    remedy = "Run manage.py partition_events as the user who owns the tables. A worker does so each hour where its own may."
    return [Trouble("partitions", what, for_calls, remedy)]


WORK: list[Callable[[datetime], Found]] = [forgotten_calls, late_callbacks, late_jobs, disagreeing_money, untold_alerts, missing_partitions]
"""What workers should have done; each a query or two by an index."""


def work_troubles() -> Found:
    return left_undone(worker)


def troubles_at_work() -> Found:
    """For the alert rules, which a worker looks at."""
    return left_undone(known_worker)


def left_undone(worker: Callable[[datetime], Found]) -> Found:
    """Where no worker works, what it leaves undone is not told one by one. While the database does not answer nothing is known of all
    this, and that itself is said."""
    try:
        now = database_now()
        undone = worker(now) or [trouble for find in WORK for trouble in find(now)]
        return undone + process_troubles.of_all_processes()
    except DatabaseError:
        return []


def how_long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
