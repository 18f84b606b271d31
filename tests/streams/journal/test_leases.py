"""Who holds a call: renewed while its process lives, ended by the reaper when nobody does, and then closed to who held it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from cdr.models import Charge
from streams import journal
from streams.models import Call, Callback, Heartbeat, Stream, StreamEvent
from streams.pure.lifecycle import EventKind
from tests.streams.journal.recording import LEASE_SECONDS, OWNER, record
from tests.streams.rows import EPOCH

pytestmark = pytest.mark.django_db


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
    Call.objects.update(renewed_at=journal.utc_of(EPOCH + 70), lease_until=journal.utc_of(EPOCH + 90))
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
    Call.objects.update(renewed_at=journal.utc_of(EPOCH + 3), lease_until=journal.utc_of(EPOCH + 23))
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
