"""The bell of the console: how many alerts are open and in nobody's hands. A context processor.

Owns how old the count may be: some seconds, and no page waits for it. What an alert is, is cdr.alerts'."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from cdr.alert_rows import Alert
from config.background_checks import BackgroundCheck

FRESH_SECONDS = 5.0
COUNTED_TO = 99


def count_unseen() -> int:
    """COUNTED_TO + 1 for all that are more; by the index of open alerts."""
    return Alert.objects.filter(closed_at=None, acknowledged_at=None).order_by()[: COUNTED_TO + 1].count()


unseen = BackgroundCheck(count_unseen, late=lambda: 0, broken=lambda: 0)


def bell(request: HttpRequest) -> dict[str, Any]:
    """Judged when a template asks for it: the frame of the console does, for who may see alerts."""
    return {"unseen_alerts": SimpleLazyObject(unseen_in_words)}


def unseen_in_words() -> str:
    """`3`, `99+`, "" when there is none."""
    found = known_count()
    return f"{COUNTED_TO}+" if found > COUNTED_TO else str(found or "")


def known_count() -> int:
    unseen.begin(FRESH_SECONDS)
    return unseen.last() or 0
