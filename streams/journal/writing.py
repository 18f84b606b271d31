"""Notes become rows: a call's notes in order, in one transaction, each with what it changes of the call and its streams.

Owns which kind of note changes what. Must not know who notes, or when."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from streams.journal.ending import end_call, end_stream
from streams.journal.measuring import keep_of_call, keep_of_stream
from streams.journal.owing import owe
from streams.journal.rows import is_same_call, rows_of, save, utc_of
from streams.models import Application, Call, Gateway, Stream, StreamEvent
from streams.pure.call.notes import CallFacts, Note, shown_details
from streams.pure.lifecycle import CallbackEvent, CallState, EndCause, EventKind, HangupCause, Level, StreamState


class LeaseLost(Exception):
    """The call belongs to another process now, or was ended by the reaper: nothing was written, nothing more may be."""


def record(owner: str, lease_seconds: float, facts: CallFacts, notes: Sequence[Note], lost: int = 0) -> None:
    """Writes a call's notes, in order, in one transaction. Writing the same notes twice changes nothing.

    `lost`: how many notes could not be kept before these. Raises LeaseLost when `owner` does not hold the call (any more)."""
    with transaction.atomic():
        call = _held_call(owner, lease_seconds, facts)
        known = _numbers_written(call, notes)
        fresh = [note for note in notes if note.number not in known]
        streams = {stream.uuid: stream for stream in call.streams.select_related("account")}
        for note in fresh:
            apply_note(call, streams, note)
        events = [event_of(call, streams, note) for note in fresh]
        if lost:
            gap = {"count": lost}
            events.insert(
                0, StreamEvent(call=call, at=utc_of(notes[0].at), kind=EventKind.CALL_EVENTS_LOST, level=Level.WARNING, details=gap)
            )
        StreamEvent.objects.bulk_create(events)


def _numbers_written(call: Call, notes: Sequence[Note]) -> set[int | None]:
    """Which of them have a row. A note keeps its time however often it comes, and so it is told in which partition to look."""
    moments = [utc_of(note.at) for note in notes]
    rows = StreamEvent.objects.filter(call=call, number__in=[note.number for note in notes], at__range=(min(moments), max(moments)))
    return set(rows.values_list("number", flat=True))


def _held_call(owner: str, lease_seconds: float, facts: CallFacts) -> Call:
    """The call's row, locked; made (with its lease) when this is the first that is heard of it."""
    call = rows_of(facts).select_for_update().select_related("account").first()
    if call is None:
        return _open_call(owner, lease_seconds, facts)
    if call.owner != owner:
        now = "is held by another process" if call.state == CallState.LIVE else "has ended already; a call needs a uuid of its own"
        raise LeaseLost(f"call_uuid {facts.call_id} {now}.")
    # Its own notes come again, and the first of them may come late; what began at another moment is another call of the same uuid.
    if not is_same_call(call, facts):
        raise LeaseLost(f"call_uuid {facts.call_id} was used before; a call needs a uuid of its own.")
    return call


def _open_call(owner: str, lease_seconds: float, facts: CallFacts) -> Call:
    """A gateway or application that was deleted since the call came in is no reason to lose the call."""
    return Call.objects.create(
        uuid=facts.call_id,
        account_id=facts.account_id,
        gateway=Gateway.objects.filter(pk=facts.gateway_id).only("pk").first(),
        application=Application.objects.filter(pk=facts.application_id).only("pk").first(),
        from_number=facts.from_number,
        to_number=facts.to_number,
        direction=facts.direction,
        gateway_call_id=facts.gateway_call_id[:200],
        started_at=utc_of(facts.started_at),
        owner=owner,
        renewed_at=utc_of(facts.started_at),
        lease_until=Now() + timedelta(seconds=lease_seconds),
    )


def event_of(call: Call, streams: dict[UUID, Stream], note: Note) -> StreamEvent:
    stream = streams.get(note.stream_id) if note.stream_id else None
    at, details = utc_of(note.at), shown_details(note)
    return StreamEvent(call=call, stream=stream, number=note.number, at=at, kind=note.kind, level=note.level, details=details)


