"""Notes become rows: a call's notes in order, in one transaction, each with what it changes of the call and its streams.

Owns which kind of note changes what. Must not know who notes, or when."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from streams.journal.call_rows import CallRows, application_key, gateway_key, locked_call
from streams.journal.ending import end_call, end_stream
from streams.journal.measuring import keep_of_call, keep_of_stream
from streams.journal.owing import owe
from streams.journal.rows import is_same_call, utc_of
from streams.models import Application, Call, Stream, StreamEvent
from streams.pure.call.notes import CallFacts, Note, shown_details
from streams.pure.lifecycle import CallbackEvent, CallState, EndCause, EventKind, HangupCause, Level, StreamState


class LeaseLost(Exception):
    """The call belongs to another process now, or was ended by the reaper: nothing was written, nothing more may be."""


def record(owner: str, lease_seconds: float, facts: CallFacts, notes: Sequence[Note], lost: int = 0) -> None:
    """Writes a call's notes, in order, in one transaction. Writing the same notes twice changes nothing.

    `lost`: how many notes could not be kept before these. Raises LeaseLost when `owner` does not hold the call (any more)."""
    with transaction.atomic():
        rows = _held_rows(owner, lease_seconds, facts)
        known = _numbers_written(rows, notes)
        fresh = [note for note in notes if note.number not in known]
        for note in fresh:
            apply_note(rows, note)
        rows.save()
        events = [event_of(rows.call, rows.streams, note) for note in fresh]
        if lost:
            gap = {"count": lost}
            events.insert(
                0, StreamEvent(call=rows.call, at=utc_of(notes[0].at), kind=EventKind.CALL_EVENTS_LOST, level=Level.WARNING, details=gap)
            )
        StreamEvent.objects.bulk_create(events)


def _numbers_written(rows: CallRows, notes: Sequence[Note]) -> set[int]:
    """Which of them have a row."""
    numbers, moments = [note.number for note in notes], [note.at for note in notes]
    return rows.numbers_written(min(numbers), max(numbers), utc_of(min(moments)), utc_of(max(moments)))


def _held_rows(owner: str, lease_seconds: float, facts: CallFacts) -> CallRows:
    """The call's row, locked; made (with its lease) when this is the first that is heard of it."""
    call = locked_call(facts.account_id, facts.call_id)
    if call is None:
        return CallRows(_open_call(owner, lease_seconds, facts), is_new=True)
    if call.owner != owner:
        now = "is held by another process" if call.state == CallState.LIVE else "has ended already; a call needs a uuid of its own"
        raise LeaseLost(f"call_uuid {facts.call_id} {now}.")
    # Its own notes come again, and the first of them may come late; what began at another moment is another call of the same uuid.
    if not is_same_call(call, facts):
        raise LeaseLost(f"call_uuid {facts.call_id} was used before; a call needs a uuid of its own.")
    return CallRows(call)


def _open_call(owner: str, lease_seconds: float, facts: CallFacts) -> Call:
    """A gateway or application that was deleted since the call came in is no reason to lose the call."""
    return Call.objects.create(
        uuid=facts.call_id,
        account_id=facts.account_id,
        gateway_id=gateway_key(facts.gateway_id),
        application_id=application_key(facts.application_id),
        from_number=facts.from_number,
        to_number=facts.to_number,
        direction=facts.direction,
        gateway_call_id=facts.gateway_call_id[:200],
        started_at=utc_of(facts.started_at),
        owner=owner,
        renewed_at=utc_of(facts.started_at),
        lease_until=Now() + timedelta(seconds=lease_seconds),
    )


def event_of(call: Call, streams: Mapping[UUID, Stream], note: Note) -> StreamEvent:
    stream = streams.get(note.stream_id) if note.stream_id else None
    at, details = utc_of(note.at), shown_details(note)
    return StreamEvent(call=call, stream=stream, number=note.number, at=at, kind=note.kind, level=note.level, details=details)


# What each kind of note changes in the rows ------------------------------------------------------------------------------
def apply_note(rows: CallRows, note: Note) -> None:
    """What it changes of columns is to be saved afterwards, by `rows`."""
    if note.kind is EventKind.STREAM_REQUESTED and note.stream_id is not None:
        rows.streams[note.stream_id] = rows.streams.get(note.stream_id) or _request_stream(rows.call, note.stream_id, note)
    elif note.stream_id is not None and note.kind in STREAM_CHANGES:
        STREAM_CHANGES[note.kind](rows, rows.streams[note.stream_id], note)
    elif note.kind in CALL_CHANGES:
        CALL_CHANGES[note.kind](rows, note)


