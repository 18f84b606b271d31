"""The figures of rules, as of a moment: for all rules of a kind together, each in a query.

Owns those queries, all bounded by an index. Must not know thresholds."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.module_loading import import_string

from cdr import spending
from cdr.alert_rows import AlertRule
from cdr.alerts.grouping import (
    EVERYTHING,
    MINUTE,
    WHOSE,
    Figures,
    Row,
    Rules,
    added_up,
    grouped_by,
    in_groups,
    longest,
    subject_in,
    windows,
)
from cdr.models import Charge
from cdr.pure.alerts.judging import DAYS, WEEKS, Seen, Subject, usual_calls
from cdr.pure.alerts.kinds import AlertKind, AlertScope
from cdr.pure.figures import money
from streams import delivery
from streams.models import UNUSUAL, Account, Call, Callback, CallbackState, Gateway, GatewayRefusal, Stream
from streams.pure.lifecycle import CallState, HangupReason

DEGRADED_PERCENT = 30
SLOW_RESPONSE_MS = 3000
GIVEN_UP_AFTER = timedelta(days=30)
"""A callback is given up within hours; older ones are not looked for."""
MOST_REFUSALS = 20_000


def measured(kind: AlertKind, rules: Rules, moment: datetime) -> Figures:
    """What each of these rules, which are of one kind, finds as of `moment`. Of who has nothing there may be no figure."""
    return MEASURES[kind](rules, moment)


# Streams -------------------------------------------------------------------------------------------------------------------------------
FAILED = Q(hangup_reason=HangupReason.CONNECTION_ERROR)
DEGRADED = Q(degraded_percent__gte=DEGRADED_PERCENT)
SLOW = Q(conversation__response_longest_ms__gt=SLOW_RESPONSE_MS)
OF_STREAM = {"account": "account_id", "gateway": "call__gateway_id", "host": "service_host"}


def streams(meant: Q, *, share: bool) -> Callable[[Rules, datetime], Figures]:
    """Of the streams that were requested within the window. A count reads the unusual ones only, from their own index."""

    def figures(rules: Rules, moment: datetime) -> Figures:
        columns = grouped_by(rules, OF_STREAM)
        rows = Stream.objects.filter(requested_at__gt=moment - longest(rules), requested_at__lte=moment)
        rows = rows if share else rows.filter(UNUSUAL).filter(meant)
        counts: dict[str, Any] = {}
        for window in windows(rules):
            within = Q(requested_at__gt=moment - MINUTE * window)
            counts[f"n{window}"] = Count("pk", filter=within & meant)
            if share:
                counts[f"all{window}"] = Count("pk", filter=within)
        return added_up(rules, in_groups(rows, columns, counts), columns, share=share)

    return figures


# Callbacks and attempts ------------------------------------------------------------------------------------------------------------------
def given_up(rules: Rules, moment: datetime) -> Figures:
    columns = grouped_by(rules, {"account": "account_id", "host": "host"})
    since = moment - longest(rules)
    rows = Callback.objects.filter(state=CallbackState.GIVEN_UP, created_at__gte=since - GIVEN_UP_AFTER)
    rows = rows.filter(finished_at__gt=since, finished_at__lte=moment)
    counts = {f"n{window}": Count("pk", filter=Q(finished_at__gt=moment - MINUTE * window)) for window in windows(rules)}
    return added_up(rules, in_groups(rows, columns, counts), columns)


def refused_attempts(rules: Rules, moment: datetime) -> Figures:
    """Attempts that are alike share a row for an hour: of one that began before the window, that part counts which lies in it."""
    rows = GatewayRefusal.objects.filter(last_at__gt=moment - longest(rules), first_at__lte=moment).order_by("-last_at", "-pk")
    found: Iterable[Any] = rows.values("gateway_id", "first_at", "last_at", "count")[:MOST_REFUSALS]
    each = ({"gateway": row["gateway_id"], **{f"n{window}": within(row, moment, window) for window in windows(rules)}} for row in found)
    return added_up(rules, each, {"gateway": "gateway"})


def within(row: Row, moment: datetime, window: int) -> int:
    since = moment - MINUTE * window
    first, last = row["first_at"], row["last_at"]
    if last <= since:
        return 0
    if first > since and last <= moment:
        return int(row["count"])
    part = (min(last, moment) - max(first, since)) / (last - first) if last > first else 1.0
    return max(round(int(row["count"]) * float(part)), 1)


# Money ----------------------------------------------------------------------------------------------------------------------------------
def spend(rules: Rules, moment: datetime) -> Figures:
    """Of each account in its currency; where that was changed meanwhile, in the one in which more was spent."""
    rows = Charge.objects.filter(created_at__gt=moment - longest(rules), created_at__lte=moment).order_by()
    sums = {f"n{window}": Sum("amount", filter=Q(created_at__gt=moment - MINUTE * window)) for window in windows(rules)}
    columns = {"account": "account_id"}
    figures: Figures = {rule.pk: {} for rule in rules}
    groups: Iterable[Any] = rows.exclude(account=None).values("account_id", "currency").annotate(**sums)
    for row in groups:
        for rule in rules:
            subject, value = subject_in(rule, row, columns), row[f"n{rule.window_minutes}"]
            known = figures[rule.pk].get(subject) if subject else None
            if subject and value and (known is None or value > known.value):
                figures[rule.pk][subject] = Seen(Decimal(value), words=row["currency"])
    return figures


def spending_limit(rules: Rules, moment: datetime) -> Figures:
    """1 of an account that is warned, 2 of one that is stopped: as the accounts' rows say."""
    found = {}
    for one in sorted(spending.over_limits(), key=lambda each: each.stopped):
        limit = money(one.limit, one.currency)
        what = "begins no new streams until the month ends" if one.stopped else "goes on"
        words = f"has spent {limit} this month, the limit at which it is {'stopped' if one.stopped else 'warned of'}, and {what}"
        found[Subject(account_id=one.account.pk)] = Seen(Decimal(2 if one.stopped else 1), words=words)
    return {
        rule.pk: {
            subject: seen
            for subject, seen in found.items()
            if rule.scope == AlertScope.EACH_ACCOUNT or subject.account_id == rule.account_id
        }
        for rule in rules
    }


