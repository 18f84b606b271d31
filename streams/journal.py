"""The only writer of calls, streams and events: notes become rows, an ended stream its callback and (by signal) its charge.

Plain synchronous functions; each is one transaction. Owns the leases. Must not know sockets, tasks or pages."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from streams import delivery
from streams.models import Call, Callback, Heartbeat, Stream, StreamEvent
from streams.pure import callback
from streams.pure.lifecycle import (
    ENDINGS,
    LIVE_STATES,
    PROCESS_LOST,
    CallbackEvent,
    CallState,
    EndCause,
    EventKind,
    HangupCause,
    Level,
    StreamState,
)
from streams.pure.notes import CallFacts, Note
from streams.signals import stream_ended


class LeaseLost(Exception):
    """The call belongs to another process now, or was ended by the reaper: nothing was written, nothing more may be."""


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def record(owner: str, lease_seconds: float, facts: CallFacts, notes: Sequence[Note], lost: int = 0) -> None:
    """Writes a call's notes, in order, in one transaction. Writing the same notes twice changes nothing.

    `lost`: how many notes could not be kept before these. Raises LeaseLost when `owner` does not hold the call (any more)."""
    with transaction.atomic():
        call = _held_call(owner, lease_seconds, facts, notes[0])
        known = set(StreamEvent.objects.filter(call=call, number__in=[note.number for note in notes]).values_list("number", flat=True))
        fresh = [note for note in notes if note.number not in known]
        streams = {stream.uuid: stream for stream in call.streams.select_related("account")}
        for note in fresh:
            _apply(call, streams, note)
        events = [_event(call, streams, note) for note in fresh]
        if lost:
            gap = {"count": lost}
            events.insert(0, StreamEvent(call=call, at=at(notes[0].at), kind=EventKind.CALL_EVENTS_LOST, level=Level.WARNING, details=gap))
        StreamEvent.objects.bulk_create(events)


def _held_call(owner: str, lease_seconds: float, facts: CallFacts, first: Note) -> Call:
    """The call's row, locked; made (with its lease) when this is the first that is heard of it."""
    call = Call.objects.select_for_update().filter(uuid=facts.call_id).select_related("account").first()
    if call is None:
        return _open_call(owner, lease_seconds, facts)
    if call.owner != owner:
        raise LeaseLost(f"call_uuid {facts.call_id} is held by another process, was ended for want of a sign of life, or was used before.")
    # A first note that is in the rows already is being written again; another first note is another call of the same uuid.
    if first.number == 1 and not call.events.filter(number=1, at=at(first.at)).exists():
        raise LeaseLost(f"call_uuid {facts.call_id} was used before; a call needs a uuid of its own.")
    return call


def _open_call(owner: str, lease_seconds: float, facts: CallFacts) -> Call:
    return Call.objects.create(
        uuid=facts.call_id,
        account_id=facts.account_id,
        gateway_id=facts.gateway_id,
        application_id=facts.application_id,
        from_number=facts.from_number,
        to_number=facts.to_number,
        direction=facts.direction,
        gateway_call_id=facts.gateway_call_id[:200],
        started_at=at(facts.started_at),
        owner=owner,
        renewed_at=Now(),
        lease_until=Now() + timedelta(seconds=lease_seconds),
    )


def _event(call: Call, streams: dict[UUID, Stream], note: Note) -> StreamEvent:
    stream = streams.get(note.stream_id) if note.stream_id else None
    return StreamEvent(call=call, stream=stream, number=note.number, at=at(note.at), kind=note.kind, level=note.level, details=note.details)


# What each kind of note changes in the rows ------------------------------------------------------------------------------
def _apply(call: Call, streams: dict[UUID, Stream], note: Note) -> None:
    if note.kind is EventKind.STREAM_REQUESTED and note.stream_id is not None:
        streams[note.stream_id] = _request_stream(call, note.stream_id, note)
    elif note.stream_id is not None and note.kind in STREAM_CHANGES:
        STREAM_CHANGES[note.kind](streams[note.stream_id], note)
    elif note.kind in CALL_CHANGES:
        CALL_CHANGES[note.kind](call, note)


