"""Events, callbacks, tries and charges as rows of cdr.pure.log.rows.

Owns what of a record goes into its row. Must not know which rows a page shows, their wording or order."""

from collections.abc import Iterable

from cdr.models import Charge
from cdr.pages.log.anchors import attempt_anchor, callback_anchor, charge_anchor, event_anchor
from cdr.pages.stream import charge_of
from cdr.pure.log.rows import AttemptRow, CallbackRow, ChargeRow, EventRow, LogRow
from streams.models import Callback, CallbackAttempt, CallbackState, Stream, StreamEvent


def event_row(event: StreamEvent, source: str, stream: str = "") -> EventRow:
    return EventRow(event.pk, event.at, event.kind, event.level, event.details, source, event.number, stream, event_anchor(event))


def callback_row(callback: Callback, stream: str = "") -> CallbackRow:
    due_at = callback.due_at if callback.state == CallbackState.PENDING else None
    return CallbackRow(
        id=callback.pk,
        at=callback.created_at,
        event=callback.event,
        method=callback.method,
        url=callback.url,
        state=callback.state,
        tries=callback.tries,
        parameters=callback.parameters,
        due_at=due_at,
        stream=stream,
        anchor=callback_anchor(callback.message_id),
    )


def attempt_row(attempt: CallbackAttempt, callback: Callback, stream: str = "") -> AttemptRow:
    return AttemptRow(
        id=attempt.pk,
        at=attempt.started_at,
        event=callback.event,
        number=attempt.number,
        duration_ms=attempt.duration_ms,
        address=attempt.address,
        status=attempt.status,
        error=attempt.error,
        response_head=attempt.response_head,
        given_up=callback.state == CallbackState.GIVEN_UP and attempt.number >= callback.tries,
        stream=stream,
        anchor=attempt_anchor(callback.message_id, attempt.number),
    )


def charge_rows(streams: Iterable[Stream]) -> list[LogRow]:
    return [_charge_row(stream, charge) for stream in streams if (charge := charge_of(stream))]


def _charge_row(stream: Stream, charge: Charge) -> ChargeRow:
    """The charge is made in the transaction that ends the stream, so it stands at the end of the stream."""
    return ChargeRow(
        id=charge.pk,
        at=stream.ended_at or charge.created_at,
        seconds=charge.seconds,
        billed_seconds=charge.billed_seconds,
        rate=charge.rate,
        interval_seconds=charge.interval_seconds,
        currency=charge.currency,
        amount=charge.amount,
        minimum_seconds=charge.minimum_seconds,
        free_seconds=charge.free_seconds,
        started=stream.started_at is not None,
        stream=str(stream.uuid),
        anchor=charge_anchor(stream.uuid),
    )
