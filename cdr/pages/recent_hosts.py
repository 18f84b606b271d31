"""What happened at customers' hosts of late, counted by account and host: how many of their streams and callbacks failed, and when.

Owns those counts: of a day at most, and of the newest COUNTED_ROWS of it, so that no count costs more on a busy day. Must not know words
or pages."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, F, Max, Q, QuerySet, Subquery, Window
from django.db.models.functions import CumeDist, TruncHour

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from streams.delivery.slow_endpoints import SLOW_SECONDS, Lane, lane_after
from streams.models import TRY_FAILED, UNUSUAL, Account, Callback, CallbackAttempt, CallbackState, Stream
from streams.pure.lifecycle import CallState, HangupReason, StreamState

COUNTED_ROWS = 50_000
LATEST_TRIES = LATEST_STREAMS = 5000
HOURS = 24
STREAM_FAILED = Q(hangup_reason=HangupReason.CONNECTION_ERROR)
WINDOWS = {"5min": timedelta(minutes=5), "hour": timedelta(hours=1), "day": timedelta(days=1)}
"""By the word that the lists' filters have for them."""

HostKey = tuple[int, str]
"""An account's key and its host: of a service the name, of callbacks the name and the port."""
Counted = TypeVar("Counted", Stream, Callback)
Failures = dict[HostKey, list[int]]
"""Of each of the last 24 hours by the clock, the running one last."""


class HostTally(NamedTuple):
    """So many in a window, and so many of them failed."""

    all: int
    failed: int


class HostCount(NamedTuple):
    """`tallies`: in the order of WINDOWS. `last_failed`: the key of the newest row that did. `waiting`: callbacks that are to be tried."""

    key: HostKey
    tallies: tuple[HostTally, ...]
    last_failed: int | None
    waiting: int = 0


class Tries(NamedTuple):
    """How an endpoint answered of late: each try's time, and in which lane the workers' threads have it."""

    durations_ms: list[int]
    lane: Lane


class Since(NamedTuple):
    """When counting begins; `cut`: later than a day ago, because there was so much."""

    at: datetime
    cut: bool


def counted_since(rows: QuerySet[Counted], column: str, now: datetime) -> Since:
    """In one query, by the index of the newest."""
    return since_of(next(iter(beyond_counted(rows, column, now)), None), now)


def counted_since_each(beyond: Mapping[str, "QuerySet[Any, datetime]"], now: datetime) -> dict[str, Since]:
    """Of several kinds of rows in one query, beside an account: where there is none, there are no rows. `beyond`: by `beyond_counted`."""
    asked = {f"beyond_{kind}": Subquery(rows) for kind, rows in beyond.items()}
    found: dict[str, Any] = next(iter(Account.objects.order_by().annotate(**asked).values(*asked)[:1]), {})
    return {kind: since_of(found.get(f"beyond_{kind}"), now) for kind in beyond}


def beyond_counted(rows: QuerySet[Counted], column: str, now: datetime) -> "QuerySet[Counted, datetime]":
    """When the newest row was made that is not counted: nothing where a day has no more than are."""
    newest = rows.filter(**{f"{column}__gte": now - WINDOWS["day"]}).order_by(f"-{column}", "-id").values_list(column, flat=True)
    return newest[COUNTED_ROWS : COUNTED_ROWS + 1]


def since_of(beyond: datetime | None, now: datetime) -> Since:
    return Since(beyond, True) if beyond else Since(now - WINDOWS["day"], False)


def hosts_begun(beginning: str, most: int) -> list[tuple[str, str, str]]:
    """Services that begin so, among those of the newest LATEST_STREAMS: the account's auth id and name, and the host. In one query."""
    newest = Stream.objects.order_by("-requested_at", "-id").values("pk")[:LATEST_STREAMS]
    begun = Stream.objects.filter(pk__in=newest, service_host__begins=beginning).order_by("service_host", "account__name")
    return list(begun.values_list("account__auth_id", "account__name", "service_host").distinct()[:most])


def count_services(streams: QuerySet[Stream], since: Since, now: datetime, most: int) -> list[HostCount]:
    """Those where most failed within the hour, then within the day, then the busiest; one query."""
    rows = streams.filter(requested_at__gte=since.at).exclude(service_host="").order_by().values("account_id", "service_host")
    found = _worst(rows.annotate(**_tallies("requested_at", STREAM_FAILED, now)), "service_host", most)
    return [_count(row, "service_host") for row in found]


