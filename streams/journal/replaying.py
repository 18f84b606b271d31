"""What a process that is gone had noted and not written: into the rows, in its name, as if it had lived to do it.

Owns what may still be written of a call that has ended meanwhile, or gone to another process: never what would bill it anew. Must not
know where the notes were kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from streams.journal.call_rows import CallRows
from streams.journal.ending import end_stream
from streams.journal.rows import is_same_call, keys_of, rows_by_key, rows_of, utc_of
from streams.journal.writing import apply_note, event_of
from streams.models import Call, Stream, StreamEvent
from streams.pure.call.note_lines import Signs
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import LIVE_STATES, CallState, EndCause, EventKind, Level

WITHOUT_AN_END = "The process that carried the call was killed; the stream was ended for it, at the call's last sign of life."


def inherit_leases(owner: str, lease_seconds: float, signs: Signs) -> None:
    """Of a process that is gone: its live calls were heard of as late as `signs` say, and nobody ends them for `lease_seconds`."""
    its_calls = Call.objects.filter(owner=owner, state=CallState.LIVE)
    rows = rows_by_key(its_calls)
    for seconds, calls in signs.items():
        heard = Call.objects.filter(pk__in=keys_of(rows, calls), renewed_at__lt=utc_of(seconds))
        heard.update(renewed_at=utc_of(seconds))
    its_calls.update(lease_until=Now() + timedelta(seconds=lease_seconds))


def may_go_on(owner: str, facts: CallFacts) -> bool:
    """Whether `record` can write its notes: the call has no row yet, or is live and still its own."""
    call = rows_of(facts).first()
    return call is None or (call.state == CallState.LIVE and call.owner == owner and is_same_call(call, facts))


def record_late(facts: CallFacts, notes: Sequence[Note], heard_at: float | None) -> None:
    """Notes of a call that is over, or another process's by now. They become events, and nothing that is written already changes by them:
    no state, no charge. Streams that nobody knew of are written whole, ended, with their callbacks and their charge. Again changes nothing.

    Where its uuid is another call's of the account by now, only those streams are written."""
    with transaction.atomic():
        call = rows_of(facts).select_for_update().get()
        if call.events_removed_at or call.payloads_removed_at or call.numbers_removed_at:
            return  # so long ago that it is not kept any more
        rows = CallRows(call)
        unknown = _unknown_streams(notes)
        is_its_own = is_same_call(call, facts)
        known = _known_numbers(call) if is_its_own else {note.number for note in notes}
        fresh = [note for note in notes if note.stream_id in unknown or note.number not in known]
        for note in fresh:
            if note.stream_id in unknown:
                apply_note(rows, note)
        rows.save()
        events = [event_of(call, rows.streams, note) for note in fresh]
        for event in events if not is_its_own else ():
            event.number = None  # these numbers are the other call's
        StreamEvent.objects.bulk_create(events)
        for stream_id in unknown:
            _end_for_it(call, rows.streams[stream_id], utc_of(heard_at) if heard_at else None)


def end_left_open(facts: CallFacts, heard_at: float | None) -> None:
    """Streams whose end was among what could not be read, of a call that has ended."""
    with transaction.atomic():
        ended = rows_of(facts).select_for_update().filter(state=CallState.ENDED)
        for stream in Stream.objects.filter(call__in=ended, state__in=LIVE_STATES).select_related("account", "call"):
            call = stream.call
            assert call.ended_at is not None
            _end_for_it(call, stream, min(utc_of(heard_at), call.ended_at) if heard_at else None)


def _unknown_streams(notes: Sequence[Note]) -> set[UUID]:
    requested = {note.stream_id for note in notes if note.kind is EventKind.STREAM_REQUESTED and note.stream_id is not None}
    return requested - set(Stream.objects.filter(uuid__in=requested).values_list("uuid", flat=True))


def _known_numbers(call: Call) -> set[int | None]:
    return set(StreamEvent.objects.filter(call=call).values_list("number", flat=True))


def _end_for_it(call: Call, stream: Stream, heard_at: datetime | None) -> None:
    if stream.state not in LIVE_STATES:
        return
    began = stream.started_at or stream.requested_at
    moment = max(began, heard_at) if heard_at else began
    details = {"cause": EndCause.PROCESS_LOST, "words": WITHOUT_AN_END}
    StreamEvent.objects.create(call=call, stream=stream, at=moment, kind=EventKind.STREAM_ENDED, level=Level.ERROR, details=details)
    end_stream(stream, EndCause.PROCESS_LOST, moment.timestamp(), WITHOUT_AN_END)
