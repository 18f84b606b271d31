"""The page of an account: what is live, what failed of late and where, what it spends, what it has and what opens it.

Owns which facts stand on the page, in a fixed number of queries. Must not know requests, permissions or templates."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from cdr.alert_rows import Alert
from cdr.pages import recent_hosts
from cdr.pages.auth_tokens import TokenLine, token_lines
from cdr.pages.gateway import with_health
from cdr.pages.hosts import CALLBACKS, STREAMS, HostFigure, service_figures
from cdr.pages.last_calls import CallLine, last_calls, numbers_of
from cdr.pages.rates import RateLine, default_words, rate_lines
from cdr.pages.recent_ends import EndLine, recent_ends
from cdr.pages.recent_hosts import Since
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.account_story import NO_NEW_STREAMS, account_story
from cdr.pure.badges import Badge, gateway_badge
from cdr.pure.figures import NOTHING, counted, moment, money
from cdr.pure.host_story import host_badge
from cdr.pure.secret_text import SecretText
from streams.models import Account, Application, Call, Callback, CallbackState, Gateway, Stream
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import CallState, StreamState

CALLS = "admin:cdr_calldetail_changelist"
SHOWN_HOSTS, SHOWN_OWN, SHOWN_ALERTS = 10, 20, 10
SHOWN_RATES = 20


class HostShare(NamedTuple):
    """A service of the account: the share of its streams that failed, by window."""

    host: str
    name: str
    failed: tuple[HostFigure, ...]


class ApplicationLine(NamedTuple):
    """`url`: "" of one that answers with its own XML."""

    pk: int
    name: str
    method: str
    url: str


class OwnGateway(NamedTuple):
    pk: int
    name: str
    state: Badge
    last_call: str


class AccountAlert(NamedTuple):
    pk: int
    headline: str
    since: str
    by: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows of one kind, few of them. `more`: there are others."""

    rows: tuple[Any, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Spending:
    """What is only for who may see money. `bad`: as much is spent as streams are stopped at."""

    spent: str
    zone: str
    bad: bool
    facts: tuple[Fact, ...]
    rates: list[RateLine]
    default: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`since`: from when on was counted, "" for a whole day. `numbers`: those of its last calls."""

    pk: int
    name: str
    auth_id: str
    state: Badge
    story: list[str]
    calls: tuple[HostFigure, ...]
    all_calls: str
    streams: tuple[HostFigure, ...]
    callbacks: tuple[HostFigure, ...]
    ends: tuple[EndLine, ...]
    since: str
    hosts: Shown
    last_calls: tuple[CallLine, ...]
    applications: Shown
    gateways: Shown
    alerts: Shown
    tokens: list[TokenLine]
    spending: Spending | None
    facts: tuple[Fact, ...]
    numbers: tuple[str, ...]


class Now(NamedTuple):
    """What is live of an account, and what waits for it."""

    calls: int
    streams: int
    waiting: int
    given_up: int
    since: Since


def account_page(account: Account, now: datetime, spent: Decimal | None) -> AccountPage:
    """In nine queries. `spent`: this month; None for whoever may not see money, then nothing stands on it of what the account pays."""
    live, query = _now(account, now), {"account": account.auth_id}
    streams = Stream.objects.filter(account=account)
    ends = recent_ends(streams, live.since, now, query)
    hosts = _hosts(streams, live.since, now, query)
    calls = last_calls(Call.objects.filter(account=account), now)
    stopped = account.spending_stopped_at is not None
    return AccountPage(
        pk=account.pk,
        name=cleaned(account.name),
        auth_id=account.auth_id,
        state=NO_NEW_STREAMS if stopped else host_badge(ends.tallies, live.streams),
        story=account_story(ends.tallies, live.calls, live.streams, hosts.rows[0].host if hosts.rows else "", stopped=stopped),
        calls=(in_use(live.calls, account.concurrent_calls_limit, "call", CALLS, query),),
        all_calls=urlencode(query),
        streams=(
            in_use(live.streams, account.concurrent_streams_limit, "stream", STREAMS, query),
            *service_figures(ends.tallies, query)[1:2],
        ),
        callbacks=_callback_figures(live, query),
        ends=ends.lines,
        since=f"{moment(live.since.at)} UTC" if live.since.cut else "",
        hosts=hosts,
        last_calls=calls,
        applications=_applications(account),
        gateways=gateway_lines(Gateway.objects.filter(account=account), now),
        alerts=_alerts(account),
        tokens=token_lines(account, now),
        spending=_spending(account, now, spent) if spent is not None else None,
        facts=_facts(account),
        numbers=numbers_of(calls),
    )


# What is live, and what waits --------------------------------------------------------------------------------------------
def _now(account: Account, now: datetime) -> Now:
    """In one query."""
    live = Call.objects.filter(account=account, state=CallState.LIVE)
    streams = Stream.objects.filter(account=account, call__state=CallState.LIVE).exclude(state=StreamState.ENDED)
    owed = Callback.objects.filter(account=account, created_at__gte=now - recent_hosts.WINDOWS["day"])
    beyond = recent_hosts.beyond_counted(Stream.objects.filter(account=account), "requested_at", now)
    counts = (live, streams, owed.filter(state=CallbackState.PENDING), owed.filter(state=CallbackState.GIVEN_UP))
    named = {f"count_{number}": count_of(rows) for number, rows in enumerate(counts)}
    found = Account.objects.order_by().annotate(beyond=Subquery(beyond), **named)
    calls, live_streams, waiting, given_up, cut = found.values_list(*named, "beyond").get(pk=account.pk)
    return Now(calls, live_streams, waiting, given_up, recent_hosts.since_of(cut, now))


def count_of(rows: QuerySet[Any], by: str = "account") -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(by).annotate(rows=Count("pk")).values("rows"), output_field=IntegerField()), 0)


def in_use(live: int, limit: int, noun: str, path: str, query: dict[str, str]) -> HostFigure:
    bad = live >= limit
    return HostFigure(f"{live:,}", f"of {limit:,} {noun}s at once", path, urlencode({**query, "state": "live"}), bad)


def _callback_figures(live: Now, query: dict[str, str]) -> tuple[HostFigure, ...]:
    each = ((live.waiting, "pending", "callbacks wait"), (live.given_up, "given_up", "callbacks given up, 24 h"))
    return tuple(
        HostFigure(f"{count:,}", words, CALLBACKS, urlencode({**query, "state": state, "when": "day"}), state == "given_up" and count > 0)
        for count, state, words in each
    )


# What it has -------------------------------------------------------------------------------------------------------------
def _hosts(streams: QuerySet[Stream], since: Since, now: datetime, query: dict[str, str]) -> Shown:
    found = recent_hosts.count_services(streams, since, now, SHOWN_HOSTS + 1)
    lines = [
        HostShare(cleaned(one.key[1], 80), one.key[1], service_figures(one.tallies, {**query, "host": one.key[1]}))
        for one in found[:SHOWN_HOSTS]
    ]
    return Shown(tuple(lines), len(found) > SHOWN_HOSTS)


def _applications(account: Account) -> Shown:
    found = Application.objects.filter(account=account).order_by("name").only("name", "answer_url", "answer_method")
    return _shown(found, SHOWN_OWN, _application)


def _application(one: Application) -> ApplicationLine:
    return ApplicationLine(one.pk, cleaned(one.name), one.answer_method, SecretText(cleaned(one.answer_url, 300)))


def gateway_lines(gateways: QuerySet[Gateway], now: datetime) -> Shown:
    live = count_of(Call.objects.filter(gateway=OuterRef("pk"), state=CallState.LIVE), "gateway")
    found = with_health(gateways, now).annotate(live_calls=live).order_by("name")
    return _shown(found, SHOWN_OWN, lambda one: _gateway(one, now))


def _gateway(gateway: Any, now: datetime) -> OwnGateway:
    state = gateway_badge(gateway.live_calls, gateway.last_call_at, gateway.last_refused_at, now)
    return OwnGateway(gateway.pk, cleaned(gateway.name), state, moment(gateway.last_call_at))


def _alerts(account: Account) -> Shown:
    found = Alert.objects.filter(Q(account=account) | Q(gateway__account=account), closed_at=None).order_by("-opened_at", "-pk")
    return _shown(found, SHOWN_ALERTS, lambda one: AccountAlert(one.pk, cleaned(one.headline), moment(one.opened_at), one.acknowledged_by))


def _shown(rows: "QuerySet[Any]", most: int, line: Any) -> Shown:
    found: list[Model] = list(rows[: most + 1])
    return Shown(tuple(line(row) for row in found[:most]), len(found) > most)


# What it pays, and what it is set to ---------------------------------------------------------------------------------------
def _spending(account: Account, now: datetime, amount: Decimal) -> Spending:
    currency = account.spending_currency
    limits = ((account.spending_warn_at, "Warned at"), (account.spending_stop_at, "Stopped at"))
    facts = [Fact(label, money(limit, currency) if limit is not None else "no limit") for limit, label in limits]
    marks = ((account.spending_warned_at, "Over the warning since (UTC)"), (account.spending_stopped_at, "No new streams since (UTC)"))
    facts += [Fact(label, moment(at)) for at, label in marks if at is not None]
    spent = money(amount, currency)
    bad = account.spending_stopped_at is not None
    return Spending(spent, account.zone_name, bad, tuple(facts), rate_lines(account, now)[:SHOWN_RATES], default_words())


def _facts(account: Account) -> tuple[Fact, ...]:
    kept = (account.retain_numbers_days, account.retain_payloads_days, account.retain_events_days)
    return (
        Fact("Auth ID", account.auth_id, code=True),
        utc_fact("Created", account.created_at),
        Fact("Time zone", account.time_zone),
        Fact("Country", account.country or NOTHING),
        Fact("Starts through the API", f"at most {account.stream_starts_per_second:,} a second"),
        Fact("Status callbacks", account.get_callback_style_display()),
        Fact("Also PlayedStream, ClearedAudio", "yes" if account.playback_callbacks else "no"),
        Fact("Silence is filled", "yes" if account.fill_silence else "no"),
        Fact("Last words are played", f"for at most {account.goodbye_seconds} s" if account.goodbye_seconds else "no"),
        Fact("Services hear playFailed", "yes" if account.play_failed_messages else "no"),
        Fact("Turns are measured", "yes" if account.measure_turns else "no"),
        Fact("Keeps recordings", _days(account.retain_recordings_days)),
        Fact("Customers may listen to them", "yes" if account.customers_listen else "no"),
        Fact("Keeps numbers, payloads, debug events", ", ".join(map(_days, kept if len(set(kept)) > 1 else kept[:1])), wide=True),
    )


def _days(days: int | None) -> str:
    return "as the installation" if days is None else counted(days, "day") if days else "for ever"
