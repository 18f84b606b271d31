"""What of alerts themselves does not work: places that take no message, rules that cannot be looked at.

Owns those counts, each a query by few rows."""

from datetime import datetime

from django.db.models import Count, Q

from cdr.alert_rows import AlertChannel, AlertRule
from cdr.alerts.transitions import TOO_MANY


def failing_places(since: datetime) -> tuple[int, int]:
    """How many of the places that are switched on have failed since before then, and how many there are."""
    failing = Count("pk", filter=Q(failing_since__lt=since))
    counts = AlertChannel.objects.filter(enabled=True).aggregate(failing=failing, places=Count("pk"))
    return counts["failing"], counts["places"]


def rules_in_trouble() -> int:
    """Not those that found too much: they work."""
    return AlertRule.objects.filter(enabled=True).exclude(problem="").exclude(problem__endswith=TOO_MANY).count()