# What each kind of note changes in the rows ------------------------------------------------------------------------------
def apply_note(call: Call, streams: dict[UUID, Stream], note: Note) -> None:
    if note.kind is EventKind.STREAM_REQUESTED and note.stream_id is not None:
        streams[note.stream_id] = _request_stream(call, note.stream_id, note)
    elif note.stream_id is not None and note.kind in STREAM_CHANGES:
        STREAM_CHANGES[note.kind](streams[note.stream_id], note)
    elif note.kind in CALL_CHANGES:
        CALL_CHANGES[note.kind](call, note)


def _request_stream(call: Call, stream_id: UUID, note: Note) -> Stream:
    stream, _ = Stream.objects.get_or_create(
        uuid=stream_id, defaults={"call": call, "account": call.account, "requested_at": utc_of(note.at), **note.details["request"]}
    )
    return stream


def _connecting(stream: Stream, note: Note) -> None:
    save(stream, state=StreamState.CONNECTING, connect_attempts=note.details["attempt"])


def _connected(stream: Stream, note: Note) -> None:
    save(stream, state=StreamState.CONNECTED, connect_ms=note.details.get("duration_ms"))


def _started(stream: Stream, note: Note) -> None:
    save(stream, state=StreamState.STREAMING, started_at=utc_of(note.at))
    owe(stream, CallbackEvent.START_STREAM, note.at)


def _degraded(stream: Stream, note: Note) -> None:
    percent = note.details["percent"]
    save(stream, degraded_percent=max(stream.degraded_percent, percent))
    owe(stream, CallbackEvent.DEGRADED_STREAM, note.at, error="connection degraded", buffer_percent=percent)


def _play_failed(stream: Stream, note: Note) -> None:
    save(stream, play_failures=note.details["count"])


def _checkpoint_played(stream: Stream, note: Note) -> None:
    if stream.account.playback_callbacks:
        owe(stream, CallbackEvent.PLAYED_STREAM, note.at, checkpoint=note.details["name"])


def _audio_cleared(stream: Stream, note: Note) -> None:
    if stream.account.playback_callbacks:
        owe(stream, CallbackEvent.CLEARED_AUDIO, note.at)


def _ended(stream: Stream, note: Note) -> None:
    if note.details.get("play_failures"):
        save(stream, play_failures=note.details["play_failures"])
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


def _media_started(call: Call, note: Note) -> None:
    call.audio_format = note.details["format"]
    call.gateway_call_id = note.details.get("gateway_call_id", "")[:200]
    call.save(update_fields=["audio_format", "gateway_call_id"])


def _metadata_late(call: Call, note: Note) -> None:
    """The note tells only what was missing."""
    told = {"from": "from_number", "to": "to_number", "direction": "direction", "gateway_call_id": "gateway_call_id"}
    missing = {column: note.details[name] for name, column in told.items() if note.details.get(name)}
    for column, value in missing.items():
        setattr(call, column, value)
    call.save(update_fields=list(missing))


def _call_ended(call: Call, note: Note) -> None:
    if note.measured:
        keep_of_call(call, note.at, note.measured)
    end_call(call, HangupCause(note.details["code"], note.details["name"], note.details["source"]), utc_of(note.at))


STREAM_CHANGES: dict[EventKind, Callable[[Stream, Note], None]] = {
    EventKind.CONNECT_STARTED: _connecting,
    EventKind.CONNECTED: _connected,
    EventKind.STREAM_STARTED: _started,
    EventKind.BUFFER_DEGRADED: _degraded,
    EventKind.PLAY_FAILED: _play_failed,
    EventKind.CHECKPOINT_PLAYED: _checkpoint_played,
    EventKind.AUDIO_CLEARED: _audio_cleared,
    EventKind.STREAM_ENDED: _ended,
}
CALL_CHANGES: dict[EventKind, Callable[[Call, Note], None]] = {
    EventKind.CALL_MEDIA_STARTED: _media_started,
    EventKind.CALL_METADATA_LATE: _metadata_late,
    EventKind.CALL_ENDED: _call_ended,
}
