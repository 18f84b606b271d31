"""How moments, money and telephone numbers are written in the API's answers (Plivo's call and stream objects).

Must not know rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal


def api_moment(at: datetime) -> str:
    """Whole seconds with the offset of the account's time zone, which is UTC: 2026-11-23 14:01:37+00:00."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00:00"


def exact_moment(at: datetime) -> str:
    """With microseconds, UTC: 2026-11-23 14:01:37.250000."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def exact_utc(at: datetime) -> str:
    """The same with the offset: 2026-11-23 14:01:37.250000+00:00."""
    return f"{exact_moment(at)}+00:00"


def amount(money: Decimal | None) -> str:
    return f"{money or Decimal(0):.5f}"


def api_number(text: str) -> str:
    """Telephone numbers are written without the plus sign."""
    return text.removeprefix("+")


def whole_seconds(started_at: datetime, ended_at: datetime | None) -> int:
    """Seconds from start to end, rounded up; 0 while there is no end."""
    if ended_at is None:
        return 0
    return max(-((started_at - ended_at) // timedelta(seconds=1)), 0)