def _request_stream(call: Call, stream_id: UUID, note: Note) -> Stream:
    stream, _ = Stream.objects.get_or_create(
        uuid=stream_id, defaults={"call": call, "account": call.account, "requested_at": at(note.at), **note.details["request"]}
    )
    return stream


def _connecting(stream: Stream, note: Note) -> None:
    _save(stream, state=StreamState.CONNECTING, connect_attempts=note.details["attempt"])


def _connected(stream: Stream, note: Note) -> None:
    _save(stream, state=StreamState.CONNECTED)


def _started(stream: Stream, note: Note) -> None:
    _save(stream, state=StreamState.STREAMING, started_at=at(note.at))
    _owe(stream, CallbackEvent.START_STREAM, note.at)


def _degraded(stream: Stream, note: Note) -> None:
    percent = note.details["percent"]
    _save(stream, degraded_percent=max(stream.degraded_percent, percent))
    _owe(stream, CallbackEvent.DEGRADED_STREAM, note.at, error="connection degraded", buffer_percent=percent)


def _play_failed(stream: Stream, note: Note) -> None:
    _save(stream, play_failures=note.details["count"])


def _checkpoint_played(stream: Stream, note: Note) -> None:
    if stream.account.playback_callbacks:
        _owe(stream, CallbackEvent.PLAYED_STREAM, note.at, checkpoint=note.details["name"])


def _audio_cleared(stream: Stream, note: Note) -> None:
    if stream.account.playback_callbacks:
        _owe(stream, CallbackEvent.CLEARED_AUDIO, note.at)


def _ended(stream: Stream, note: Note) -> None:
    if note.details.get("play_failures"):
        _save(stream, play_failures=note.details["play_failures"])
    end_stream(stream, EndCause(note.details["cause"]), note.at, note.details["words"], note.details.get("close_code"))


def _media_started(call: Call, note: Note) -> None:
    call.audio_format = note.details["format"]
    call.gateway_call_id = note.details.get("gateway_call_id", "")[:200]
    call.save(update_fields=["audio_format", "gateway_call_id"])


def _call_ended(call: Call, note: Note) -> None:
    end_call(call, HangupCause(note.details["code"], note.details["name"], note.details["source"]), at(note.at))


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
    EventKind.CALL_ENDED: _call_ended,
}


def _save(stream: Stream, **values: Any) -> None:
    for name, value in values.items():
        setattr(stream, name, value)
    stream.save(update_fields=list(values))


def end_stream(stream: Stream, cause: EndCause, ended_at: float, words: str, close_code: int | None = None) -> None:
    """The one road to a stream's end: state, callback and (by signal) charge. Must run in a transaction; ending twice changes nothing."""
    if stream.state == StreamState.ENDED:
        return
    ending = ENDINGS[cause]
    _save(
        stream,
        state=StreamState.ENDED,
        ended_at=at(ended_at),
        hangup_reason=ending.reason,
        end_cause=cause,
        end_details=words[:500],
        close_code=close_code,
    )
    _owe(stream, ending.callback, ended_at, error=ending.error)
    stream_ended.send(sender=Stream, stream=stream)


def end_call(call: Call, hangup: HangupCause, ended_at: datetime) -> None:
    """Ends a call that is live; must run in a transaction."""
    if call.state == CallState.ENDED:
        return
    call.state = CallState.ENDED
    call.ended_at = ended_at
    call.hangup_cause_code, call.hangup_cause_name, call.hangup_source = hangup
    call.save(update_fields=["state", "ended_at", "hangup_cause_code", "hangup_cause_name", "hangup_source"])


