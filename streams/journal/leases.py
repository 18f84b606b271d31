"""Who holds which live call: leases by database time, their renewal, and the end of calls that nobody holds any more.

Owns the reaper's patience. Must not know what a call is about."""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Value, When
from django.db.models.functions import Now

from streams.journal.ending import StreamEnd, end_calls, end_streams
from streams.journal.rows import keys_of, rows_by_key, utc_of
from streams.models import Call, Heartbeat, Stream, StreamEvent
from streams.pure.call.notes import CallKey
from streams.pure.lifecycle import LIVE_STATES, PROCESS_LOST, CallState, EndCause, EventKind, Level

log = logging.getLogger(__name__)

REAPED_TOGETHER = 50
"""In one transaction: it locks their rows, and on SQLite everybody else out, for a tenth of a second or two."""
WITHOUT_A_WORD = "The process that carried the call stopped without a word; the call was ended for it, at its last sign of life."
LET_GO = "The process that carried the call has it no more and did not write its end; it was ended for it, at the call's last sign of life."


def renew_leases(owner: str, lease_seconds: float, held: Collection[CallKey], heard: Mapping[int, Collection[CallKey]]) -> set[CallKey]:
    """Renews the leases of those `held` by database time, and keeps when they were heard of last (`heard`: calls by seconds since the
    epoch, by their process's clock). Returns the live calls that the database has of this process, held or not."""
    mine = Call.objects.filter(owner=owner, state=CallState.LIVE)
    rows = rows_by_key(mine)
    signs = (When(pk__in=keys, then=Value(utc_of(seconds))) for seconds, calls in heard.items() if (keys := keys_of(rows, calls)))
    renewed_at = Case(*signs, default=F("renewed_at"), output_field=DateTimeField())
    mine.filter(pk__in=keys_of(rows, held)).update(renewed_at=renewed_at, lease_until=Now() + timedelta(seconds=lease_seconds))
    return set(rows)


def expired_calls(limit: int = 200, but: Collection[int] = ()) -> list[int]:
    """Live calls whose holder has not renewed its lease, the longest first."""
    expired = Call.objects.filter(state=CallState.LIVE, lease_until__lt=Now()).exclude(pk__in=but)
    return list(expired.order_by("lease_until").values_list("pk", flat=True)[:limit])


def reap_expired(within_seconds: float) -> Iterator[int]:
    """Ends calls nobody holds until there is none, or the time is over; yields the keys of their rows. A call that cannot be ended
    holds up no other, and is tried again in the next round."""
    stop_at, not_ended = time.monotonic() + within_seconds, set[int]()
    while time.monotonic() < stop_at and (call_ids := expired_calls(REAPED_TOGETHER, not_ended)):
        ended = _reap_whom_it_can(call_ids)
        yield from ended
        not_ended |= set(call_ids) - set(ended)


def _reap_whom_it_can(call_ids: Sequence[int]) -> list[int]:
    try:
        return reap(*call_ids)
    except Exception as error:
        if len(call_ids) == 1:
            log.error("Call row %d could not be ended for its process; it is tried again.", *call_ids, exc_info=error)
            return []
    half = len(call_ids) // 2
    return _reap_whom_it_can(call_ids[:half]) + _reap_whom_it_can(call_ids[half:])


def reap(*call_ids: int) -> list[int]:
    """Ends calls nobody holds and their streams, billed to when they were heard of last; all in one transaction. Returns those that it
    ended: not those whose holder came back in the meantime, and not those that somebody else is just writing to."""
    with transaction.atomic():
        expired = Call.objects.filter(pk__in=call_ids, state=CallState.LIVE, lease_until__lt=Now(), renewed_at__isnull=False)
        calls = list(expired.select_for_update(skip_locked=True).order_by("pk"))
        streams = Stream.objects.filter(call__in=calls, state__in=LIVE_STATES).select_related("account")
        of_call: defaultdict[int, list[Stream]] = defaultdict(list)
        for stream in streams:
            of_call[stream.call_id].append(stream)
        words = _words_for(calls)
        ends = [end for call in calls for end in _stream_ends(call, of_call[call.pk], words[call.owner])]
        events = [*map(_end_of_stream, ends), *(_end_of_call(call, words[call.owner]) for call in calls)]
        StreamEvent.objects.bulk_create(events)
        end_streams(ends)
        for call in calls:
            # A new epoch and no owner: should the process come back, it finds its lease gone and writes nothing.
            call.owner, call.epoch = "", call.epoch + 1
        end_calls([(call, _ended_at(call)) for call in calls], PROCESS_LOST, "owner", "epoch")
    return [call.pk for call in calls]


def _words_for(calls: Sequence[Call]) -> dict[str, str]:
    """What became of each owner: one that holds other calls lives, and has let these go."""
    owners = {call.owner for call in calls}
    living = Call.objects.filter(owner__in=owners, state=CallState.LIVE, lease_until__gte=Now()).values_list("owner", flat=True).distinct()
    return dict.fromkeys(owners, WITHOUT_A_WORD) | dict.fromkeys(living, LET_GO)


def _ended_at(call: Call) -> datetime:
    assert call.renewed_at is not None
    return max(call.renewed_at, call.started_at)


def _stream_ends(call: Call, streams: Sequence[Stream], words: str) -> Iterator[StreamEnd]:
    ended_at = _ended_at(call)
    for stream in streams:
        stream.call = call
        yield StreamEnd(stream, EndCause.PROCESS_LOST, max(ended_at, stream.started_at or ended_at).timestamp(), words)


def _end_of_stream(end: StreamEnd) -> StreamEvent:
    details = {"cause": end.cause, "words": end.words}
    stream, at = end.stream, utc_of(end.at)
    return StreamEvent(call=stream.call, stream=stream, at=at, kind=EventKind.STREAM_ENDED, level=Level.ERROR, details=details)


def _end_of_call(call: Call, words: str) -> StreamEvent:
    details = {**PROCESS_LOST._asdict(), "words": words}
    return StreamEvent(call=call, at=_ended_at(call), kind=EventKind.CALL_ENDED, level=Level.ERROR, details=details)


def beat(name: str, quiet_seconds: float) -> bool:
    """Notes that the periodic task `name` runs, and says whether it may act.

    After a silence longer than `quiet_seconds` (the database was away, or every worker was down) it may not for as long again:
    the processes that hold calls could not renew either, and need the time to do so. One that has never run knows of no silence, and
    waits as well."""
    with transaction.atomic():
        heartbeat, is_first = Heartbeat.objects.select_for_update().get_or_create(name=name, defaults={"beat_at": Now()})
        row = Heartbeat.objects.annotate(now=Now()).get(pk=heartbeat.pk)
        if is_first or row.now - row.beat_at > timedelta(seconds=quiet_seconds):
            row.hold_until = row.now + timedelta(seconds=quiet_seconds)
        row.beat_at = row.now
        row.save(update_fields=["beat_at", "hold_until"])
        return row.hold_until is None or row.now >= row.hold_until
