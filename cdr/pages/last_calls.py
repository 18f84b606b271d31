"""The newest calls of an account or of an application, a line each.

Owns what stands in a line. Must not know requests or templates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery

from cdr.pages.recent_hosts import STREAM_FAILED
from cdr.pure.badges import Badge, call_badge, cause_badge
from cdr.pure.figures import NOTHING, counted, duration, elapsed_seconds, moment
from streams.models import Call, Stream
from streams.pure.foreign_text import cleaned
from streams.pure.lifecycle import CallState

SHOWN_CALLS = 10


@dataclass(frozen=True, slots=True)
class CallLine:
    """`streams`: how many, and how many of them had a connection error. `trouble`: what ended the call, where that was an error."""

    uuid: UUID
    at: str
    from_number: str
    to_number: str
    lasted: str
    streams: str
    failed: bool
    live: bool
    state: Badge
    trouble: Badge | None
    gateway: int | None
    gateway_name: str


def last_calls(calls: QuerySet[Call], now: datetime) -> tuple[CallLine, ...]:
    """In one query, by the index of the newest."""
    streams = Stream.objects.filter(call=OuterRef("pk")).order_by().values("call")
    counts = {"stream_count": _count(streams), "failed_count": _count(streams.filter(STREAM_FAILED))}
    found = calls.order_by("-started_at", "-pk").annotate(gateway_name=F("gateway__name"), **counts)[:SHOWN_CALLS]
    return tuple(_line(call, now) for call in found)


def numbers_of(lines: tuple[CallLine, ...]) -> tuple[str, ...]:
    return tuple({number for line in lines for number in (line.from_number, line.to_number)})


def _count(rows: "QuerySet[Stream, Any]") -> Subquery:
    return Subquery(rows.annotate(rows=Count("pk")).values("rows"), output_field=IntegerField())


def _line(call: Any, now: datetime) -> CallLine:
    failed = f"{call.failed_count} of {call.stream_count} failed" if call.failed_count else ""
    return CallLine(
        uuid=call.uuid,
        at=moment(call.started_at),
        from_number=cleaned(call.from_number) or NOTHING,
        to_number=cleaned(call.to_number) or NOTHING,
        lasted=duration(elapsed_seconds(call.started_at, call.ended_at or now)),
        streams=failed or counted(call.stream_count or 0, "stream"),
        failed=bool(call.failed_count),
        live=call.state == CallState.LIVE,
        state=call_badge(call.state),
        trouble=cause_badge(call.hangup_cause_code, call.hangup_cause_name, call.hangup_source),
        gateway=call.gateway_id,
        gateway_name=call.gateway_name or NOTHING,
    )
