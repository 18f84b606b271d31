"""Who holds a call: renewed while its process lives, ended by the reaper when nobody does, and then closed to who held it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DataError
from django.db.models.functions import Now

from cdr import ledger
from cdr.models import Charge
from streams import journal
from streams.models import Call, Callback, Gateway, Heartbeat, Stream, StreamEvent
from streams.pure.call.notes import CallFacts, CallKey
from streams.pure.lifecycle import EventKind
from tests.streams.journal.recording import LEASE_SECONDS, OWNER, record
from tests.streams.rows import EPOCH, Story, call_facts, gateway

pytestmark = pytest.mark.django_db


def expire(seconds: float = 1.0) -> None:
    Call.objects.update(lease_until=Now() - timedelta(seconds=seconds))


def renew(facts: CallFacts, owner: str = OWNER) -> set[CallKey]:
    return journal.renew_leases(owner, LEASE_SECONDS, [facts.key], {int(EPOCH) + 5: [facts.key]})


def test_renewing_returns_what_is_still_held(facts, story) -> None:
    record(facts, story)
    expire()
    assert renew(facts) == {facts.key}
    assert journal.expired_calls() == []
    assert renew(facts, owner="b" * 32) == set()


def test_what_is_not_held_any_more_is_told_and_not_renewed(facts, story) -> None:
    record(facts, story)
    expire()
    assert journal.renew_leases(OWNER, LEASE_SECONDS, [], {}) == {facts.key}
    assert len(journal.expired_calls()) == 1


def test_a_lease_is_renewed_for_the_call_of_that_account_alone(facts, story) -> None:
    theirs = call_facts(gateway("theirs"), call_id=facts.call_id)
    record(facts, story)
    record(theirs, story)
    expire()
    assert renew(facts) == {facts.key, theirs.key}
    (expired,) = journal.expired_calls()
    assert Call.objects.get(pk=expired).account_id == theirs.account_id
    assert Call.objects.get(account=facts.account_id).renewed_at != Call.objects.get(pk=expired).renewed_at


def test_what_is_held_is_billed_to_when_it_was_heard_of_last(facts, story) -> None:
    """Whatever the clock of the database says: a call's own times are its process's."""
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    for heard in ({int(EPOCH) + 10: [facts.key]}, {}, {int(EPOCH) + 99: [CallKey(facts.account_id, uuid4())]}):
        journal.renew_leases(OWNER, LEASE_SECONDS, [facts.key], heard)
    expire()
    assert journal.reap(journal.expired_calls()[0])
    assert Stream.objects.get().ended_at.timestamp() == EPOCH + 10


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


def expired_streams(row: Gateway, count: int) -> list[UUID]:
    streams = [uuid4() for _ in range(count)]
    for stream_id in streams:
        one = Story()
        one.add(EventKind.CALL_STARTED, gateway="pbx")
        one.streaming(stream_id)
        record(call_facts(row), one)
    expire()
    return streams


def test_many_calls_are_ended_together_in_few_statements(django_assert_max_num_queries: Any) -> None:
    expired_streams(gateway(), 40)
    with django_assert_max_num_queries(20):
        assert len(list(journal.reap_expired(60))) == 40
    assert Charge.objects.count() == 40 and Callback.objects.filter(event="DroppedStream").count() == 40
    assert not Call.objects.exclude(state="ended", owner="", epoch=2).exists()
    assert list(journal.reap_expired(60)) == []


def test_one_call_that_cannot_be_ended_holds_up_no_other_and_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    *good, bad = expired_streams(gateway(), 9)
    charge = ledger.charge

    def refuse(streams: Sequence[Stream]) -> None:
        if bad in {stream.uuid for stream in streams}:
            raise DataError("numeric field overflow")
        charge(streams)

    monkeypatch.setattr(ledger, "charge", refuse)
    assert len(list(journal.reap_expired(60))) == 8
    left = Stream.objects.get(uuid=bad)
    assert (left.state, left.call.state, left.callbacks.count()) == ("streaming", "live", 1)
    assert set(Charge.objects.values_list("stream__uuid", flat=True)) == set(good)
    monkeypatch.setattr(ledger, "charge", charge)
    assert list(journal.reap_expired(60)) == [left.call_id]


def test_of_a_process_that_lives_it_is_said_that_it_let_the_call_go(facts, story) -> None:
    record(facts, story)
    expire()
    other = Story()
    other.add(EventKind.CALL_STARTED, gateway="pbx")
    record(call_facts(Gateway.objects.get()), other)
    assert len(list(journal.reap_expired(60))) == 1
    assert "has it no more" in StreamEvent.objects.get(kind="call_ended").details["words"]


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
    renew(facts)
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
    assert renew(facts) == set()


def test_the_first_reaper_there_is_and_one_after_a_silence_wait_one_lease() -> None:
    assert not journal.beat("reaper", LEASE_SECONDS)
    Heartbeat.objects.update(hold_until=Now() - timedelta(seconds=1))
    assert journal.beat("reaper", LEASE_SECONDS)
    Heartbeat.objects.update(beat_at=Now() - timedelta(seconds=30))
    assert not journal.beat("reaper", LEASE_SECONDS)
    assert not journal.beat("reaper", LEASE_SECONDS)
    Heartbeat.objects.update(hold_until=Now() - timedelta(seconds=1))
    assert journal.beat("reaper", LEASE_SECONDS)
