"""Days and months where a customer lives: when they begin there, daylight-saving changes and all.

Owns that reckoning. Has no clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LONGEST_NAME = 64
NOWHERE = frozenset({"localtime", "Factory"})
"""What a machine may have among its zones, and tells nobody which clock is meant."""


@lru_cache(maxsize=500)
def zone(name: str) -> ZoneInfo:
    """Raises ValueError for what is none."""
    try:
        return ZoneInfo(name if len(name) <= LONGEST_NAME and name not in NOWHERE else "")
    except (OSError, KeyError, ValueError) as error:
        raise ValueError("A time zone is one of the IANA database, such as UTC, Europe/Berlin or America/New_York.") from error


def known_zone(name: str) -> str:
    """`name`; UTC where this machine does not know it (any more): a page and a bill there have to be."""
    try:
        return zone(name).key
    except ValueError:
        return "UTC"


def begin_of(day: date, name: str) -> datetime:
    """When the day begins there. Where clocks skip midnight, at the first moment of the day."""
    there = datetime.combine(day, time(), tzinfo=zone(name)).astimezone(UTC)
    while local_day(there, name) < day:
        there += timedelta(minutes=30)
    return there


def local_day(moment: datetime, name: str) -> date:
    return moment.astimezone(zone(name)).date()


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first of the month after the day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def read_local(text: str, name: str) -> datetime:
    """A day, or a time, where the customer lives. Raises ValueError with a sentence."""
    words = text.strip().replace("T", " ")
    try:
        there = datetime.strptime(words, "%Y-%m-%d" if len(words) <= 10 else "%Y-%m-%d %H:%M")
    except ValueError as error:
        raise ValueError("Write a day as 2026-12-01, or a time as 2026-12-01 14:00.") from error
    if not 2000 <= there.year <= 2200:
        raise ValueError("Write a day between the years 2000 and 2200.")
    if len(words) <= 10:
        return begin_of(there.date(), name)
    moment = there.replace(tzinfo=zone(name)).astimezone(UTC)
    if moment.astimezone(zone(name)).replace(tzinfo=None) != there:
        raise ValueError(f"There is no {there:%H:%M} on that day in {name}: clocks are put forward. Choose an hour later.")
    return moment
