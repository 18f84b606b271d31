"""What an operator writes for a time, and the usual periods. Everything is UTC.

Owns those readings. Has no clock: `now` comes in."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

PRESETS = {
    "5min": "Last 5 minutes",
    "hour": "Last hour",
    "day": "Last 24 hours",
    "today": "Today",
    "yesterday": "Yesterday",
    "week": "Last 7 days",
    "month": "This month",
    "last-month": "Last month",
}
FORMS = "Write 14:02 (today), 2026-11-23 or 2026-11-23 14:02, in UTC."
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


class Length(NamedTuple):
    """At least `least`, and less than `below` (None: however long)."""

    words: str
    least: timedelta
    below: timedelta | None


LENGTHS = {
    "under-10s": Length("under 10 s", timedelta(), timedelta(seconds=10)),
    "under-1m": Length("10 s to 1 min", timedelta(seconds=10), timedelta(minutes=1)),
    "under-10m": Length("1 to 10 min", timedelta(minutes=1), timedelta(minutes=10)),
    "under-1h": Length("10 min to 1 h", timedelta(minutes=10), timedelta(hours=1)),
    "over-1h": Length("1 h and more", timedelta(hours=1), None),
}
"""The usual lengths of a call or stream; each length lies in exactly one."""


class Period(NamedTuple):
    """From `start` on, before `end`; None: open."""

    start: datetime | None
    end: datetime | None


def preset(word: str, now: datetime) -> Period:
    """The period of one of PRESETS; open on both sides for any other word."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = midnight.replace(day=1)
    periods = {
        "5min": Period(now - timedelta(minutes=5), None),
        "hour": Period(now - timedelta(hours=1), None),
        "day": Period(now - DAY, None),
        "today": Period(midnight, None),
        "yesterday": Period(midnight - DAY, midnight),
        "week": Period(now - 7 * DAY, None),
        "month": Period(month, None),
        "last-month": Period((month - DAY).replace(day=1), month),
    }
    return periods.get(word, Period(None, None))


def between(first: str, last: str, now: datetime) -> Period:
    """From the beginning of `first` to the end of `last` (14:02 ends at 14:03); either may be empty. Raises ValueError with a sentence."""
    return Period(_span(first, now)[0] if first.strip() else None, _span(last, now)[1] if last.strip() else None)


def words(period: Period) -> str:
    """`before 2026-11-01`: an end is the first moment that is not in a period. Nothing of an open one."""
    if period.end is None:
        return ""
    at = period.end
    return f"before {at:%Y-%m-%d}" if at == at.replace(hour=0, minute=0, second=0, microsecond=0) else f"before {_shown(at)}"


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if not at.second else f"{at:%Y-%m-%d %H:%M:%S}"


def both(one: Period, other: Period) -> Period:
    """What lies in both periods."""
    starts = [period.start for period in (one, other) if period.start]
    ends = [period.end for period in (one, other) if period.end]
    return Period(max(starts, default=None), min(ends, default=None))


def _span(text: str, now: datetime) -> tuple[datetime, datetime]:
    words = text.strip().upper().removesuffix("UTC").removesuffix("Z").strip()
    full = f"{now.astimezone(UTC):%Y-%m-%d} {words}" if ":" in words and "-" not in words else words.replace("T", " ")
    for form, length in (("%Y-%m-%d", DAY), ("%Y-%m-%d %H:%M", MINUTE), ("%Y-%m-%d %H:%M:%S", SECOND)):
        try:
            start = datetime.strptime(full, form).replace(tzinfo=UTC)
            return start, start + length
        except (ValueError, OverflowError):
            continue
    raise ValueError(f"“{text[:40]}” is not a time. {FORMS}")
