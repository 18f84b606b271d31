"""A call whose notes were written before, but for whose it was and when: its rows are copied, in half the time.

Owns the copies. What they say is the journal's business: it wrote the first of each, and tests/cdr/test_call_again.py compares them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from cdr.models import Charge
from streams.database_clock import database_now
from streams.journal import utc_of
from streams.journal.writing import event_of
from streams.models import (
    Account,
    Call,
    Callback,
    CallMeasure,
    Gateway,
    Rate,
    Stream,
    StreamConversation,
    StreamEvent,
    StreamMeasure,
)
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import EventKind as K
from streams.pure.price import BEGINNING

Values = dict[str, Any]
"""Of a row, by column."""
OWN = {K.CALL_STARTED: ("gateway", "from", "to"), K.CALL_MEDIA_STARTED: ("gateway_call_id",)}
"""What these notes tell of whose call it is."""
NEVER = {K.CALL_METADATA_LATE, K.CHECKPOINT_PLAYED, K.AUDIO_CLEARED}
"""What these change depends on more than the notes."""


class Written(NamedTuple):
    """The rows that the journal made of such notes."""

    facts: CallFacts
    call: Values
    arrivals: list[Values]
    streams: list[Values]
    of_streams: list[tuple[Any, list[Values]]]


_known: dict[str, Written] = {}
_begun: set[UUID] = set()
"""The calls that were written, of whose notes the journal makes what comes then."""


def write(facts: CallFacts, notes: Sequence[Note], lease_seconds: float, by_the_journal: Callable[[], None]) -> None:
    """By the journal the first time; and wherever it has to do more than to write rows: outside a transaction, nudges follow."""
    account = Account.objects.get(pk=facts.account_id)
    alike = _alike(facts, notes, account) if connection.in_atomic_block else None
    if alike is None:
        by_the_journal()
    elif alike in _known:
        _write_again(_known[alike], facts, notes, account, lease_seconds)
    else:
        by_the_journal()
        _known[alike] = _read(facts)
    _begun.add(facts.call_id)


def _alike(facts: CallFacts, notes: Sequence[Note], account: Account) -> str | None:
    """The same for calls whose rows differ in nothing but whose they are and when. Nothing for those that are to be written by the
    journal."""
    rates = list(Rate.objects.filter(account=account))
    plain = account.callback_style == Account._meta.get_field("callback_style").default
    if not plain or any(rate.card_id or rate.valid_from != BEGINNING for rate in rates) or any(note.kind in NEVER for note in notes):
        return None
    if not Gateway.objects.filter(pk=facts.gateway_id, application=facts.application_id).exists() or facts.call_id in _begun:
        return None
    started, streams = utc_of(facts.started_at), _stream_ids(notes)
    return repr(([rate.price for rate in rates], facts.direction, [_shape(note, started, streams, facts) for note in notes]))


def _shape(note: Note, started: datetime, streams: list[UUID], facts: CallFacts) -> tuple[Any, ...]:
    of = streams.index(note.stream_id) if note.stream_id else None
    own = OWN.get(note.kind, ())
    details = {name: value for name, value in note.details.items() if name not in own}
    usual_id = note.details.get("gateway_call_id", facts.gateway_call_id) == facts.gateway_call_id
    return note.kind.value, utc_of(note.at) - started, of, details, note.measured, usual_id


def _stream_ids(notes: Sequence[Note]) -> list[UUID]:
    """In the order in which their rows are made."""
    return [note.stream_id for note in notes if note.kind is K.STREAM_REQUESTED and note.stream_id]


def _read(facts: CallFacts) -> Written:
    call = Call.objects.filter(uuid=facts.call_id).values().get()
    streams = list(Stream.objects.filter(call=call["id"]).order_by("pk").values())
    models = (StreamMeasure, StreamConversation, Charge, Callback)
    rows = ((model, model.objects.filter(stream__call=call["id"]).order_by("pk")) for model in models)
    of_streams = [(model, list(found.values())) for model, found in rows]
    return Written(facts, call, list(CallMeasure.objects.filter(call=call["id"]).values()), streams, of_streams)


def _write_again(known: Written, facts: CallFacts, notes: Sequence[Note], account: Account, lease_seconds: float) -> None:
    later, now = utc_of(facts.started_at) - utc_of(known.facts.started_at), database_now()
    whose = {"account_id": account.pk, "gateway_id": facts.gateway_id, "application_id": facts.application_id}
    numbers = {"from_number": facts.from_number, "to_number": facts.to_number, "gateway_call_id": facts.gateway_call_id}
    call = Call(**{**_moved(known.call, later), "id": None, "uuid": facts.call_id, **whose, **numbers})
    call.account, call.lease_until = account, now + timedelta(seconds=lease_seconds)
    call.save(force_insert=True)
    CallMeasure.objects.bulk_create(CallMeasure(**{**_moved(row, later), "call_id": call.pk}) for row in known.arrivals)
    ids = _stream_ids(notes)
    streams = Stream.objects.bulk_create(
        Stream(**{**_moved(row, later), "id": None, "uuid": uuid, "call_id": call.pk, "account_id": account.pk})
        for row, uuid in zip(known.streams, ids, strict=True)
    )
    by_key = dict(zip((row["id"] for row in known.streams), streams, strict=True))
    for model, rows in known.of_streams:
        model.objects.bulk_create(model(**_of_stream(row, by_key[row["stream_id"]], call, later, now)) for row in rows)
    known_ids = dict(zip(ids, streams, strict=True))
    StreamEvent.objects.bulk_create(event_of(call, known_ids, note) for note in notes)


def _of_stream(row: Values, stream: Stream, call: Call, later: timedelta, now: datetime) -> Values:
    values = {**_moved(row, later), "stream_id": stream.pk}
    own = {"id": None, "account_id": call.account_id, "application_id": call.application_id, "due_at": now}
    values |= {name: value for name, value in own.items() if name in values}
    if "parameters" in values:
        values["message_id"] = f"msg_{stream.uuid.hex}{row['number']:03}"
        told = {
            "CallUUID": str(call.uuid),
            "StreamID": str(stream.uuid),
            "ParentAuthID": call.account.auth_id,
            "From": call.from_number.removeprefix("+"),
            "To": call.to_number.removeprefix("+"),
            "Timestamp": f"{values['created_at']:%Y-%m-%d %H:%M:%S}",
        }
        values["parameters"] = [[name, told.get(name, value)] for name, value in row["parameters"]]
    return values


def _moved(row: Values, later: timedelta) -> Values:
    return {name: value + later if isinstance(value, datetime) else value for name, value in row.items()}
