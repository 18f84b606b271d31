"""The status callback that an event of a stream owes its customer: a row with its payload frozen, and a nudge once it is committed.

Owns what goes into that row. Must not know which event owes one, nor how it is delivered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Count

from streams import delivery
from streams.database_clock import database_now
from streams.journal.rows import utc_of
from streams.models import Callback, Stream
from streams.pure.callback.parameters import Style, callback_parameters, without_secrets
from streams.pure.customer.service_url import DEFAULT_PORTS, host_of
from streams.pure.lifecycle import CallbackEvent


class Debt(NamedTuple):
    """What happened to a stream, of which its customer is to be told."""

    stream: Stream
    event: CallbackEvent
    at: float
    error: str = ""
    buffer_percent: int | None = None
    checkpoint: str | None = None
    conversation: Mapping[str, Any] | None = None


def owe(
    stream: Stream,
    event: CallbackEvent,
    seconds: float,
    *,
    error: str = "",
    buffer_percent: int | None = None,
    checkpoint: str | None = None,
    conversation: Mapping[str, Any] | None = None,
) -> None:
    owe_each([Debt(stream, event, seconds, error, buffer_percent, checkpoint, conversation)])


def owe_each(debts: Sequence[Debt]) -> None:
    """Writes the callbacks that customers are owed, one of each stream, their payloads frozen now. One is hinted at to a worker once all of
    this is committed; many are left to the sweep a second later: hints take longer than ending what owes them."""
    owed = [debt for debt in debts if debt.stream.status_callback_url]
    if not owed:
        return
    there = Callback.objects.filter(stream__in=[debt.stream for debt in owed]).order_by()
    counts = dict(there.values_list("stream").annotate(Count("pk")))
    now = database_now()
    Callback.objects.bulk_create(_callback(debt, counts.get(debt.stream.pk, 0) + 1, now) for debt in owed)
    if len(owed) == 1:
        stream = owed[0].stream
        transaction.on_commit(partial(delivery.hint, stream.pk, stream.account_id))


def _callback(debt: Debt, number: int, now: datetime) -> Callback:
    stream, call = debt.stream, debt.stream.call
    parameters = callback_parameters(
        debt.event,
        number=number,
        call_uuid=call.uuid,
        from_number=call.from_number,
        to_number=call.to_number,
        stream_id=stream.uuid,
        auth_id=stream.account.auth_id,
        at=debt.at,
        request=stream.request,
        error=debt.error,
        buffer_percent=debt.buffer_percent,
        checkpoint=debt.checkpoint,
        conversation=debt.conversation,
        style=Style(stream.account.callback_style, call.direction, _seconds_since_start(stream, debt.at)),
    )
    return Callback(
        stream=stream,
        account=stream.account,
        number=number,
        event=debt.event,
        url=stream.status_callback_url,
        method=stream.status_callback_method,
        host=host_and_port(stream.status_callback_url),
        message_id=f"msg_{stream.uuid.hex}{number:03}",
        parameters=without_secrets(parameters),
        created_at=utc_of(debt.at),
        due_at=now,
    )


def _seconds_since_start(stream: Stream, seconds: float) -> int:
    return max(round(seconds - stream.started_at.timestamp()), 0) if stream.started_at else 0


def host_and_port(url: str) -> str:
    """host:port, the port always given, so that one host has one name."""
    parts = urlsplit(url)
    return f"{host_of(url)}:{parts.port or DEFAULT_PORTS[parts.scheme]}"[:300]
