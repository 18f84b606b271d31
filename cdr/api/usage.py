"""What an account used: streams, seconds and money of a time, by day, month or application; as its statements count them.

Owns that operation. Must not know how sums are made."""

from datetime import date, timedelta
from typing import Annotated, Literal

from ninja import Query, Router, Schema
from pydantic import BeforeValidator, Field

from cdr.api.auth import AccountRequest
from cdr.api.errors import ApiRefusal, new_api_id
from cdr.api.forms import amount
from cdr.api.paging import Blank
from cdr.api.routes import endpoint
from cdr.api.schemas import Usage, UsageAnswer
from cdr.models import Charge
from cdr.pure.statement import Figures, Group
from cdr.statements.counting import application_names, groups_of
from streams.database_clock import database_now
from streams.pure.time_zone import begin_of, first_of_month, local_day

router = Router(tags=["Account"])
MOST_DAYS = 366
Key = tuple[str, str, str]
"""Of a line: its day or month, its application, its currency."""


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        day = date.fromisoformat(value)
        if len(value) != 10 or not 2000 <= day.year <= 2200:
            raise ValueError
        return day
    except ValueError:
        raise ValueError("write a day as YYYY-MM-DD, of the account's time zone") from None


Day = Annotated[date | None, BeforeValidator(_day), Blank]


class UsageAsked(Schema):
    """`from` is the first day, `to` the first that is not counted."""

    # `from` is a word of Python's own.
    first: Annotated[Day, Field(alias="from", description="YYYY-MM-DD. Without it the first of this month.")] = None
    to: Annotated[Day, Field(description="YYYY-MM-DD: the first day that is not counted. Without it tomorrow.")] = None
    by: Annotated[Literal["total", "day", "month", "application"] | None, Blank] = None


@endpoint(router, "GET", "/Account/{auth_id}/Usage/", {200: UsageAnswer}, by_alias=True, summary="Get the usage")
def get_usage(request: AccountRequest, auth_id: str, asked: Query[UsageAsked]) -> UsageAnswer:
    """Streams that ended from the day `from` to the day `to`, which is not counted, by days of the account's time zone; of each currency by
    itself. Streams that are still live are not in it, credits neither."""
    account, by = request.auth, asked.by or "total"
    today = local_day(database_now(), account.zone_name)
    first, to = asked.first or first_of_month(today), asked.to or today + timedelta(days=1)
    if not first < to <= first + timedelta(days=MOST_DAYS):
        raise ApiRefusal(
            400, f"from and to: `to` is the first day that is not counted, at least one and at most {MOST_DAYS} days after `from`."
        )
    begin, end = begin_of(first, account.zone_name), begin_of(to, account.zone_name)
    groups = groups_of(Charge.objects.filter(account=account, ended_at__gte=begin, ended_at__lt=end), account.zone_name, by_currency=True)
    names = application_names(groups) if by == "application" else {}
    lines: dict[Key, Figures] = {}
    for group in groups:
        key = _key(group, by, names)
        lines[key] = lines.get(key, Figures()).plus(group.counted)
    objects = [_usage(key, by, figures) for key, figures in sorted(lines.items())]
    return UsageAnswer(api_id=new_api_id(), first=f"{first}", to=f"{to}", time_zone=account.zone_name, by=by, objects=objects)


def _key(group: Group, by: str, names: dict[int, str]) -> Key:
    when = f"{group.day}" if by == "day" else f"{group.day:%Y-%m}" if by == "month" else ""
    named = names.get(group.application or 0, "") if by == "application" else ""
    return when, named, group.currency


def _usage(key: Key, by: str, figures: Figures) -> Usage:
    when, named, currency = key
    return Usage(
        day=when if by == "day" else None,
        month=when if by == "month" else None,
        application=named if by == "application" else None,
        currency=currency,
        streams=figures.streams,
        bill_duration=figures.seconds,
        rounded_bill_duration=figures.billed_seconds,
        billed_amount=amount(figures.amount),
    )
