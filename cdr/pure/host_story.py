"""What is to be said of a customer's host: at a glance, and in sentences for somebody who has the customer on the phone.

Owns their wording. Must not know rows or pages."""

from collections.abc import Sequence

from cdr.pure.badges import Badge
from cdr.pure.figures import NOTHING, counted
from cdr.pure.log.wording import with_full_stop

BLOCKED = Badge("⊘", "blocked", "bad")
FAILS_FROM = 0.1
"""From this share of the streams on a host is said to fail."""


def host_badge(tallies: Sequence[tuple[int, int]], live: int) -> Badge:
    """`tallies`: how many, and how many of them failed, in 5 minutes, an hour, a day."""
    (lately, lately_failed), (hour, hour_failed), (day, _) = tallies
    if lately_failed and lately_failed >= FAILS_FROM * lately:
        return Badge("✕", "fails now", "bad")
    if hour_failed and hour_failed >= FAILS_FROM * hour:
        return Badge("▲", "failed within the hour", "warn")
    if live:
        return Badge("●", "streaming", "live")
    return Badge("✓", "works", "plain") if day else Badge("○", "idle", "quiet")


def service_story(host: str, tallies: Sequence[tuple[int, int]], live: int, p95: str) -> list[str]:
    """`p95`: within it 95 % of the connections were made, NOTHING when nobody knows."""
    _, hour, day = tallies
    going_on = f"{counted(live, 'stream')} {'goes' if live == 1 else 'go'} to {host} now."
    asked = f"Of the {counted(day[0], 'stream')} of the last 24 hours {day[1]:,} failed, {hour[1]:,} of {hour[0]:,} within the last hour."
    quick = f"95 % of the connections were made within {p95}." if p95 != NOTHING else ""
    return [" ".join(filter(None, (going_on, asked if day[0] else "No stream was asked for in the last 24 hours.", quick)))]


def last_failure(words: str) -> str:
    return f"The last failure: {with_full_stop(words)}"


def callback_story(tallies: Sequence[tuple[int, int]], waiting: int) -> str:
    _, _, (day, failed) = tallies
    missed = f"{failed:,} {'was' if failed == 1 else 'were'} not taken at the first try"
    wait = f"; {waiting:,} {'waits' if waiting == 1 else 'wait'} for the next try" if waiting else ""
    return f"Of its {counted(day, 'status callback')} of the last 24 hours {missed}{wait}." if day else ""
