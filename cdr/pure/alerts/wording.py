"""What an alert says: its headline, what it is about, what happened to it.

Owns those sentences. Must not know rows, nor where they are sent."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from cdr.pure.alerts.judging import Seen
from cdr.pure.alerts.kinds import KINDS, AlertKind, Unit, amount_words, plain_number, window_words
from cdr.pure.badges import Badge
from cdr.pure.figures import counted
from streams.pure.foreign_text import cleaned

LONGEST_HEADLINE = 300


class AlertStep(StrEnum):
    """What happened to an alert, as its page lists it. The first four are told."""

    OPENED = "opened"
    REOPENED = "reopened"
    REPEATED = "repeated"
    CLOSED = "closed"
    WORSE = "worse"
    CLEARED = "cleared"
    BACK = "back"
    ACKNOWLEDGED = "acknowledged"


TOLD_STEPS = (AlertStep.OPENED, AlertStep.REOPENED, AlertStep.REPEATED, AlertStep.CLOSED)
STEP_WORDS: dict[str, str] = {
    AlertStep.OPENED: "The alert opened.",
    AlertStep.REOPENED: "The condition was met again soon after: the same alert opened again.",
    AlertStep.REPEATED: "It lasts, and is told once more.",
    AlertStep.CLOSED: "The alert closed.",
    AlertStep.WORSE: "It got worse.",
    AlertStep.CLEARED: "The condition is not met any more; the alert closes if it stays so.",
    AlertStep.BACK: "The condition is met again.",
    AlertStep.ACKNOWLEDGED: "Somebody has it in hand.",
}


def seen_words(kind: AlertKind, seen: Seen) -> str:
    """`42.0 %: 21 of 50`, `12`, `35 minutes`, `12.50000 USD`."""
    known = KINDS[kind]
    if known.share:
        return f"{seen.value:.1f} %: {seen.part} of {seen.whole}"
    if known.unit == Unit.MONEY:
        return f"{plain_number(seen.value)} {seen.words}".strip()
    return amount_words(Decimal(round(seen.value)), known.unit)


def headline(kind: AlertKind, seen: Seen, window_minutes: int, about: str) -> str:
    """In a sentence, with foreign names cleaned: it goes into the subjects of mails."""
    within = window_words(window_minutes)
    value = seen_words(kind, seen)
    count = round(seen.value)
    of_streams = f"{seen.value:.1f} % of streams ({seen.part} of {seen.whole})"
    words = {
        AlertKind.CONNECTION_ERROR_SHARE: f"{of_streams} ended with a connection error within {within}",
        AlertKind.CONNECTION_ERRORS: f"{counted(count, 'stream')} ended with a connection error within {within}",
        AlertKind.DEGRADED_SHARE: f"{of_streams} passed 30 % of their buffer within {within}",
        AlertKind.DEGRADED_STREAMS: f"{counted(count, 'stream')} passed 30 % of the buffer within {within}",
        AlertKind.SLOW_RESPONSE_SHARE: f"in {of_streams} the bot once let its caller wait for more than 3 s within {within}",
        AlertKind.CALLBACKS_GIVEN_UP: f"{counted(count, 'status callback')} given up within {within}",
        AlertKind.REFUSED_ATTEMPTS: f"{counted(count, 'attempt')} of gateways refused within {within}",
        AlertKind.GATEWAY_SILENT: f"no call within {within}, usual at this time: {count}",
        AlertKind.NO_CALLS: f"no call for {value}",
        AlertKind.SPEND: f"{value} spent within {within}",
        AlertKind.SPENDING_LIMIT: seen.words,
        AlertKind.OLDEST_CALLBACK: f"a status callback has been due for {value}, and no worker tried it",
        AlertKind.PLATFORM: seen.words,
    }[kind]
    return cleaned(f"{about}: {words}" if about else _capital(words), LONGEST_HEADLINE)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def lasted_words(opened: datetime, closed: datetime) -> str:
    """`3 minutes`, `2 hours`, `4 days`."""
    length = max(closed - opened, timedelta())
    if length < timedelta(hours=2):
        return counted(int(length / timedelta(minutes=1)), "minute")
    return counted(int(length / timedelta(hours=1)), "hour") if length < timedelta(days=3) else counted(length.days, "day")


def alert_badge(*, is_open: bool, acknowledged: bool, clearing: bool = False) -> Badge:
    """Bad is what somebody has to look at."""
    if not is_open:
        return Badge("✓", "closed", "quiet")
    if acknowledged:
        return Badge("●", "in hand", "live")
    return Badge("▲", "clearing", "warn") if clearing else Badge("✕", "open", "bad")
