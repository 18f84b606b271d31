"""What the console shows of gateways: what each carries, when it was heard, whom was refused, and the lines that connect it.

Owns which facts stand on the page. Must not know requests or templates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from cdr.pages.stream import Fact, utc_fact
from cdr.pure.badges import LATELY, Badge, gateway_badge
from cdr.pure.figures import NOTHING, moment
from cdr.pure.gateway_lines import Fill, Lines, gateway_url, lines_to_paste
from cdr.pure.refusal_words import advice, refusal_badge
from streams.gateways import traffic
from streams.models import Call, Gateway, GatewayRefusal, StreamEvent
from streams.pure.foreign_text import cleaned
from streams.pure.gateway.twilio import Twilio
from streams.pure.lifecycle import CallState, EventKind

SHOWN_REFUSALS = 20
HERE = ("localhost", "127.0.0.1", "::1")
LAST_CALLS = 5
"""In so many of a gateway's last calls its release is looked for: not every call came so far."""


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """Attempts that are alike. `call`: the one that it was about."""

    at: str
    since: str
    count: int
    reason: Badge
    words: str
    advice: str
    address: str
    dialect: str
    call: UUID | None


@dataclass(frozen=True, slots=True)
class GatewayPage:
    """`notes`: what the reader should know before pasting. `more_refusals`: there are older ones than those shown."""

    pk: int
    name: str
    state: Badge
    health: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    last_call: UUID | None
    refusals: list[RefusalLine]
    more_refusals: bool
    notes: list[str]
    lines: list[Lines]


def with_health(gateways: QuerySet[Gateway], now: datetime) -> QuerySet[Gateway]:
    """Each with `last_call_at`, `last_call_uuid`, `first_call_at`, `last_refused_at`, `refused_lately`; a look into an index for each."""
    newest = Call.objects.filter(gateway=OuterRef("pk")).order_by("-started_at")
    refused = GatewayRefusal.objects.filter(gateway=OuterRef("pk")).order_by("-last_at")
    lately = refused.filter(last_at__gte=now - LATELY).order_by().values("gateway").annotate(attempts=Sum("count"))
    return gateways.annotate(
        last_call_at=Subquery(newest.values("started_at")[:1]),
        last_call_uuid=Subquery(newest.values("uuid")[:1]),
        last_refused_at=Subquery(refused.values("last_at")[:1]),
        refused_lately=Subquery(lately.values("attempts")),
    )


def live_call_count(gateway_ids: Iterable[int]) -> dict[int, int]:
    """How many calls each carries now, in one query."""
    live = Call.objects.filter(state=CallState.LIVE, gateway__in=list(gateway_ids)).order_by()
    return dict(live.values("gateway").annotate(calls=Count("pk")).values_list("gateway", "calls"))


def gateway_page(key: int, base: str, lease_seconds: float, now: datetime) -> GatewayPage:
    """The page of a gateway that is there, in six queries. `base`: the URL that it is to connect to, without a path."""
    gateway: Any = with_health(Gateway.objects.select_related("account", "application"), now).get(pk=key)
    live = live_call_count([gateway.pk]).get(gateway.pk, 0)
    refusals = list(GatewayRefusal.objects.filter(gateway=gateway).order_by("-last_at", "-pk")[: SHOWN_REFUSALS + 1])
    signed = bool(gateway.signing_token)
    return GatewayPage(
        pk=gateway.pk,
        name=gateway.name,
        state=gateway_badge(live, gateway.last_call_at, gateway.last_refused_at, now),
        health=_health(gateway, live, lease_seconds),
        facts=_facts(gateway, base, signed),
        last_call=gateway.last_call_uuid,
        refusals=[refusal_line(refusal) for refusal in refusals[:SHOWN_REFUSALS]],
        more_refusals=len(refusals) > SHOWN_REFUSALS,
        notes=_notes(gateway, base),
        lines=lines_to_paste(gateway.dialect, Fill(base, gateway.name, signed=signed)),
    )


def _health(gateway: Any, live: int, lease_seconds: float) -> tuple[Fact, ...]:
    frames = traffic.fresh(lease_seconds).filter(gateway=gateway).aggregate(sum=Sum("frames_per_second"))["sum"]
    first = Call.objects.filter(gateway=gateway).order_by("started_at").values_list("started_at", flat=True).first()
    return (
        Fact("Connected calls", str(live)),
        Fact("Frames a second", f"{frames or 0:.0f}"),
        utc_fact("Last call", gateway.last_call_at),
        utc_fact("First call", first),
        Fact("Refused attempts, 24 h", str(gateway.refused_lately or 0)),
    )


def _told(gateway: Gateway) -> tuple[str, str]:
    """Of its last calls: which release it was guessed to be when the media of one began, and how long upgrades waited for their answer."""
    last = Call.objects.filter(gateway=gateway).order_by("-started_at").values("pk")[:LAST_CALLS]
    kinds = (EventKind.CALL_STARTED, EventKind.CALL_MEDIA_STARTED)
    events = StreamEvent.objects.filter(call__in=last, kind__in=kinds).order_by("-at").values_list("details", flat=True)
    told = [details for details in events[: 2 * LAST_CALLS] if isinstance(details, dict)]
    version = next((str(details["version"]) for details in told if details.get("version")), "")
    waits = [float(details["upgrade_ms"]) for details in told if type(details.get("upgrade_ms")) in (int, float)]
    return cleaned(version, 200), f"{max(waits):.1f} ms at most, of the last {len(waits)} calls" if waits else ""


def _facts(gateway: Gateway, base: str, signed: bool) -> tuple[Fact, ...]:
    version, upgrade = _told(gateway)
    return (
        Fact("URL", gateway_url(gateway.dialect, base, gateway.name), code=True, wide=True),
        Fact("Dialect", gateway.get_dialect_display()),
        Fact("Account", gateway.account.name, of="account", key=gateway.account_id),
        Fact("Application", gateway.application.name, of="application", key=gateway.application_id),
        Fact("Known by", "Twilio's signature" if signed else "its name and password"),
        Fact("Seems to be (guessed)", version or NOTHING, wide=True),
        Fact("Upgrade answered in", upgrade or NOTHING, wide=True),
    )


def _notes(gateway: Gateway, base: str) -> list[str]:
    notes = []
    if urlsplit(base).hostname in HERE:
        notes.append("This address leads here from this machine only. Set PUBLIC_URL, or open the console by a name it is reached by.")
    if gateway.dialect == Twilio.name and not base.startswith("wss://"):
        notes.append("Twilio dials wss:// only: put a proxy with a certificate in front.")
    return notes


def refusal_line(refusal: GatewayRefusal) -> RefusalLine:
    alone = refusal.last_at - refusal.first_at < timedelta(seconds=1)
    return RefusalLine(
        at=moment(refusal.last_at),
        since="" if alone else moment(refusal.first_at),
        count=refusal.count,
        reason=refusal_badge(refusal.reason),
        words=cleaned(refusal.words),
        advice=advice(refusal.reason),
        address=refusal.address or NOTHING,
        dialect=refusal.dialect or NOTHING,
        call=refusal.call_uuid,
    )
