"""A search with a time in it, as people say it: `4711 14:02`, `4711 today 14:02`, `bot.example.com 2026-11-23 14:02:30`, `yesterday 4711`.

Owns that reading. Has no clock: `now` comes in, in the time zone of the reader. Must not know rows."""

import re
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:utc|z)?", re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
DAYS_AGO = {"today": 0, "yesterday": 1}
FILLERS = frozenset({"at", "@", "on", "utc", "around", "about"})
NEAR = timedelta(minutes=5)
"""So much earlier or later than it is said a call may have begun."""
GOING_ON = timedelta(hours=6)
"""A call that was going on then is found where it had begun at most so long before."""
FORMS = "Write 14:02 or 14:02:30, with today, yesterday or a date such as 2026-11-23 beside it."


class NotATime(ValueError):
    """Something looks like a time and is none; the message says what would be."""


class SaidTime(NamedTuple):
    """What begins from `start` on and before `end`; `at`: the moment that was said, None of a whole day."""

    start: datetime
    end: datetime
    at: datetime | None

    @property
    def earliest(self) -> datetime:
        """Nothing that began before is meant."""
        return self.at - GOING_ON if self.at else self.start


def split_time(text: str, now: datetime) -> tuple[str, SaidTime | None]:
    """The text without the time at its end or its beginning, and the time. Raises NotATime."""
    words = text.split()
    for side, backwards in ((words[::-1], True), (words, False)):
        said = list(takewhile(_is_of_a_time, side))
        if any(map(_names_a_time, said)):
            kept = side[len(said) :]
            return " ".join(kept[::-1] if backwards else kept), _read(said[::-1] if backwards else said, now)
    return text, None


def _is_of_a_time(word: str) -> bool:
    return word.lower() in FILLERS or _names_a_time(word)


def _names_a_time(word: str) -> bool:
    return all(TIME.fullmatch(part) or DATE.fullmatch(part) or part.lower() in DAYS_AGO for part in _parts(word))


def _parts(word: str) -> list[str]:
    return word.split("T") if DATE.match(word) else [word]


def _read(said: list[str], now: datetime) -> SaidTime:
    parts = [part for word in said if word.lower() not in FILLERS for part in _parts(word)]
    times = [part for part in parts if TIME.fullmatch(part)]
    days = [part for part in parts if part not in times]
    if len(times) > 1 or len(days) > 1:
        raise NotATime(f"“{' '.join(said)[:40]}” names more than one time. {FORMS}")
    day = _day(days[0], now) if days else None
    if not times:
        start = _midnight(day or now.date(), now)
        return SaidTime(start, _midnight(start.date() + timedelta(days=1), now), None)
    at, length = _moment(times[0], day, now)
    return SaidTime(at - NEAR, at + length + NEAR, at)


def _day(word: str, now: datetime) -> date:
    if word.lower() in DAYS_AGO:
        return now.date() - timedelta(days=DAYS_AGO[word.lower()])
    try:
        year, month, day = map(int, word.split("-"))
        if not now.year - 100 < year < now.year + 100:
            raise ValueError
        return date(year, month, day)
    except ValueError:
        raise NotATime(f"“{word[:40]}” is not a day. {FORMS}") from None


def _moment(word: str, day: date | None, now: datetime) -> tuple[datetime, timedelta]:
    """The last such time, where no day is said; and how long what is said lasts."""
    found = TIME.fullmatch(word)
    assert found is not None
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        at = _midnight(day or now.date(), now).replace(hour=hour, minute=minute, second=second)
    except ValueError:
        raise NotATime(f"“{word[:40]}” is not a time. {FORMS}") from None
    if day is None and at > now:
        at -= timedelta(days=1)
    return at, timedelta(seconds=1) if found[3] else timedelta(minutes=1)


def _midnight(day: date, now: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
