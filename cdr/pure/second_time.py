"""What stands beside a time in UTC for who lives elsewhere: the same moment by the clock of a zone, which it names.

Owns that form, and which zones there are. Must not know who wants which."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones

from streams.pure.time_zone import NOWHERE, zone

FORMS = "Write one of the IANA database, such as Europe/Berlin, America/New_York or Asia/Kolkata; UTC for no second time."
NONE_BESIDE = frozenset({"UTC", "Etc/UTC"})


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() - NOWHERE}


def zone_named(text: str) -> str:
    """As the IANA database writes it; "" for UTC, beside which nothing stands. Raises ValueError with a sentence."""
    typed = text.strip().replace(" ", "_")
    name = _zones().get(typed.lower()) if typed else "UTC"
    if name is None:
        raise ValueError(f"That is no time zone that is known here. {FORMS}")
    return "" if name in NONE_BESIDE else name


def second_time(at: datetime, name: str) -> str:
    """`15:02:03 CET`, `01:02:03 +03`; with its day, `11-24 01:02:03 CET`, where that is not UTC's."""
    there = at.astimezone(zone(name))
    day = "" if there.date() == at.astimezone(UTC).date() else f"{there:%m-%d} "
    return f"{day}{there:%H:%M:%S %Z}"
