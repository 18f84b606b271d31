"""Statements as rules: to which month what was charged belongs, and what stands in it.

Owns those rules. Has no rows, no clock and no database: those come in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from cdr.pure.figures import counted, money
from streams.pure.time_zone import begin_of, first_of_month, local_day, next_month

UNIT = Decimal("0.00001")
"""Of money: amounts are whole numbers of it, and sums of them exact in every database."""


class Figures(NamedTuple):
    """What some streams came to."""

    streams: int = 0
    seconds: int = 0
    billed_seconds: int = 0
    units: int = 0

    @property
    def amount(self) -> Decimal:
        return amount_of(self.units)

    def plus(self, other: "Figures") -> "Figures":
        return Figures(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Group(NamedTuple):
    """What the streams of one application came to on one day. `application`: its key; None of none."""

    day: date
    application: int | None
    counted: Figures
    currency: str = ""


class StatementLine(NamedTuple):
    """`key`: what the list behind the line is found by. `late`: of a day before the statement begins."""

    key: str
    words: str
    counted: Figures
    late: bool = False


class Correction(NamedTuple):
    """A credit, which is negative, or an amount that is owed besides."""

    units: int
    reason: str
    day: date
    by: str

    @property
    def amount(self) -> Decimal:
        return amount_of(self.units)


@dataclass(frozen=True, slots=True)
class Sums:
    """Everything that a statement says: by day, by application, corrections, and what it comes to."""

    days: tuple[StatementLine, ...] = ()
    applications: tuple[StatementLine, ...] = ()
    corrections: tuple[Correction, ...] = ()
    counted: Figures = field(default_factory=Figures)

    @property
    def units(self) -> int:
        return self.counted.units + sum(correction.units for correction in self.corrections)

    @property
    def amount(self) -> Decimal:
        return amount_of(self.units)


def figures_words(currency: str, figures: Figures) -> str:
    """`3 streams charged, 182 s, rounded 240 s, 0.01200 USD`."""
    charged = counted(figures.streams, "stream")
    return f"{charged} charged, {figures.seconds:,} s, rounded {figures.billed_seconds:,} s, {money(figures.amount, currency)}"


def amount_of(units: int) -> Decimal:
    return (Decimal(units) * UNIT).quantize(UNIT)


def units_of(amount: Decimal) -> int:
    """Raises ValueError for what is no whole number of units."""
    units = amount / UNIT
    if units != int(units):
        raise ValueError(f"{amount} has more than five decimals")
    return int(units)


def month_of(moment: datetime, zone_name: str, closed: date | None = None) -> date:
    """The month whose statement something of that moment belongs to: its own, or, where that is closed, the first that is not."""
    own = first_of_month(local_day(moment, zone_name))
    return max(own, next_month(closed)) if closed else own


def end_of(month: date, zone_name: str) -> datetime:
    """When the next month begins there: excluded."""
    return begin_of(next_month(month), zone_name)


def belongs(moment: datetime, month: date, zone_name: str) -> bool:
    """Whether the statement of that month takes what is of that moment and in none yet."""
    return moment < end_of(month, zone_name)


def summed(groups: Iterable[Group], corrections: Sequence[Correction], names: dict[int, str], begins_at: date | None) -> Sums:
    """`names`: of applications. `begins_at`: the first day of the statement; what is of an earlier one came late."""
    days: dict[date, Figures] = {}
    applications: dict[int | None, Figures] = {}
    for day, application, figures, _ in groups:
        days[day] = days.get(day, Figures()).plus(figures)
        applications[application] = applications.get(application, Figures()).plus(figures)
    total = Figures()
    for figures in days.values():
        total = total.plus(figures)
    by_day = tuple(
        StatementLine(f"{day}", f"{day}", figures, begins_at is not None and day < begins_at) for day, figures in sorted(days.items())
    )
    by_application = [
        StatementLine(str(key or 0), names.get(key, f"application {key}, removed") if key else "none", figures)
        for key, figures in applications.items()
    ]
    return Sums(by_day, tuple(sorted(by_application, key=lambda line: (line.words, line.key))), tuple(corrections), total)


class Scope(NamedTuple):
    """Which charges a list of streams is about: `day` or `application` as in the key of a line."""

    auth_id: str
    currency: str
    month: date
    day: str = ""
    application: str = ""


def written_scope(scope: Scope) -> str:
    """As it stands in the address of a list: `MA0123.USD.2026-10`, with `.day-2026-10-03` or `.application-7`."""
    part = f".day-{scope.day}" if scope.day else f".application-{scope.application}" if scope.application else ""
    return f"{scope.auth_id}.{scope.currency}.{scope.month:%Y-%m}{part}"


def read_scope(text: str) -> Scope:
    """Raises ValueError."""
    auth_id, currency, month, *rest = text.split(".")
    first = read_month(month)
    kind, _, value = rest[0].partition("-") if rest else ("", "", "")
    if len(rest) > 1 or kind not in ("", "day", "application"):
        raise ValueError("no statement")
    if kind == "day":
        value = f"{datetime.strptime(value, '%Y-%m-%d').date()}"
    if kind == "application" and not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise ValueError("no application")
    return Scope(auth_id, currency, first, value if kind == "day" else "", value if kind == "application" else "")


def read_month(text: str) -> date:
    """`2026-10`. Raises ValueError."""
    found = datetime.strptime(text, "%Y-%m").date()
    if f"{found:%Y-%m}" != text or not 2000 <= found.year <= 2200:
        raise ValueError("no month")
    return found
