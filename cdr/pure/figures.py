"""How times, durations, money and hosts are printed in the console: one form each, always UTC.

Owns those forms. Must not know what the figures are about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from streams.pure.foreign_text import cleaned

NOTHING = "–"
"""What stands where there is no value yet, or never will be."""


def moment(at: datetime | None) -> str:
    """`2026-11-23 14:02:03`, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else NOTHING


def clock(at: datetime) -> str:
    """`14:02:03`, in UTC."""
    return at.astimezone(UTC).strftime("%H:%M:%S")


def clock_ms(at: datetime) -> str:
    """`14:02:03.123`, in UTC, cut to the millisecond."""
    return at.astimezone(UTC).strftime("%H:%M:%S.%f")[:-3]


def day(at: datetime) -> str:
    """`2026-11-23`, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def spoken_day(at: datetime) -> str:
    """`23 November 2026`, in UTC."""
    return at.astimezone(UTC).strftime("%-d %B %Y")


def offset(at: datetime, origin: datetime) -> str:
    """`+0.123 s` or `−1.204 s`: the difference of the two times as `clock_ms` prints them."""
    elapsed_ms = offset_ms(at, origin)
    return f"{'−' if elapsed_ms < 0 else '+'}{abs(elapsed_ms) // 1000}.{abs(elapsed_ms) % 1000:03} s"


def offset_ms(at: datetime, origin: datetime) -> int:
    return (_cut_to_ms(at) - _cut_to_ms(origin)) // timedelta(milliseconds=1)


def _cut_to_ms(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def elapsed_seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds from start to end, never less than none; None when either is missing."""
    return max((end - start).total_seconds(), 0.0) if start and end else None


def duration(seconds: float | None) -> str:
    """`0:25`, `12:03` or `1:02:03`."""
    if seconds is None:
        return NOTHING
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def spoken_duration(seconds: float) -> str:
    """`0.4 s`, `25 s`, `4 min 12 s` or `1 h 2 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def spoken_ms(milliseconds: float) -> str:
    """`850 ms` or `12.4 s`."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def seconds_count(seconds: int | None) -> str:
    """`60 s`."""
    return f"{seconds} s" if seconds is not None else NOTHING


def money(amount: Decimal, currency: str) -> str:
    """`0.00300 USD`: five decimals, as Plivo prints amounts."""
    return f"{amount:.5f} {currency}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 stream`, `3 streams`; `1 try`, `3 tries`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def share(part: int, whole: int) -> str:
    """`12.3 %`; `0 %`, `100 %` and `–` of nothing. What is neither none nor all is never rounded to that."""
    if not whole:
        return NOTHING
    if part in (0, whole):
        return "0 %" if part == 0 else "100 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"


def short_host(url: str) -> str:
    """`bot.example.com:8443` of a service URL; of something that is no URL, its beginning."""
    try:
        host = urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    return cleaned(host or url, 60)