def _owe(
    stream: Stream,
    event: CallbackEvent,
    seconds: float,
    *,
    error: str = "",
    buffer_percent: int | None = None,
    checkpoint: str | None = None,
) -> None:
    """Writes the callback the customer is owed, its payload frozen now, and nudges a worker once all of this is committed."""
    if not stream.status_callback_url:
        return
    number = stream.callbacks.count() + 1
    call = stream.call
    parameters = callback.parameters(
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
        style=callback.Style(stream.account.callback_style, call.direction, _seconds_since_start(stream, seconds)),
    )
    Callback.objects.create(
        stream=stream,
        account=stream.account,
        number=number,
        event=event,
        url=stream.status_callback_url,
        method=stream.status_callback_method,
        host=host_of(stream.status_callback_url),
        message_id=f"msg_{stream.uuid.hex}{number:03}",
        parameters=parameters,
        created_at=at(seconds),
        due_at=at(seconds),
    )
    transaction.on_commit(partial(delivery.nudge, stream.pk))


def _seconds_since_start(stream: Stream, seconds: float) -> int:
    return max(round(seconds - stream.started_at.timestamp()), 0) if stream.started_at else 0


def host_of(url: str) -> str:
    """host:port, the port always given, so that one host has one name."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"[:300]


# Leases --------------------------------------------------------------------------------------------------------------------
def renew_leases(owner: str, lease_seconds: float) -> set[UUID]:
    """Renews all live calls of a process in one statement, by database time, and returns those it still holds."""
    mine = Call.objects.filter(owner=owner, state=CallState.LIVE)
    mine.update(renewed_at=Now(), lease_until=Now() + timedelta(seconds=lease_seconds))
    return set(mine.values_list("uuid", flat=True))


def expired_calls(limit: int = 200) -> list[int]:
    """Live calls whose holder has not renewed its lease."""
    expired = Call.objects.filter(state=CallState.LIVE, lease_until__lt=Now())
    return list(expired.order_by("lease_until").values_list("pk", flat=True)[:limit])


def reap(call_id: int) -> bool:
    """Ends a call nobody holds and its streams, billed to the last renewal; False when its holder came back in the meantime."""
    with transaction.atomic():
        call = Call.objects.select_for_update().filter(pk=call_id, state=CallState.LIVE, lease_until__lt=Now()).first()
        if call is None or call.renewed_at is None:
            return False
        ended_at = max(call.renewed_at, call.started_at)
        words = "The process that carried the call stopped without a word; the call was ended for it, at its last sign of life."
        for stream in call.streams.filter(state__in=LIVE_STATES).select_related("account", "call"):
            _reap_stream(call, stream, ended_at, words)
        details = {**PROCESS_LOST._asdict(), "words": words}
        StreamEvent.objects.create(call=call, at=ended_at, kind=EventKind.CALL_ENDED, level=Level.ERROR, details=details)
        # A new epoch and no owner: should the process come back, it finds its lease gone and writes nothing.
        call.owner, call.epoch = "", call.epoch + 1
        call.save(update_fields=["owner", "epoch"])
        end_call(call, PROCESS_LOST, ended_at)
    return True


def _reap_stream(call: Call, stream: Stream, ended_at: datetime, words: str) -> None:
    moment = max(ended_at, stream.started_at or ended_at)
    details = {"cause": EndCause.PROCESS_LOST, "words": words}
    StreamEvent.objects.create(call=call, stream=stream, at=moment, kind=EventKind.STREAM_ENDED, level=Level.ERROR, details=details)
    end_stream(stream, EndCause.PROCESS_LOST, moment.timestamp(), words)


def beat(name: str, quiet_seconds: float) -> bool:
    """Notes that the periodic task `name` runs, and says whether it may act.

    After a silence longer than `quiet_seconds` (the database was away, or every worker was down) it may not for as long again:
    the processes that hold calls could not renew either, and need the time to do so."""
    with transaction.atomic():
        heartbeat, _ = Heartbeat.objects.select_for_update().get_or_create(name=name, defaults={"beat_at": Now()})
        row = Heartbeat.objects.annotate(now=Now()).get(pk=heartbeat.pk)
        if row.now - row.beat_at > timedelta(seconds=quiet_seconds):
            row.hold_until = row.now + timedelta(seconds=quiet_seconds)
        row.beat_at = row.now
        row.save(update_fields=["beat_at", "hold_until"])
        return row.hold_until is None or row.now >= row.hold_until
