"""Who holds which live call: leases by database time, their renewal, and the end of calls that nobody holds any more.

Owns the reaper's patience. Must not know what a call is about."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Value, When
from django.db.models.functions import Now

from streams.journal.ending import end_call, end_stream
from streams.journal.rows import utc_of
from streams.models import Call, Heartbeat, Stream, StreamEvent
from streams.pure.lifecycle import LIVE_STATES, PROCESS_LOST, CallState, EndCause, EventKind, Level


def renew_leases(owner: str, lease_seconds: float, held: Collection[UUID], heard: Mapping[int, Collection[UUID]]) -> set[UUID]:
    """Renews the leases of those `held` by database time, and keeps when they were heard of last (`heard`: calls by seconds since the
    epoch, by their process's clock). Returns the live calls that the database has of this process, held or not."""
    mine = Call.objects.filter(owner=owner, state=CallState.LIVE)
    signs = (When(uuid__in=calls, then=Value(utc_of(seconds))) for seconds, calls in heard.items() if calls)
    renewed_at = Case(*signs, default=F("renewed_at"), output_field=DateTimeField())
    mine.filter(uuid__in=held).update(renewed_at=renewed_at, lease_until=Now() + timedelta(seconds=lease_seconds))
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
