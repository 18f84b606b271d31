"""Which calls of an account are listed: the filters of Plivo's call list, read and applied.

Owns their names, ranges and the window of time that holds when none is asked for. Must not know pages of the list."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from django.db.models import DurationField, F, Q, QuerySet, Value
from pydantic import BeforeValidator, Field

from cdr.api.paging import Blank, PageAsked
from cdr.number_lookup import few_having, having_number
from cdr.pure.lookup import NumbersSought, numbers_begun
from streams.models import Account, Call
from streams.pure.lifecycle import CallState

UNASKED_WINDOW = timedelta(days=7)
ONE_SIDED_WINDOW = timedelta(days=30)
YEARS = range(1971, 9000)
MOST_SECONDS = 1_000_000_000


def _moment(value: object) -> object:
    """`YYYY-MM-DD HH:MM[:ss[.uuuuuu]]`, UTC unless it says otherwise."""
    if not isinstance(value, str):
        return value
    try:
        at = datetime.fromisoformat(value)
        if at.year not in YEARS:
            raise ValueError
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except ValueError:
        raise ValueError("write it as YYYY-MM-DD HH:MM[:ss[.uuuuuu]], in UTC") from None


Text = Annotated[str | None, Field(max_length=100, pattern=r"^[^\x00]*$"), Blank]
Seconds = Annotated[int | None, Field(ge=0, le=MOST_SECONDS), Blank]
MomentFilter = Annotated[datetime | None, BeforeValidator(_moment), Blank]


class CallFilters(PageAsked):
    """Telephone numbers match from their beginning, however they are written. Parameters that are not here are ignored."""

    status: Annotated[Literal["live", "queued"] | None, Blank] = None
    subaccount: Text = None
    call_direction: Annotated[Literal["inbound", "outbound"] | None, Blank] = None
    from_number: Text = None
    to_number: Text = None
    parent_call_uuid: Text = None
    hangup_cause_code: Annotated[int | None, Field(ge=0, le=99_999), Blank] = None
    hangup_source: Text = None
    bill_duration: Seconds = None
    bill_duration__gt: Seconds = None
    bill_duration__gte: Seconds = None
    bill_duration__lt: Seconds = None
    bill_duration__lte: Seconds = None
    end_time: MomentFilter = None
    end_time__gt: MomentFilter = None
    end_time__gte: MomentFilter = None
    end_time__lt: MomentFilter = None
    end_time__lte: MomentFilter = None
    cursor: Annotated[str | None, Field(max_length=200), Blank] = None


def ended_calls(account: Account, asked: CallFilters, now: datetime) -> QuerySet[Call]:
    """The calls that have ended and match. Only those have an end, so their state is not asked for: the index has it all."""
    calls = Call.objects.filter(_who(account, asked) & _when(asked, now))
    for reason in ("hangup_cause_code", "hangup_source"):
        if (value := getattr(asked, reason)) is not None:
            calls = calls.filter(**{reason: value})
    return calls.filter(_how_long(asked))


def live_calls(account: Account, asked: CallFilters) -> QuerySet[Call]:
    """The calls that are going on and match by direction and numbers."""
    return Call.objects.filter(_who(account, asked), state=CallState.LIVE)


def _who(account: Account, asked: CallFilters) -> Q:
    chosen = Q(account=account)
    # No account here has subaccounts, and no call has a parent: who asks for theirs gets none.
    if asked.parent_call_uuid or asked.subaccount not in (None, account.auth_id):
        chosen &= Q(pk__in=[])
    if asked.call_direction:
        chosen &= Q(direction=asked.call_direction)
    for side, text in (("from", asked.from_number), ("to", asked.to_number)):
        # In a query string a plus sign means a space; digits without one are found with it as well.
        if text and text.strip():
            chosen &= _of_number(account, side, numbers_begun(text, (account.country,)))
    return chosen


def _of_number(account: Account, side: str, numbers: NumbersSought) -> Q:
    few = few_having(Call.objects.filter(account=account), numbers, (side,))
    return having_number(side, numbers) if few is None else Q(pk__in=few)


def _when(asked: CallFilters, now: datetime) -> Q:
    bounds = {name: getattr(asked, name) for name in ("end_time__gt", "end_time__gte", "end_time__lt", "end_time__lte")}
    if asked.end_time is not None:
        # A moment without microseconds means the whole second.
        unit = timedelta(microseconds=1) if asked.end_time.microsecond else timedelta(seconds=1)
        bounds |= {"end_time__gte": asked.end_time, "end_time__lt": asked.end_time + unit}
    given = {name.replace("end_time", "ended_at"): at for name, at in bounds.items() if at is not None}
    return Q(**given) & _window(given, now)


def _window(given: dict[str, datetime], now: datetime) -> Q:
    """What is left open is closed: 7 days back from now, or 30 days from the side that was given."""
    lower = [at for name, at in given.items() if "__g" in name]
    upper = [at for name, at in given.items() if "__l" in name]
    if lower and upper:
        return Q()
    if lower:
        return Q(ended_at__lte=max(lower) + ONE_SIDED_WINDOW)
    return Q(ended_at__gte=min(upper) - ONE_SIDED_WINDOW) if upper else Q(ended_at__gte=now - UNASKED_WINDOW)


def _how_long(asked: CallFilters) -> Q:
    """By the duration rounded up to whole seconds: 41.4 s is 42."""
    chosen = Q()
    exact = asked.bill_duration
    for least in (exact, asked.bill_duration__gte, _next(asked.bill_duration__gt)):
        if least:
            chosen &= Q(ended_at__gt=_after_start(least - 1))
    for most in (exact, asked.bill_duration__lte, _previous(asked.bill_duration__lt)):
        if most is not None:
            chosen &= Q(ended_at__lte=_after_start(most))
    return chosen


def _next(seconds: int | None) -> int | None:
    return None if seconds is None else seconds + 1


def _previous(seconds: int | None) -> int | None:
    return None if seconds is None else seconds - 1


def _after_start(seconds: int) -> Any:
    return F("started_at") + Value(timedelta(seconds=seconds), output_field=DurationField())
