"""Charges summed by the database, in whole units of money: exactly, on SQLite as well, which has no decimals.

Owns those queries. Must not know which charges a statement takes."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, Count, F, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round, TruncDate

from cdr.models import Adjustment, Charge
from cdr.pure.statement import Figures, Group
from streams.models import Application
from streams.pure.time_zone import zone

IN_UNITS = 100_000
WHAT = ("streams", "seconds_sum", "billed_sum", "units")


def sums_of(prefix: str = "") -> dict[str, Any]:
    """To annotate or aggregate with, in the order of Figures; `prefix`: from another table to charges."""
    whole: Any = Cast(Round(F(f"{prefix}amount") * IN_UNITS), BigIntegerField())
    zero = 0
    return {
        "streams": Count(f"{prefix}pk"),
        "seconds_sum": Coalesce(Sum(f"{prefix}seconds"), zero, output_field=BigIntegerField()),
        "billed_sum": Coalesce(Sum(f"{prefix}billed_seconds"), zero, output_field=BigIntegerField()),
        "units": Coalesce(Sum(whole), zero, output_field=BigIntegerField()),
    }


def groups_of(charges: QuerySet[Charge], zone_name: str, *, by_currency: bool = False) -> list[Group]:
    """By day of that time zone, application and, where charges are of several, currency; in one query."""
    columns = ("day", "application_id", *(("currency",) if by_currency else ()))
    by_day = charges.order_by().annotate(day=TruncDate("ended_at", tzinfo=zone(zone_name))).values(*columns)
    rows = by_day.annotate(**sums_of()).values_list(*columns, *WHAT)
    width = len(columns)
    return [Group(row[0], row[1], _counted(row[width:]), *row[2:width]) for row in rows]


def figures_of(charges: QuerySet[Charge]) -> Figures:
    found = charges.order_by().aggregate(**sums_of())
    return _counted([found[name] for name in WHAT])


def units_in(charges: QuerySet[Charge], adjustments: QuerySet[Adjustment]) -> int:
    """What both come to, in one query."""
    sums = [
        rows.order_by().values("account").annotate(units=sums_of()["units"]).values_list("units", flat=True)
        for rows in (charges, adjustments)
    ]
    return sum(sums[0].union(sums[1], all=True))


def _counted(values: Iterable[Any]) -> Figures:
    return Figures(*map(int, values))


def application_names(groups: Iterable[Group]) -> dict[int, str]:
    return dict(Application.objects.filter(pk__in={group.application for group in groups if group.application}).values_list("pk", "name"))
