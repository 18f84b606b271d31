"""Notes become rows: idempotent, fenced by the lease, and an end is state, callback and charge in one transaction."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.dispatch import Signal

from cdr.models import Charge
from streams import journal
from streams.models import Account, Application, Call, Callback, Gateway, Heartbeat, Stream, StreamEvent
from streams.pure.lifecycle import EventKind
from streams.pure.messages import StreamRequest
from streams.signals import stream_ended
from tests.streams.rows import EPOCH, Story, call_facts, gateway

pytestmark = pytest.mark.django_db
OWNER = "a" * 32
LEASE_SECONDS = 20.0


@pytest.fixture
def facts():
    return call_facts(gateway())


@pytest.fixture
def story():
    story = Story()
    story.add(EventKind.CALL_STARTED, gateway="pbx")
    return story


def record(facts, story, owner=OWNER, **more):
    journal.record(owner, LEASE_SECONDS, facts, story.notes, **more)


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


def test_a_stream_that_never_started_costs_nothing_and_still_says_that_it_stopped(facts, story) -> None:
    stream_id = uuid4()
    story.request(stream_id)
    story.stream_ended(stream_id, at=2)
    record(facts, story)
    assert Charge.objects.get().amount == 0
    assert [callback.event for callback in Callback.objects.all()] == ["StopStream"]


def test_a_drop_keeps_the_close_code_and_tells_the_customer_why(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    story.stream_ended(stream_id, 9, cause="customer_closed", close_code=1011)
    record(facts, story)
    stream = Stream.objects.get()
    assert (stream.hangup_reason, stream.close_code, stream.end_details) == ("Connection error", 1011, "It ended.")
    parameters = dict(Callback.objects.get(event="DroppedStream").parameters)
    assert parameters["Error"] == "connection disconnected with the remote service"


def test_each_level_is_a_callback_and_the_highest_stays_on_the_stream(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    for percent in (30, 60, 30):
        story.add(EventKind.BUFFER_DEGRADED, 3, stream_id, percent=percent, buffered_ms=1, capacity_ms=2)
    record(facts, story)
    sent = [dict(callback.parameters)["BufferPercent"] for callback in Callback.objects.filter(event="DegradedStream")]
    assert sent == ["30", "60", "30"]
    assert Stream.objects.get().degraded_percent == 60


def test_playback_callbacks_are_sent_only_to_accounts_that_want_them(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    story.add(EventKind.CHECKPOINT_PLAYED, 1, stream_id, name="greeting")
    record(facts, story)
    assert not Callback.objects.filter(event="PlayedStream").exists()
    Account.objects.update(playback_callbacks=True)
    story.add(EventKind.CHECKPOINT_PLAYED, 2, stream_id, name="goodbye")
    story.add(EventKind.AUDIO_CLEARED, 3, stream_id, waiting_ms=0)
    record(facts, story)
    assert [callback.event for callback in Callback.objects.order_by("number")] == ["StartStream", "PlayedStream", "ClearedAudio"]
    assert dict(Callback.objects.get(event="PlayedStream").parameters)["Name"] == "goodbye"


def test_an_account_may_have_the_other_form_of_callbacks(facts, story) -> None:
    Account.objects.update(callback_style="B")
    stream_id = uuid4()
    story.streaming(stream_id, at=0.5)
    story.stream_ended(stream_id, 12.5, cause="customer_closed")
    record(facts, story)
    started, failed = [dict(callback.parameters) for callback in Callback.objects.order_by("number")]
    assert (started["Event"], started["Direction"], started["Duration"]) == ("started", "inbound", "0")
    assert (failed["Event"], failed["StatusReason"], failed["Duration"]) == ("failed", "connection_failed", "12")
    assert failed["Timestamp"] == "2023-11-14T22:13:32Z"


def test_failures_to_play_are_counted_on_the_stream(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    story.add(EventKind.PLAY_FAILED, 1, stream_id, problem="not bidirectional", count=5)
    record(facts, story)
    assert Stream.objects.get().play_failures == 5
    story.stream_ended(stream_id, 9, play_failures=640)
    record(facts, story)
    assert Stream.objects.get().play_failures == 640


def test_a_callback_is_frozen_due_at_once_and_numbered(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    callback = Callback.objects.get()
    parameters = dict(callback.parameters)
    assert (callback.number, callback.host, callback.state) == (1, "hooks.example:443", "pending")
    assert callback.message_id == f"msg_{stream_id.hex}001"
    assert callback.due_at == callback.created_at
    assert (parameters["StreamID"], parameters["CallUUID"], parameters["From"]) == (str(stream_id), str(facts.call_id), "14155550123")


def test_without_a_status_callback_url_nothing_is_owed(facts, story) -> None:
    story.streaming(uuid4(), StreamRequest("wss://bot.example/"))
    record(facts, story)
    assert Callback.objects.count() == 0


def test_a_charge_that_fails_undoes_the_end(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    story.stream_ended(stream_id, at=5)

    def fails(**kwargs) -> None:
        raise RuntimeError("the ledger is broken")

    stream_ended.connect(fails)
    try:
        with pytest.raises(RuntimeError, match="ledger"):
            record(facts, story)
    finally:
        assert isinstance(stream_ended, Signal) and stream_ended.disconnect(fails)
    assert Stream.objects.get().state == "streaming"
    assert not Callback.objects.filter(event="StopStream").exists()


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
        record(facts, other)
    assert StreamEvent.objects.count() == 2


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


# Leases ------------------------------------------------------------------------------------------------------------------
def expire(seconds: float = 1.0) -> None:
    Call.objects.update(lease_until=Now() - timedelta(seconds=seconds))


def test_renewing_returns_what_is_still_held(facts, story) -> None:
    record(facts, story)
    expire()
    assert journal.renew_leases(OWNER, LEASE_SECONDS) == {facts.call_id}
    assert journal.expired_calls() == []
    assert journal.renew_leases("b" * 32, LEASE_SECONDS) == set()


def test_a_call_nobody_holds_is_ended_billed_to_its_last_renewal(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    Call.objects.update(renewed_at=journal.at(EPOCH + 70), lease_until=journal.at(EPOCH + 90))
    (call_id,) = journal.expired_calls()
    assert journal.reap(call_id)
    call, stream, charge = Call.objects.get(), Stream.objects.get(), Charge.objects.get()
    assert (call.state, call.hangup_cause_code, call.owner, call.epoch) == ("ended", 5010, "", 2)
    assert (stream.hangup_reason, stream.end_cause) == ("Connection error", "process_lost")
    assert stream.ended_at.timestamp() == EPOCH + 70
    assert (charge.seconds, charge.billed_seconds) == (70, 120)
    assert [callback.event for callback in Callback.objects.all()] == ["StartStream", "DroppedStream"]
    assert not journal.reap(call_id)
    assert Charge.objects.count() == 1


def test_a_stream_that_started_after_the_last_renewal_is_billed_nothing(facts, story) -> None:
    story.streaming(uuid4(), at=10)
    record(facts, story)
    Call.objects.update(renewed_at=journal.at(EPOCH + 3), lease_until=journal.at(EPOCH + 23))
    assert journal.reap(journal.expired_calls()[0])
    assert Charge.objects.get().amount == 0


def test_a_holder_that_came_back_is_left_alone(facts, story) -> None:
    record(facts, story)
    expire()
    (call_id,) = journal.expired_calls()
    journal.renew_leases(OWNER, LEASE_SECONDS)
    assert not journal.reap(call_id)
    assert Call.objects.get().state == "live"


def test_a_process_that_comes_back_after_the_reaper_writes_nothing(facts, story) -> None:
    record(facts, story)
    expire()
    assert journal.reap(journal.expired_calls()[0])
    before = StreamEvent.objects.count()
    story.add(EventKind.CALL_DTMF, digit="1")
    with pytest.raises(journal.LeaseLost):
        record(facts, story)
    assert StreamEvent.objects.count() == before
    assert journal.renew_leases(OWNER, LEASE_SECONDS) == set()


def test_after_a_silence_of_its_own_the_reaper_waits_one_lease() -> None:
    assert journal.beat("reaper", LEASE_SECONDS)
    Heartbeat.objects.update(beat_at=Now() - timedelta(seconds=30))
    assert not journal.beat("reaper", LEASE_SECONDS)
    assert not journal.beat("reaper", LEASE_SECONDS)
    Heartbeat.objects.update(hold_until=Now() - timedelta(seconds=1))
    assert journal.beat("reaper", LEASE_SECONDS)
