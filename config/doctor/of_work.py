"""Examinations of what goes on: what processes say of themselves, worker and beat, callbacks, and gateways that have fallen silent.

Owns how long is too long. Each question is bounded, however many rows there are."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from config import work_troubles
from config.doctor.findings import Finding, of_troubles, warning
from streams.database_clock import database_now
from streams.models import Call, Callback, CallbackState, Gateway, GatewayRefusal
from streams.pure.lifecycle import CallState

LATELY, A_WEEK = timedelta(hours=24), timedelta(days=7)
NAMED = 5
GIVEN_UP_MANY = 10
STUCK, UNHEARD = timedelta(minutes=10), timedelta(minutes=5)


def examine_work() -> Iterator[Finding]:
    """Worker, beat, loops, leases, notes, calls that nobody ends: as /status finds them."""
    yield from of_troubles(work_troubles.work_troubles())


def examine_callbacks() -> Iterator[Finding]:
    now = database_now()
    stuck = Callback.objects.filter(state=CallbackState.PENDING, claimed_until__lt=now - STUCK)
    count = stuck[:1000].count()
    if count:
        what = f"{count} status callbacks were being tried by workers that went away, and nobody has taken them up for 10 minutes."
        yield warning(what, "See whether a worker runs; its log says why it does not take them.")
    given_up = Callback.objects.filter(state=CallbackState.GIVEN_UP, created_at__gte=now - LATELY)
    hosts = list(given_up.order_by("-created_at")[:1000].values_list("host", flat=True))
    if len(hosts) >= GIVEN_UP_MANY:
        worst = max(set(hosts), key=hosts.count)
        what = f"{len(hosts)} status callbacks of the last day were given up, {hosts.count(worst)} of them to {worst}."
        yield warning(what, "The console's list of callbacks has them with what came back; ask the customer, and send them again there.")


def examine_gateways() -> Iterator[Finding]:
    now = database_now()
    yield from refused(now - timedelta(hours=1))
    newest = Call.objects.filter(gateway=OuterRef("pk")).order_by("-started_at").values("started_at")[:1]
    last = Gateway.objects.annotate(last_at=Subquery(newest)).filter(last_at__lt=now - LATELY, last_at__gte=now - A_WEEK)
    silent = first_names(last)
    if silent and Call.objects.filter(started_at__gte=now - LATELY).exists():
        what = f"Gateways that had calls this week have had none for a day: {silent}."
        yield warning(what, "Where that is not meant, see whether they reach this platform, and their page for refused attempts.")
    unheard = Call.objects.filter(state=CallState.LIVE, lease_until__gte=now, renewed_at__lt=now - UNHEARD)[:1000].count()
    if unheard:
        what = f"Of {unheard} live calls the gateway has not been heard for {UNHEARD.seconds // 60} minutes, on connections that stay open."
        yield warning(what, "See whether that gateway runs. MEDIA_TIMEOUT_SECONDS is how long such calls are kept.")


def refused(since: object) -> Iterator[Finding]:
    """Known ones that knock in vain, and have had no call since."""
    rows = GatewayRefusal.objects.filter(gateway__isnull=False, last_at__gte=since)
    newer = Call.objects.filter(gateway=OuterRef("gateway"), started_at__gte=OuterRef("last_at")).values("pk")[:1]
    kept_out = rows.annotate(newer=Subquery(newer)).filter(newer=None).order_by("-last_at").values_list("name", "reason")[:100]
    found = dict(kept_out)
    if found:
        told = ", ".join(f"{name} ({reason})" for name, reason in list(found.items())[:NAMED])
        yield warning(f"Gateways are refused and have no calls: {told}.", "The console lists refused attempts with what to do.")


def first_names(gateways: QuerySet[Gateway]) -> str:
    found = list(gateways.order_by("name").values_list("name", flat=True)[: NAMED + 1])
    return ", ".join(found[:NAMED]) + (" and others" if len(found) > NAMED else "")
