"""What the console's first page says: what is live, how streams ended of late, what is owed to customers, which gateways carry calls.

Owns those counts, all of them bounded. Must not know requests or templates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from django.db.models import Count, QuerySet, Sum

from cdr.pages.callback_hosts import HostRow, host_rows
from cdr.pages.hosts import WorstHost, worst_services
from cdr.pages.minutes import SHOWN_MINUTES, MinuteCounts, Minutes, last_minutes
from cdr.pure.badges import Badge, reason_badge
from cdr.pure.bars import Bar, bars, outline
from cdr.pure.figures import counted, share
from streams.gateways import traffic
from streams.models import UNUSUAL, Call, Callback, CallbackState, Stream
from streams.pure.lifecycle import CallState, HangupReason, StreamState

COUNTED_TO = 1000
DAY_COUNTED_TO = 200_000
"""Up to this many streams of a day are counted for each reason; past that the share is not known, and is not shown."""
SHOWN_GATEWAYS = 12
SHOWN_SERVICES = 8
CALLS, STREAMS, CALLBACKS = (f"admin:{name}_changelist" for name in ("cdr_calldetail", "cdr_streamdetail", "streams_callback"))


@dataclass(frozen=True, slots=True)
class Figure:
    """A count, in words where it is capped. `path` names the list it was counted in; `query`: the filters that show the same rows. `drawn`:
    the last minutes as the outline of bars, `drawn_words` the same in words; "" where nothing tells them."""

    count: str
    label: str
    path: str
    query: str
    bad: bool = False
    drawn: str = ""
    drawn_words: str = ""


@dataclass(frozen=True, slots=True)
class CallStarts:
    """Calls started in each of the last minutes, the running one last. `summary` says the same in words."""

    bars: list[Bar]
    summary: str


@dataclass(frozen=True, slots=True)
class EndShare:
    """What became of some of a day's streams. `share`: of those that ended, "" when it is not known. `bar`: its width of 100."""

    count: str
    badge: Badge
    share: str
    bar: float
    path: str
    query: str


@dataclass(frozen=True, slots=True)
class GatewayRow:
    """`frames_per_second`: of all its calls, as they were measured last."""

    pk: int
    name: str
    live_calls: int
    frames_per_second: int
    path: str
    query: str


@dataclass(frozen=True, slots=True)
class Board:
    figures: list[Figure]
    started: CallStarts
    outcomes: list[EndShare]
    services: list[WorstHost]
    hosts: list[HostRow]
    gateways: list[GatewayRow]


def board(now: datetime, lease_seconds: float) -> Board:
    """Nineteen queries, however many rows there are. `lease_seconds`: so old a measured rate may be."""
    since, minutes = now - timedelta(days=1), last_minutes(now)
    return Board(
        figures(now, minutes),
        started(minutes),
        outcomes(since),
        worst_services(now, SHOWN_SERVICES),
        host_rows(since),
        gateways(lease_seconds),
    )


# What is live, and what went wrong -------------------------------------------------------------------------------------
def figures(now: datetime, minutes: Minutes) -> list[Figure]:
    """Five counts in five queries. A callback is given up when it was tried for 18 hours: of those of the last hour none is."""
    since, day_ago = now - timedelta(hours=1), now - timedelta(days=1)
    live = Stream.objects.filter(call__state=CallState.LIVE).exclude(state=StreamState.ENDED)
    failed = Stream.objects.filter(UNUSUAL, hangup_reason=HangupReason.CONNECTION_ERROR, requested_at__gte=since)
    waiting = Callback.objects.filter(state=CallbackState.PENDING)
    given_up = Callback.objects.filter(state=CallbackState.GIVEN_UP, created_at__gte=day_ago)
    calls = _figure(Call.objects.filter(state=CallState.LIVE), "calls are live", CALLS, "state=live")
    streams = _figure(live, "streams are live", STREAMS, "state=live")
    errors = _figure(failed, "connection errors in the last hour", STREAMS, "reason=Connection+error&when=hour", bad=True)
    return [
        _drawn(calls, minutes.calls, "call started", "calls started"),
        _drawn(streams, minutes.streams, "stream asked for", "streams asked for"),
        _drawn(errors, minutes.errors, "connection error"),
        _figure(given_up, "callbacks of the last 24 hours given up", CALLBACKS, "state=given_up&when=day", bad=True),
        _drawn(
            _figure(waiting, "callbacks wait", CALLBACKS, "state=pending"), minutes.waiting, "callback that waits", "callbacks that wait"
        ),
    ]