# Silence --------------------------------------------------------------------------------------------------------------------------------
def live_now(column: str) -> set[Any]:
    return set(Call.objects.filter(state=CallState.LIVE).order_by().values_list(column, flat=True).distinct())


def gateway_silent(rules: Rules, moment: datetime) -> Figures:
    """Of gateways without a call in the window, how many they usually have in it."""
    usual = {window: _usual_of_silent(window, moment) for window in windows(rules)}
    return {
        rule.pk: {
            Subject(gateway_id=key): seen
            for key, seen in usual[rule.window_minutes].items()
            if rule.scope == AlertScope.EACH_GATEWAY or key == rule.gateway_id
        }
        for rule in rules
    }


def _usual_of_silent(window: int, moment: datetime) -> dict[int, Seen]:
    of_gateway = Call.objects.filter(gateway=OuterRef("pk"))
    silent = Gateway.objects.exclude(pk__in=[key for key in live_now("gateway_id") if key]).annotate(
        last_at=Subquery(of_gateway.order_by("-started_at").values("started_at")[:1]),
        first_at=Subquery(of_gateway.order_by("started_at").values("started_at")[:1]),
    )
    counts = {f"d{day}": _count_before(of_gateway, day, window, moment) for day in (*DAYS, *WEEKS)}
    rows = silent.filter(last_at__lte=moment - MINUTE * window).order_by().annotate(**counts).values("pk", "first_at", "last_at", *counts)
    return {row["pk"]: _usual(row, moment, counts) for row in rows}


def _count_before(calls: "QuerySet[Call]", day: int, window: int, moment: datetime) -> Subquery:
    end = moment - timedelta(days=day)
    then = calls.filter(started_at__gt=end - MINUTE * window, started_at__lte=end).order_by()
    return Subquery(then.values("gateway").annotate(calls=Count("pk")).values("calls"))


def _usual(row: Row, moment: datetime, counts: Collection[str]) -> Seen:
    known_days = (moment - row["first_at"]) / timedelta(days=1)
    return Seen(Decimal(usual_calls({int(name[1:]): row[name] or 0 for name in counts}, known_days)))


def no_calls(rules: Rules, moment: datetime) -> Figures:
    """Minutes since the last call began; none while one is live. Who has never had a call is not missed."""
    return {rule.pk: dict(_silences(rule, moment)) for rule in rules}


def _silences(rule: AlertRule, moment: datetime) -> Iterator[tuple[Subject, Seen]]:
    scope = AlertScope(rule.scope)
    if scope == AlertScope.ALL:
        last = Call.objects.order_by("-started_at").values_list("started_at", flat=True).first()
        if last:
            yield EVERYTHING, _minutes_since(last, moment, bool(live_now("state")))
        return
    name = WHOSE[scope]
    owners: Any = Account.objects.all() if name == "account" else Gateway.objects.all()
    if scope in (AlertScope.ACCOUNT, AlertScope.GATEWAY):
        owners = owners.filter(pk=getattr(rule, f"{name}_id"))
    newest = Call.objects.filter(**{name: OuterRef("pk")}).order_by("-started_at").values("started_at")[:1]
    live = live_now(f"{name}_id")
    for key, last in owners.order_by().annotate(last_at=Subquery(newest)).values_list("pk", "last_at"):
        if last:
            yield Subject(**{f"{name}_id": key}), _minutes_since(last, moment, key in live)


def _minutes_since(last: datetime, moment: datetime, live: bool) -> Seen:
    return Seen(Decimal(0 if live else max(int((moment - last) / MINUTE), 0)))


# The platform ----------------------------------------------------------------------------------------------------------------------------
def oldest_callback(rules: Rules, moment: datetime) -> Figures:
    since = delivery.callback_due_since(moment)
    minutes = max(int((moment - since) / MINUTE), 0) if since else 0
    return {rule.pk: {EVERYTHING: Seen(Decimal(minutes))} for rule in rules}


def platform(rules: Rules, moment: datetime) -> Figures:
    """Each trouble by itself."""
    troubles = import_string(settings.PLATFORM_TROUBLES)()
    found = {Subject(trouble=one.about): Seen(Decimal(1), words=f"{one.what} {one.for_calls}") for one in reversed(troubles)}
    return {rule.pk: dict(found) for rule in rules}


MEASURES: dict[AlertKind, Callable[[Rules, datetime], Figures]] = {
    AlertKind.CONNECTION_ERROR_SHARE: streams(FAILED, share=True),
    AlertKind.CONNECTION_ERRORS: streams(FAILED, share=False),
    AlertKind.DEGRADED_SHARE: streams(DEGRADED, share=True),
    AlertKind.SLOW_RESPONSE_SHARE: streams(SLOW, share=True),
    AlertKind.DEGRADED_STREAMS: streams(DEGRADED, share=False),
    AlertKind.CALLBACKS_GIVEN_UP: given_up,
    AlertKind.REFUSED_ATTEMPTS: refused_attempts,
    AlertKind.GATEWAY_SILENT: gateway_silent,
    AlertKind.NO_CALLS: no_calls,
    AlertKind.SPEND: spend,
    AlertKind.SPENDING_LIMIT: spending_limit,
    AlertKind.OLDEST_CALLBACK: oldest_callback,
    AlertKind.PLATFORM: platform,
}
