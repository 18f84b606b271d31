"""Quiet hours: from when to when, by the clock on somebody's wall, nobody is told; also across midnight and on the days when clocks change.

Owns that reckoning. Has no clock of its own."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE = timedelta(minutes=1)


class QuietHours(NamedTuple):
    """From `begins` on, before `ends`; of the next day where that is earlier. Both alike: none. `zone` is a name such as Europe/Berlin."""

    begins: time
    ends: time
    zone: str

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours end in which `now` lies; None outside of them. Looked for minute by minute on the wall: no reckoning is
        right about hours that clocks skip or show twice."""
        zone, at = ZoneInfo(self.zone), now.astimezone(UTC)
        if not self._holds(at, zone):
            return None
        at = at.replace(second=0, microsecond=0)
        while self._holds(at, zone):
            at += MINUTE
        return at

    def _holds(self, at: datetime, zone: ZoneInfo) -> bool:
        clock = at.astimezone(zone).time()
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


def zone_problem(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "There is no such time zone. Write one by its place, such as Europe/Berlin, America/New_York or UTC."
    return ""