def _figure(rows: "QuerySet[Call] | QuerySet[Stream] | QuerySet[Callback]", label: str, path: str, query: str, bad: bool = False) -> Figure:
    count = capped(rows, COUNTED_TO)
    return Figure(stream_count_words(count, COUNTED_TO), label, path, query, bad and count > 0)


def _drawn(figure: Figure, counts: MinuteCounts, noun: str, plural: str = "") -> Figure:
    return replace(figure, drawn=outline(bars(counts.each)), drawn_words=_minutes_words(counts, noun, plural))


def capped(rows: "QuerySet[Call] | QuerySet[Stream] | QuerySet[Callback]", most: int) -> int:
    """How many rows there are; `most` + 1 for all that are more."""
    return rows.order_by()[: most + 1].count()


def stream_count_words(count: int, most: int) -> str:
    return f"over {most:,}" if count > most else f"{count:,}"


# Calls by the minute ---------------------------------------------------------------------------------------------------
def started(minutes: Minutes) -> CallStarts:
    each = minutes.calls.each
    labels = [f"{minutes.first + timedelta(minutes=number):%H:%M}: {counted(count, 'call')}" for number, count in enumerate(each)]
    return CallStarts(bars(each, labels), _minutes_words(minutes.calls, "call"))


def _minutes_words(counts: MinuteCounts, noun: str, plural: str = "") -> str:
    each = counts.each
    many = f"over {counts.most:,} {plural or noun + 's'}" if counts.most else counted(sum(each), noun, plural)
    newest = ", of which the newest are drawn" if counts.most else ""
    return f"{many} in {SHOWN_MINUTES} minutes{newest}, at most {max(each)} a minute, {each[-2]} in the last full one"


# How streams ended -----------------------------------------------------------------------------------------------------
def outcomes(since: datetime) -> list[EndShare]:
    """The hangup reasons of the streams that were requested since then, and how many were degraded or never started; six queries."""
    streams = Stream.objects.filter(requested_at__gte=since)
    unusual = streams.filter(UNUSUAL)
    of_reason = {reason: streams if reason == HangupReason.CALL_HANGUP else unusual for reason in HangupReason}
    reasons = {reason: capped(rows.filter(hangup_reason=reason), DAY_COUNTED_TO) for reason, rows in of_reason.items()}
    ended = sum(reasons.values()) if max(reasons.values()) <= DAY_COUNTED_TO else None
    degraded = capped(unusual.filter(degraded_percent__gte=30), DAY_COUNTED_TO)
    unstarted = capped(unusual.filter(state=StreamState.ENDED, started_at=None), DAY_COUNTED_TO)
    rows = [(count, reason_badge(reason), f"reason={reason.replace(' ', '+')}") for reason, count in reasons.items()]
    rows.append((degraded, Badge("▲", "degraded", "warn"), "degraded=30"))
    rows.append((unstarted, Badge("▲", "never started", "warn"), "state=never-started"))
    return list(_outcomes(rows, ended))


def _outcomes(rows: Iterable[tuple[int, Badge | None, str]], ended: int | None) -> Iterable[EndShare]:
    for count, badge, query in rows:
        assert badge is not None
        part = count / ended if ended else 0.0
        words = share(count, ended) if ended is not None else ""
        yield EndShare(stream_count_words(count, DAY_COUNTED_TO), badge, words, round(100 * part, 1), STREAMS, f"{query}&when=day")


# Gateways --------------------------------------------------------------------------------------------------------------
def gateways(lease_seconds: float) -> list[GatewayRow]:
    """Those that carry calls now, the busiest first; two queries."""
    live = Call.objects.filter(state=CallState.LIVE).exclude(gateway=None).order_by()
    busiest = live.values("gateway_id", "gateway__name").annotate(calls=Count("pk")).order_by("-calls", "gateway__name")
    measured = traffic.fresh(lease_seconds).values("gateway_id").annotate(rate=Sum("frames_per_second"))
    rates = dict(measured.values_list("gateway_id", "rate"))
    return [_gateway(*row, rates) for row in busiest.values_list("gateway_id", "gateway__name", "calls")[:SHOWN_GATEWAYS]]


def _gateway(key: int, name: str, live_calls: int, rates: dict[int, float]) -> GatewayRow:
    return GatewayRow(key, name, live_calls, round(rates.get(key, 0)), CALLS, f"gateway={quote(name)}&state=live")
