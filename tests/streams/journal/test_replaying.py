"""What a process that is gone had noted becomes rows: as if it had lived; nothing is billed anew where another has ended its calls."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from cdr.models import Charge
from streams import journal
from streams.journal.rows import utc_of
from streams.models import Call, Callback, Stream, StreamEvent
from streams.pure.call.notes import CallFacts
from streams.pure.lifecycle import EventKind
from tests.streams.journal.recording import OWNER, record
from tests.streams.rows import EPOCH, Story, call_facts, gateway

pytestmark = pytest.mark.django_db


def reap_now() -> None:
    Call.objects.filter(state="live").update(lease_until=Now() - timedelta(seconds=1))
    journal.reap(*journal.expired_calls())


def everything() -> tuple[list[tuple[object, ...]], ...]:
    """All that may not change when something is done twice."""
    return (
        list(Call.objects.order_by("pk").values_list("uuid", "state", "ended_at", "owner", "hangup_cause_code")),
        list(Stream.objects.order_by("pk").values_list("uuid", "state", "started_at", "ended_at", "end_cause")),
        list(Charge.objects.order_by("pk").values_list("stream__uuid", "seconds", "amount")),
        list(Callback.objects.order_by("pk").values_list("stream__uuid", "number", "event")),
        list(StreamEvent.objects.order_by("pk").values_list("number", "kind")),
    )


def test_leases_of_a_process_that_is_gone_are_held_while_its_notes_are_written_and_heard_moments_only_grow(
    facts: CallFacts, story: Story
) -> None:
    other = call_facts(gateway("other"))
    record(facts, story)
    record(other, story, owner="b" * 32)
    before = Call.objects.get(uuid=other.call_id)
    journal.inherit_leases(OWNER, 20.0, {int(EPOCH) + 60: [facts.key, other.key]})
    call = Call.objects.annotate(now=Now()).get(uuid=facts.call_id)
    assert call.renewed_at == utc_of(EPOCH + 60) and timedelta(seconds=15) < call.lease_until - call.now < timedelta(seconds=21)
    journal.inherit_leases(OWNER, -1.0, {int(EPOCH) + 30: [facts.key]})
    over = Call.objects.get(lease_until__lte=Now())
    assert (over.uuid, over.renewed_at) == (facts.call_id, utc_of(EPOCH + 60))
    assert Call.objects.get(uuid=other.call_id).lease_until == before.lease_until


def test_a_call_goes_on_where_it_has_no_row_or_is_live_and_its_own(facts: CallFacts, story: Story) -> None:
    assert journal.may_go_on(OWNER, facts)
    record(facts, story)
    assert journal.may_go_on(OWNER, facts)
    assert not journal.may_go_on("b" * 32, facts)
    assert not journal.may_go_on(OWNER, replace(facts, started_at=EPOCH + 1))
    reap_now()
    assert not journal.may_go_on(OWNER, facts)


def test_what_comes_after_the_reaper_is_told_and_changes_no_charge_and_no_callback(facts: CallFacts, story: Story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    journal.inherit_leases(OWNER, 20.0, {int(EPOCH) + 10: [facts.key]})
    reap_now()
    before = everything()
    story.add(EventKind.CALL_DTMF, 20, digit="5")
    story.stream_ended(stream_id, 70)
    story.call_ended(70)
    for _ in range(2):
        journal.record_late(facts, story.notes, EPOCH + 70)
        assert everything()[:4] == before[:4]
        assert [number for number, _ in everything()[4] if number] == list(range(1, len(story.notes) + 1))
    assert Charge.objects.get().seconds == 10


@pytest.mark.parametrize("ends", [True, False])
def test_a_stream_that_only_the_notes_know_is_written_whole_after_the_reaper(facts: CallFacts, story: Story, ends: bool) -> None:
    """It was begun while the database was away: its customer is owed callbacks, and it is billed once."""
    first, second = uuid4(), uuid4()
    story.streaming(first)
    record(facts, story)
    reap_now()
    before = Charge.objects.get()
    story.streaming(second, at=20.0)
    if ends:
        story.stream_ended(second, 50)
    for _ in range(2):
        journal.record_late(facts, story.notes, EPOCH + 65)
        stream = Stream.objects.get(uuid=second)
        assert (stream.state, stream.end_cause) == ("ended", "call_ended" if ends else "process_lost")
        assert Charge.objects.get(stream=stream).seconds == (30 if ends else 45)
        assert list(stream.callbacks.order_by("number").values_list("event", flat=True)) == [
            "StartStream",
            "StopStream" if ends else "DroppedStream",
        ]
        assert Charge.objects.get(pk=before.pk).seconds == before.seconds and Charge.objects.count() == 2
        assert Call.objects.get().state == "ended"


def test_where_its_uuid_is_another_call_s_by_now_its_streams_are_written_and_nothing_of_that_call_changes(
    facts: CallFacts, story: Story
) -> None:
    """Its gateway came again, to another process, while the database had not heard of it."""
    row = gateway("again")
    facts = call_facts(row, call_id=facts.call_id)
    later, again, lost = call_facts(row, call_id=facts.call_id, started_at=EPOCH + 100), Story(), uuid4()
    again.add(EventKind.CALL_STARTED, 100)
    again.add(EventKind.CALL_DTMF, 101, digit="1")
    record(later, again, owner="b" * 32)
    story.streaming(lost)
    for _ in range(2):
        journal.record_late(facts, story.notes, EPOCH + 30)
        call = Call.objects.get()
        assert (call.state, call.owner, call.started_at) == ("live", "b" * 32, utc_of(EPOCH + 100))
        assert Charge.objects.get(stream__uuid=lost).seconds == 30
        assert list(Callback.objects.order_by("number").values_list("event", flat=True)) == ["StartStream", "DroppedStream"]
        assert list(call.events.exclude(number=None).values_list("number", flat=True)) == [1, 2]
        assert call.events.filter(stream__uuid=lost).count() == 5


def test_another_account_s_call_of_that_uuid_is_another_call(facts: CallFacts, story: Story) -> None:
    theirs, stream_id = call_facts(gateway("other"), call_id=facts.call_id), uuid4()
    record(theirs, story, owner="b" * 32)
    assert journal.may_go_on(OWNER, facts)
    record(facts, story)
    journal.inherit_leases(OWNER, -1.0, {int(EPOCH) + 30: [facts.key, theirs.key]})
    reap_now()
    story.streaming(stream_id)
    journal.record_late(facts, story.notes, None)
    assert list(Call.objects.get(account=theirs.account_id).events.values_list("number", flat=True)) == [1, None]
    assert Stream.objects.get().account_id == facts.account_id


def test_what_retention_has_removed_does_not_come_back(facts: CallFacts, story: Story) -> None:
    story.add(EventKind.CALL_DTMF, 1, digit="1")
    story.call_ended(2)
    record(facts, story)
    StreamEvent.objects.all().delete()
    Call.objects.update(events_removed_at=Now())
    journal.record_late(facts, story.notes, None)
    assert not StreamEvent.objects.exists()


def test_a_stream_whose_end_could_not_be_read_ends_with_its_call_and_not_later(facts: CallFacts, story: Story) -> None:
    early, late = uuid4(), uuid4()
    story.streaming(early, at=1.0)
    story.streaming(late, at=2.0)
    record(facts, story)
    journal.end_left_open(facts, EPOCH + 50)
    assert not Charge.objects.exists(), "its call is live"
    story.call_ended(30)
    record(facts, story)
    journal.end_left_open(facts, EPOCH + 50)
    journal.end_left_open(facts, None)
    assert sorted(Charge.objects.values_list("seconds", flat=True)) == [28, 29]
    assert set(Stream.objects.values_list("end_cause", flat=True)) == {"process_lost"}
