"""The status callback that an event of a stream owes its customer: a row with its payload frozen, and a nudge once it is committed.

Owns what goes into that row. Must not know which event owes one, nor how it is delivered."""

from functools import partial
from urllib.parse import urlsplit

from django.db import transaction

from streams import delivery
from streams.database_clock import database_now
from streams.journal.rows import utc_of
from streams.models import Callback, Stream
from streams.pure.callback.parameters import Style, callback_parameters, without_secrets
from streams.pure.customer.service_url import DEFAULT_PORTS
from streams.pure.lifecycle import CallbackEvent


def owe(
    stream: Stream,
    event: CallbackEvent,
    seconds: float,
    *,
    error: str = "",
    buffer_percent: int | None = None,
    checkpoint: str | None = None,
) -> None:
    """Writes the callback the customer is owed, its payload frozen now, and hints at it to a worker once all of this is committed."""
    if not stream.status_callback_url:
        return
    number = stream.callbacks.count() + 1
    call = stream.call
    parameters = callback_parameters(
        event,
        number=number,
        call_uuid=call.uuid,
        from_number=call.from_number,
        to_number=call.to_number,
        stream_id=stream.uuid,
        auth_id=stream.account.auth_id,
        at=seconds,
        request=stream.request,
        error=error,
        buffer_percent=buffer_percent,
        checkpoint=checkpoint,
        style=Style(stream.account.callback_style, call.direction, _seconds_since_start(stream, seconds)),
    )
    Callback.objects.create(
        stream=stream,
        account=stream.account,
        number=number,
        event=event,
        url=stream.status_callback_url,
        method=stream.status_callback_method,
        host=host_and_port(stream.status_callback_url),
        message_id=f"msg_{stream.uuid.hex}{number:03}",
        parameters=without_secrets(parameters),
        created_at=utc_of(seconds),
        due_at=database_now(),
    )
    transaction.on_commit(partial(delivery.hint, stream.pk, stream.account_id))


def _seconds_since_start(stream: Stream, seconds: float) -> int:
    return max(round(seconds - stream.started_at.timestamp()), 0) if stream.started_at else 0


def host_and_port(url: str) -> str:
    """host:port, the port always given, so that one host has one name."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or DEFAULT_PORTS[parts.scheme]}"[:300]