def _request_stream(call: Call, stream_id: UUID, note: Note) -> Stream:
    return Stream.objects.create(
        uuid=stream_id, call=call, account_id=call.account_id, requested_at=utc_of(note.at), **note.details["request"]
    )


def _connecting(rows: CallRows, stream: Stream, note: Note) -> None:
    rows.change(stream, state=StreamState.CONNECTING, connect_attempts=note.details["attempt"])


def _connected(rows: CallRows, stream: Stream, note: Note) -> None:
    rows.change(stream, state=StreamState.CONNECTED, connect_ms=note.details.get("duration_ms"))


def _started(rows: CallRows, stream: Stream, note: Note) -> None:
    rows.change(stream, state=StreamState.STREAMING, started_at=utc_of(note.at))
    owe(stream, CallbackEvent.START_STREAM, note.at)


def _degraded(rows: CallRows, stream: Stream, note: Note) -> None:
    percent = note.details["percent"]
    rows.change(stream, degraded_percent=max(stream.degraded_percent, percent))
    owe(stream, CallbackEvent.DEGRADED_STREAM, note.at, error="connection degraded", buffer_percent=percent)


def _play_failed(rows: CallRows, stream: Stream, note: Note) -> None:
    rows.change(stream, play_failures=note.details["count"])


def _checkpoint_played(rows: CallRows, stream: Stream, note: Note) -> None:
    if stream.account.playback_callbacks:
        owe(stream, CallbackEvent.PLAYED_STREAM, note.at, checkpoint=note.details["name"])


def _audio_cleared(rows: CallRows, stream: Stream, note: Note) -> None:
    if stream.account.playback_callbacks:
        owe(stream, CallbackEvent.CLEARED_AUDIO, note.at)


def _ended(rows: CallRows, stream: Stream, note: Note) -> None:
    if note.details.get("play_failures"):
        rows.change(stream, play_failures=note.details["play_failures"])
    if note.measured:
        keep_of_stream(stream, note.at, note.measured)
    end_stream(stream, EndCause(note.details["cause"]), _until(stream, note), note.details["words"], note.details.get("close_code"))
    conversation = (note.measured or {}).get("conversation")
    if conversation and stream.status_callback_url and _wants_conversations(stream.call):
        owe(stream, CallbackEvent.CONVERSATION_ENDED, note.at, conversation=conversation)


def _wants_conversations(call: Call) -> bool:
    """Asked at the end, of the application as it is then."""
    key = call.application_id
    return key is not None and Application.objects.filter(pk=key, conversation_callbacks=True).exists()


def _until(stream: Stream, note: Note) -> float:
    """A stream whose gateway was gone lasted until that was heard last, whenever it was noticed: so it is billed."""
    heard_until = note.at - note.details.get("silent_seconds", 0.0)
    return max(heard_until, stream.started_at.timestamp()) if stream.started_at is not None else note.at


def _media_started(rows: CallRows, note: Note) -> None:
    rows.change(rows.call, audio_format=note.details["format"], gateway_call_id=note.details.get("gateway_call_id", "")[:200])


def _metadata_late(rows: CallRows, note: Note) -> None:
    """The note tells only what was missing."""
    told = {"from": "from_number", "to": "to_number", "direction": "direction", "gateway_call_id": "gateway_call_id"}
    rows.change(rows.call, **{column: note.details[name] for name, column in told.items() if note.details.get(name)})


def _call_ended(rows: CallRows, note: Note) -> None:
    if note.measured:
        keep_of_call(rows.call, note.at, note.measured)
    end_call(rows.call, HangupCause(note.details["code"], note.details["name"], note.details["source"]), utc_of(note.at))


STREAM_CHANGES: dict[EventKind, Callable[[CallRows, Stream, Note], None]] = {
    EventKind.CONNECT_STARTED: _connecting,
    EventKind.CONNECTED: _connected,
    EventKind.STREAM_STARTED: _started,
    EventKind.BUFFER_DEGRADED: _degraded,
    EventKind.PLAY_FAILED: _play_failed,
    EventKind.CHECKPOINT_PLAYED: _checkpoint_played,
    EventKind.AUDIO_CLEARED: _audio_cleared,
    EventKind.STREAM_ENDED: _ended,
}
CALL_CHANGES: dict[EventKind, Callable[[CallRows, Note], None]] = {
    EventKind.CALL_MEDIA_STARTED: _media_started,
    EventKind.CALL_METADATA_LATE: _metadata_late,
    EventKind.CALL_ENDED: _call_ended,
}
