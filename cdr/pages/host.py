"""What the console shows of one customer's host: what it is, how it did hour by hour, what failed last, its callbacks.

Owns which facts stand on the page, in a fixed number of queries, each of an account's rows at one host. Must not know requests or
templates."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour

from cdr import prefix_lookup  # noqa: F401 - the look-up `begins`
from cdr.pages import recent_hosts
from cdr.pages.hosts import (
    STREAMS,
    HostFigure,
    answer_p95,
    endpoint_figures,
    failures_drawn,
    service_figures,
    waiting_figure,
)
from cdr.pages.last_errors import LastError, callback_error, stream_error
from cdr.pages.recent_hosts import STREAM_FAILED, HostCount, HostTally, Since
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.badges import Badge, lane_badge
from cdr.pure.bars import Bar
from cdr.pure.figures import NOTHING, counted, moment, share, spoken_ms
from cdr.pure.host_story import BLOCKED, callback_story, host_badge, last_failure, service_story
from cdr.pure.latency import percentile
from cdr.pure.secret_text import SecretText
from streams.host_blocks import blocks_on
from streams.models import UNUSUAL, Account, Callback, CallbackAttempt, HostBlock, Stream
from streams.pure.customer.host_name import folded_host
from streams.pure.foreign_text import cleaned

SHOWN_FAILURES, SHOWN_ENDPOINTS, SHOWN_OTHERS = 10, 10, 20
LATEST_STREAMS, LATEST_CALLBACKS = 1000, 200
"""What says how soon connections are made, and whose tries say how its endpoints answer."""


@dataclass(frozen=True, slots=True)
class HourLine:
    """`query`: of the streams that were requested in this hour."""

    hour: str
    streams: int
    failed: int
    share: str
    query: str
    failed_query: str


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """One port of the host that takes status callbacks."""

    host: str
    count: HostCount
    waiting: HostFigure
    failed: tuple[HostFigure, ...]
    p95: str
    circuit: Badge | None


class OtherUse(NamedTuple):
    """Another account with streams to a host of this name."""

    account: str
    auth_id: str
    streams: int


class BlockLine(NamedTuple):
    """`words`: for whom it is blocked, since when, by whom and why."""

    words: str
    of_all: bool


@dataclass(frozen=True, slots=True)
class HostPage:
    """`latest`: the newest stream to it. `numbers`: those of the calls that its errors are of."""

    host: str
    account: str
    account_key: int
    auth_id: str
    state: Badge
    blocks: list[BlockLine]
    story: list[str]
    live: int
    figures: tuple[HostFigure, ...]
    all_query: str
    connect_p95: str
    facts: tuple[Fact, ...]
    latest: UUID | None
    hours: list[HourLine]
    bars: list[Bar]
    summary: str
    since: str
    failures: list[LastError]
    failures_query: str
    endpoints: list[EndpointLine]
    tries: list[LastError]
    others: list[OtherUse]
    numbers: tuple[str, ...]


class HostRows(NamedTuple):
    """The rows of an account at a host."""

    account: Account
    host: str
    streams: QuerySet[Stream]
    callbacks: QuerySet[Callback]

    @property
    def query(self) -> dict[str, str]:
        return {"account": self.account.auth_id, "host": self.host}


def find_host(auth_id: str, written: str) -> HostRows | None:
    """However the host is spelled; None when the account is not known."""
    host = folded_host(written)
    account = Account.objects.filter(auth_id=auth_id).first() if host and "\x00" not in host + auth_id else None
    if account is None:
        return None
    streams = Stream.objects.filter(account=account, service_host=host).order_by("-requested_at", "-pk")
    callbacks = Callback.objects.filter(account=account, host__begins=f"{host}:").order_by("-created_at", "-pk")
    return HostRows(account, host, streams, callbacks)


def host_page(rows: HostRows, now: datetime) -> HostPage | None:
    """In thirteen queries; None when nothing ever went to the host, and nobody has blocked it."""
    latest = rows.streams.first()
    endpoints, blocks = _endpoints(rows, now), [_block_line(block) for block in blocks_on(rows.account, rows.host)]
    if latest is None and not endpoints and not blocks and not rows.callbacks.exists():
        return None
    key = (rows.account.pk, rows.host)
    since = recent_hosts.counted_since(rows.streams, "requested_at", now)
    tallies = _added_up(recent_hosts.count_services(rows.streams, since, now, 1))
    owed = _added_up([line.count for line in endpoints])
    shown = service_figures(tallies, rows.query) if latest or not endpoints else endpoints[0].failed
    live = recent_hosts.live_streams([key]).get(key, 0)
    failures, tries = _failures(rows, since), _failed_tries(rows)
    hours = _hours(rows, since, now)
    drawn, summary = failures_drawn([line.failed for line in reversed(hours)], now)
    p95, slowest = _p95_of_latest(rows)
    return HostPage(
        host=rows.host,
        account=rows.account.name,
        account_key=rows.account.pk,
        auth_id=rows.account.auth_id,
        state=BLOCKED if blocks else host_badge(tallies if latest else owed, live),
        blocks=blocks,
        story=[*(service_story(rows.host, tallies, live, p95) if latest else ()), *_stories(failures, endpoints, owed)],
        live=live,
        figures=(_live_figure(rows, live) if latest or not endpoints else endpoints[0].waiting, *shown),
        all_query=urlencode(rows.query),
        connect_p95=p95,
        facts=(*_facts(latest), *([Fact("Slowest response of a stream (95 %, latest 1,000)", slowest)] if slowest != NOTHING else [])),
        latest=latest.uuid if latest else None,
        hours=hours,
        bars=drawn,
        summary=summary,
        since=f"{moment(since.at)} UTC" if since.cut else "",
        failures=failures,
        failures_query=urlencode({**rows.query, "reason": "Connection error"}),
        endpoints=endpoints,
        tries=tries,
        others=_others(rows, now),
        numbers=tuple({number for error in (*failures, *tries) for number in error.numbers}),
    )


def _block_line(block: HostBlock) -> BlockLine:
    whose = "all accounts" if block.account_id is None else "this account"
    why = f": {cleaned(block.why, 200)}" if block.why else ""
    return BlockLine(
        f"Blocked for {whose} since {moment(block.blocked_at)} UTC by {cleaned(block.blocked_by, 80)}{why}", not block.account_id
    )


def _p95_of_latest(rows: HostRows) -> tuple[str, str]:
    """How soon it is connected, and how slow its slowest response to a caller is, of 95 % of its latest streams that have that."""
    latest = list(rows.streams.values_list("connect_ms", "conversation__response_longest_ms")[:LATEST_STREAMS])
    return _p95([connected for connected, _ in latest]), _p95([slowest for _, slowest in latest])


def _p95(each_ms: list[int | None]) -> str:
    known = [ms for ms in each_ms if ms is not None]
    return spoken_ms(percentile(known, 95)) if known else NOTHING


def _added_up(counts: list[HostCount]) -> list[HostTally]:
    each = zip(*(count.tallies for count in counts), strict=True)
    return [HostTally(*map(sum, zip(*of_window, strict=True))) for of_window in each] or [HostTally(0, 0)] * len(recent_hosts.WINDOWS)


def _stories(failures: list[LastError], endpoints: list[EndpointLine], owed: list[HostTally]) -> list[str]:
    of_callbacks = callback_story(owed, sum(line.count.waiting for line in endpoints)) if endpoints else ""
    return [*([last_failure(failures[0].words)] if failures else []), *filter(None, (of_callbacks,))]


def _live_figure(rows: HostRows, live: int) -> HostFigure:
    return HostFigure(f"{live:,}", f"{counted(live, 'stream')} now", STREAMS, urlencode({**rows.query, "state": "live"}))


def _facts(latest: Stream | None) -> tuple[Fact, ...]:
    if latest is None:
        return ()
    return (
        Fact("Latest service URL", SecretText(cleaned(latest.service_url, 300)), code=True, wide=True),
        utc_fact("Latest stream", latest.requested_at),
        Fact("Format", latest.content_type),
    )


def _hours(rows: HostRows, since: Since, now: datetime) -> list[HourLine]:
    """The running hour first."""
    counted_streams = rows.streams.filter(requested_at__gte=since.at).order_by().annotate(hour=TruncHour("requested_at")).values("hour")
    counts = counted_streams.annotate(streams=Count("pk"), failed=Count("pk", filter=STREAM_FAILED))
    by_hour = {hour: (streams, failed) for hour, streams, failed in counts.values_list("hour", "streams", "failed")}
    first = recent_hosts.first_hour(now)
    each = [first + timedelta(hours=number) for number in reversed(range(recent_hosts.HOURS))]
    return [_hour(rows, hour, *by_hour.get(hour, (0, 0))) for hour in each]


def _hour(rows: HostRows, hour: datetime, streams: int, failed: int) -> HourLine:
    query = {**rows.query, "from": f"{hour:%Y-%m-%d %H:00}", "to": f"{hour:%Y-%m-%d %H:59}"}
    words = f"{hour:%Y-%m-%d %H:00}"
    return HourLine(words, streams, failed, share(failed, streams), urlencode(query), urlencode({**query, "reason": "Connection error"}))


def _failures(rows: HostRows, since: Since) -> list[LastError]:
    failed = rows.streams.filter(UNUSUAL, STREAM_FAILED, requested_at__gte=since.at).select_related("call")
    return [stream_error(stream) for stream in failed[:SHOWN_FAILURES]]


# Its callbacks -------------------------------------------------------------------------------------------------------------
def _endpoints(rows: HostRows, now: datetime) -> list[EndpointLine]:
    """In three queries."""
    since = recent_hosts.counted_since(rows.callbacks, "created_at", now)
    found = recent_hosts.count_endpoints(rows.callbacks, since, now, SHOWN_ENDPOINTS)
    durations: defaultdict[str, list[int]] = defaultdict(list)
    for host, duration_ms in _latest_tries(rows).order_by("pk").values_list("callback__host", "duration_ms"):
        durations[host].append(duration_ms)
    return [_endpoint(rows, count, durations.get(count.key[1])) for count in found]


def _endpoint(rows: HostRows, count: HostCount, durations_ms: list[int] | None) -> EndpointLine:
    query = {"account": rows.account.auth_id, "host": count.key[1]}
    tries = recent_hosts.tries_of(durations_ms) if durations_ms else None
    lane = lane_badge(tries.lane if tries else "")
    waiting, failed = waiting_figure(count.waiting, query), endpoint_figures(count.tallies, query)
    return EndpointLine(count.key[1], count, waiting, failed, answer_p95(tries), lane)


def _latest_tries(rows: HostRows) -> QuerySet[CallbackAttempt]:
    return CallbackAttempt.objects.filter(callback__in=rows.callbacks.values("pk")[:LATEST_CALLBACKS])


def _failed_tries(rows: HostRows) -> list[LastError]:
    failed = _latest_tries(rows).exclude(error="").order_by("-pk").select_related("callback__stream__call")
    return [callback_error(attempt) for attempt in failed[:SHOWN_FAILURES]]


def _others(rows: HostRows, now: datetime) -> list[OtherUse]:
    """Accounts with streams to a host of that name of late."""
    others = Stream.objects.filter(service_host=rows.host, call_started_at__gte=now - recent_hosts.WINDOWS["day"])
    found = others.exclude(account=rows.account).order_by().values("account__name", "account__auth_id").annotate(streams=Count("pk"))
    return [OtherUse(*row) for row in found.values_list("account__name", "account__auth_id", "streams").order_by("-streams")[:SHOWN_OTHERS]]
