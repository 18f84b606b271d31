"""How many frames of audio a second come from each gateway, as each process measures it.

Owns the rows, one for each process and gateway, and which of them still count. Must not know calls."""

from collections.abc import Mapping
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from streams.models import GatewayTraffic

KEPT = timedelta(days=1)


def write(owner: str, rates: Mapping[int, float]) -> None:
    """The rates of a process by gateway, in one statement."""
    now = Now()
    rows = [GatewayTraffic(owner=owner, gateway_id=key, frames_per_second=rate, measured_at=now) for key, rate in rates.items()]
    changing = ["frames_per_second", "measured_at"]
    GatewayTraffic.objects.bulk_create(rows, update_conflicts=True, unique_fields=["owner", "gateway"], update_fields=changing)


def leave(owner: str) -> None:
    """The process ends."""
    GatewayTraffic.objects.filter(owner=owner).delete()


def fresh(lease_seconds: float) -> QuerySet[GatewayTraffic]:
    """What counts: rows of processes that have written one within a lease, which is four of their rounds."""
    return GatewayTraffic.objects.filter(measured_at__gte=Now() - timedelta(seconds=lease_seconds))


def forget_old() -> None:
    """Removes the rows of processes that are long dead."""
    GatewayTraffic.objects.filter(measured_at__lt=Now() - KEPT).delete()
