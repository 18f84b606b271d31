"""A call's row as the API's call object: ended (with what its streams cost), and live.

Owns which column is which field. Must not know requests."""

from decimal import Decimal

from django.db.models import QuerySet, Sum

from cdr.api.forms import amount, api_moment, api_number, exact_moment, whole_seconds
from cdr.api.schemas import CallObject, LiveCall
from streams.models import Account, Call
from streams.rates import PriceList


def with_charges(calls: QuerySet[Call]) -> QuerySet[Call]:
    """With the sums of the streams' charges as `billed_seconds` and `billed_amount`."""
    return calls.annotate(billed_seconds=Sum("streams__charge__billed_seconds"), billed_amount=Sum("streams__charge__amount"))


def call_object(account: Account, call: Call, prices: PriceList) -> CallObject:
    """The object of a row that came through `with_charges`. `prices`: of the account."""
    billed_seconds: int | None = getattr(call, "billed_seconds", None)
    billed_amount: Decimal | None = getattr(call, "billed_amount", None)
    seconds = whole_seconds(call.started_at, call.ended_at)
    return CallObject(
        call_uuid=call.uuid,
        resource_uri=f"/v1/Account/{account.auth_id}/Call/{call.uuid}/",
        call_direction=call.direction,
        call_state="ANSWER",
        from_number=api_number(call.from_number),
        to_number=api_number(call.to_number),
        initiation_time=api_moment(call.started_at),
        answer_time=api_moment(call.started_at),
        end_time=api_moment(call.ended_at) if call.ended_at else None,
        call_duration=seconds,
        bill_duration=seconds,
        billed_duration=billed_seconds or 0,
        total_amount=amount(billed_amount),
        total_rate=amount(prices.at(account.pk, call.started_at).amount),
        hangup_cause_code=call.hangup_cause_code,
        hangup_cause_name=call.hangup_cause_name or None,
        hangup_source=call.hangup_source or None,
    )


def live_call(call: Call, api_id: str) -> LiveCall:
    return LiveCall(
        api_id=api_id,
        call_uuid=call.uuid,
        direction=call.direction,
        caller=api_number(call.from_number),
        to=api_number(call.to_number),
        caller_name=api_number(call.from_number),
        request_uuid=call.uuid,
        session_start=exact_moment(call.started_at),
    )
