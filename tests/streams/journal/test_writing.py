"""Notes become rows: idempotent, in one transaction, and fenced by the lease."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from cdr.models import Charge
from streams import journal
from streams.models import Application, Call, Callback, Gateway, Stream, StreamEvent
from streams.pure.lifecycle import EventKind
from tests.on_postgresql import only_on_postgresql
from tests.streams.journal.recording import LEASE_SECONDS, OWNER, record
from tests.streams.rows import EPOCH, Story, call_facts, gateway

pytestmark = pytest.mark.django_db


def test_the_first_note_makes_the_call_with_its_lease(facts, story) -> None:
    record(facts, story)
    call = Call.objects.annotate(now=Now()).get(uuid=facts.call_id)
    assert (call.from_number, call.to_number, call.owner, call.epoch, call.state) == ("+14155550123", "18005550100", OWNER, 1, "live")
    assert call.started_at.timestamp() == EPOCH
    assert timedelta(seconds=15) < call.lease_until - call.now <= timedelta(seconds=LEASE_SECONDS)


def test_a_gateway_that_was_deleted_in_the_meantime_costs_no_call(facts, story) -> None:
    Gateway.objects.all().delete()
    Application.objects.all().delete()
    record(facts, story)
    call = Call.objects.get(uuid=facts.call_id)
    assert (call.gateway, call.application) == (None, None)


def test_a_whole_call_leaves_its_rows(facts, story) -> None:
    stream_id = uuid4()
    story.add(EventKind.CALL_MEDIA_STARTED, format="mulaw 8000 Hz", gateway_call_id="gw1-9")
    story.streaming(stream_id, at=0.4)
    story.stream_ended(stream_id, at=61.0)
    story.call_ended(61.1)
    record(facts, story)
    call, stream = Call.objects.get(), Stream.objects.get()
    assert (call.state, call.hangup_cause_code, call.hangup_cause_name, call.audio_format) == (
        "ended",
        4000,
        "Normal Hangup",
        "mulaw 8000 Hz",
    )
    assert (stream.state, stream.hangup_reason, stream.end_cause, stream.connect_attempts) == ("ended", "Call hangup", "call_ended", 1)
    assert (stream.started_at.timestamp(), stream.ended_at.timestamp()) == (EPOCH + 0.4, EPOCH + 61)
    assert [event.number for event in StreamEvent.objects.order_by("id")] == [note.number for note in story.notes]
    assert [callback.event for callback in Callback.objects.all()] == ["StartStream", "StopStream"]
    charge = Charge.objects.get()
    assert (charge.seconds, charge.billed_seconds, charge.amount) == (61, 120, Decimal("0.00600"))


@pytest.mark.parametrize(("silent_seconds", "billed"), [(0, 61), (60.0, 1), (600.0, 0)])
def test_what_a_gateway_that_was_gone_was_waited_for_is_not_billed(facts, story, silent_seconds: float, billed: int) -> None:
    stream_id = uuid4()
    story.streaming(stream_id, at=0.4)
    story.stream_ended(stream_id, at=61.4, cause="media_timeout", **({"silent_seconds": silent_seconds} if silent_seconds else {}))
    story.call_ended(61.4)
    record(facts, story)
    assert (Stream.objects.get().state, Charge.objects.get().seconds) == ("ended", billed)


def test_writing_the_same_notes_again_changes_nothing(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    story.stream_ended(stream_id, at=5)
    record(facts, story)
    record(facts, story)
    assert StreamEvent.objects.count() == len(story.notes)
    assert Callback.objects.count() == 2
    assert Charge.objects.count() == 1


def test_failures_to_play_are_counted_on_the_stream(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    story.add(EventKind.PLAY_FAILED, 1, stream_id, problem="not bidirectional", count=5)
    record(facts, story)
    assert Stream.objects.get().play_failures == 5
    story.stream_ended(stream_id, 9, play_failures=640)
    record(facts, story)
    assert Stream.objects.get().play_failures == 640


def test_another_owner_writes_nothing(facts, story) -> None:
    record(facts, story)
    story.add(EventKind.CALL_DTMF, digit="1")
    with pytest.raises(journal.LeaseLost):
        record(facts, story, owner="b" * 32)
    assert StreamEvent.objects.count() == 1


def test_a_second_call_of_the_same_uuid_writes_nothing_even_from_the_same_process(facts, story) -> None:
    story.call_ended(5)
    record(facts, story)
    other = Story()
    other.add(EventKind.CALL_STARTED, 60, gateway="pbx")
    with pytest.raises(journal.LeaseLost, match="used before"):
        record(replace(facts, started_at=EPOCH + 60), other)
    assert StreamEvent.objects.count() == 2


def test_a_first_note_that_was_late_is_written_after_others(facts, story) -> None:
    story.add(EventKind.CALL_DTMF, 1, digit="1")
    first, second = story.notes
    for note in (second, first):
        story.notes = [note]
        record(facts, story)
    assert list(StreamEvent.objects.order_by("id").values_list("number", flat=True)) == [2, 1]


def test_notes_after_the_end_are_still_written(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    story.stream_ended(stream_id, 5)
    story.call_ended(5)
    record(facts, story)
    story.add(EventKind.SOCKET_CLOSED, 5.2, stream_id, close_code=1000)
    record(facts, story)
    assert StreamEvent.objects.order_by("id").last().kind == "socket_closed"


def test_lost_notes_leave_a_line(facts, story) -> None:
    record(facts, story, lost=7)
    assert StreamEvent.objects.get(kind="call_events_lost").details == {"count": 7}


def test_what_several_notes_change_of_a_row_is_saved_once(facts, story) -> None:
    record(facts, story)
    stream_id = uuid4()
    story.add(EventKind.CALL_MEDIA_STARTED, format="mulaw 8000 Hz", gateway_call_id="gw1-9")
    story.add(EventKind.CALL_METADATA_LATE, **{"from": "+14155550999"})
    story.streaming(stream_id, at=0.4)
    with CaptureQueriesContext(connection) as asked:
        record(facts, story)
    saved = [query["sql"] for query in asked if query["sql"].startswith("UPDATE")]
    assert sorted(sql.split('"')[1] for sql in saved) == ["streams_call", "streams_stream"], saved
    call, stream = Call.objects.get(), Stream.objects.get()
    assert (call.audio_format, call.from_number, call.from_key) == ("mulaw 8000 Hz", "+14155550999", "+14155550999")
    assert (stream.state, stream.connect_attempts, stream.started_at.timestamp()) == ("streaming", 1, EPOCH + 0.4)


@only_on_postgresql("has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_calls_of_one_account_do_not_wait_for_each_other() -> None:
    """Each locks its own row, and not its account's."""
    row = gateway()
    begun = [(call_facts(row), Story()) for _ in range(2)]
    for facts, story in begun:
        story.add(EventKind.CALL_STARTED, gateway="pbx")
        record(facts, story)
        story.add(EventKind.CALL_DTMF, digit="1")
    with transaction.atomic():
        record(*begun[0])
        with ThreadPoolExecutor(1) as other:
            other.submit(in_a_thread_of_its_own, lambda: record(*begun[1])).result(20)
    assert StreamEvent.objects.count() == 4


def in_a_thread_of_its_own(write: Callable[[], None]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        write()
    finally:
        connection.close()