def count_endpoints(callbacks: QuerySet[Callback], since: Since, now: datetime, most: int) -> list[HostCount]:
    """The same of those that take status callbacks."""
    rows = callbacks.filter(created_at__gte=since.at).order_by().values("account_id", "host")
    waiting = Count("pk", filter=Q(state=CallbackState.PENDING))
    found = _worst(rows.annotate(waiting=waiting, **_tallies("created_at", TRY_FAILED, now)), "host", most)
    return [_count(row, "host") for row in found]


def _tallies(column: str, failed: Q, now: datetime) -> dict[str, Any]:
    """What is counted of each host."""
    columns: dict[str, Any] = {"last_failed": Max("pk", filter=failed)}
    for word, length in WINDOWS.items():
        within = Q(**{f"{column}__gte": now - length})
        columns |= {f"all_{word}": Count("pk", filter=within), f"failed_{word}": Count("pk", filter=within & failed)}
    return columns


def _worst(rows: QuerySet[Any, Any], host: str, most: int) -> list[dict[str, Any]]:
    return list(rows.order_by("-failed_hour", "-failed_day", "-all_day", "account_id", host)[:most])


def _count(row: dict[str, Any], host: str) -> HostCount:
    tallies = tuple(HostTally(row[f"all_{word}"], row[f"failed_{word}"]) for word in WINDOWS)
    return HostCount((row["account_id"], row[host]), tallies, row["last_failed"], row.get("waiting", 0))


# Of the hosts that are shown -----------------------------------------------------------------------------------------------
def live_streams(keys: Collection[HostKey]) -> dict[HostKey, int]:
    live = Stream.objects.filter(_among(keys, "service_host"), call__state=CallState.LIVE).exclude(state=StreamState.ENDED).order_by()
    rows = live.values_list("account_id", "service_host").annotate(streams=Count("pk"))
    return {(account, host): count for account, host, count in rows}


def connect_p95_ms(keys: Collection[HostKey], since: datetime) -> dict[HostKey, int]:
    """Within this time 95 % of the connections were made (nearest rank); one query that reads the slowest twentieth."""
    made = Stream.objects.filter(_among(keys, "service_host"), requested_at__gte=since, connect_ms__isnull=False).order_by()
    share = Window(CumeDist(), partition_by=[F("account_id"), F("service_host")], order_by=F("connect_ms").asc())
    slowest: dict[HostKey, int] = {}
    found = made.annotate(share=share).filter(share__gte=0.95).order_by("-connect_ms")
    for account, host, connect_ms in found.values_list("account_id", "service_host", "connect_ms"):
        slowest[account, host] = connect_ms or 0  # the quickest of them comes last
    return slowest


def failed_streams_by_hour(keys: Collection[HostKey], since: datetime, now: datetime) -> Failures:
    failed = Stream.objects.filter(UNUSUAL, STREAM_FAILED, _among(keys, "service_host"), requested_at__gte=since)
    return _by_hour(failed, "service_host", "requested_at", now)


def failed_callbacks_by_hour(keys: Collection[HostKey], since: datetime, now: datetime) -> Failures:
    failed = Callback.objects.filter(TRY_FAILED, _among(keys, "host"), created_at__gte=since)
    return _by_hour(failed, "host", "created_at", now)


def _by_hour(rows: QuerySet[Any], host: str, column: str, now: datetime) -> Failures:
    hours: Failures = defaultdict(lambda: [0] * HOURS)
    first = first_hour(now)
    counts = rows.order_by().annotate(hour=TruncHour(column)).values("account_id", host, "hour").annotate(rows=Count("pk"))
    for account, name, hour, count in counts.values_list("account_id", host, "hour", "rows"):
        if hour >= first:
            hours[account, name][(hour - first) // timedelta(hours=1)] = count
    return hours


def first_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)


def latest_tries(since: datetime) -> dict[HostKey, Tries]:
    """Of the latest LATEST_TRIES of all hosts, by the primary key."""
    columns = ("callback__account_id", "callback__host", "started_at", "duration_ms")
    rows = CallbackAttempt.objects.order_by("-pk").values_list(*columns)[:LATEST_TRIES]
    durations: defaultdict[HostKey, list[int]] = defaultdict(list)
    for account, host, started_at, duration_ms in rows:
        if started_at >= since:
            durations[account, host].append(duration_ms)
    return {key: tries_of(of_one[::-1]) for key, of_one in durations.items()}


def tries_of(durations_ms: list[int]) -> Tries:
    """The oldest first."""
    return Tries(durations_ms, lane_after(duration <= SLOW_SECONDS * 1000 for duration in durations_ms))


def _among(keys: Collection[HostKey], column: str) -> Q:
    """Of these accounts and at these hosts: few more than are meant, by an index."""
    return Q(account_id__in={account for account, _ in keys}) & Q(**{f"{column}__in": {host for _, host in keys}})
