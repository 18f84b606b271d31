"""The timing of live calls in their rows: replaced, never piled up; and the last word is that of the end."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from streams import journal
from streams.models import Call, CallMeasure, StreamConversation, StreamEvent, StreamMeasure
from streams.pure.call.measure import Measured
from tests.streams.rows import EPOCH, Story, call_facts, gateway

pytestmark = pytest.mark.django_db
OWNER = "a" * 32


def arrivals(late: int) -> dict:
    return {"frame_ms": 20, "late": late, "counts_us": {"20000": 9}, "max_us": 20_400}


def timing(peak_ms: int) -> dict:
    return {
        "latency": {"counts_us": {"100": 3}, "max_us": 180},
        "levels": {"width_ms": 500, "capacity_ms": 40_000, "peaks_ms": [0, peak_ms]},
    }


class Live:
    """A call with streams, written."""

    def __init__(self, name: str = "pbx", streams: int = 1) -> None:
        self.story, self.facts = Story(), call_facts(gateway(name))
        self.streams = [uuid4() for _ in range(streams)]
        for stream_id in self.streams:
            self.story.streaming(stream_id)
        self.record()

    @property
    def call_id(self) -> UUID:
        return self.facts.call_id

    def record(self) -> None:
        journal.record(OWNER, 20.0, self.facts, self.story.notes)

    def measured(self, value: int) -> Measured:
        return Measured(arrivals(value), {stream_id: timing(value) for stream_id in self.streams})

    def ends(self, at: float, value: int) -> None:
        """Writes the ends of its streams and its own, with their last timing."""
        ends = [self.story.stream_ended(stream_id, at) for stream_id in self.streams]
        call = self.story.call_ended(at)
        last = {note.number: timing(value) for note in ends} | {call.number: arrivals(value)}
        self.story.notes = [replace(note, measured=last.get(note.number)) for note in self.story.notes]
        self.record()

    def peaks(self) -> list[int]:
        return [row.levels["peaks_ms"][1] for row in StreamMeasure.objects.filter(stream__call__uuid=self.call_id)]

    def late(self) -> int:
        return CallMeasure.objects.get(call__uuid=self.call_id).arrivals["late"]


def keep(live: Live, value: int, owner: str = OWNER) -> None:
    journal.keep_measures(owner, EPOCH + value, {live.facts.key: live.measured(value)})


def test_what_is_measured_again_replaces_what_was_there() -> None:
    live = Live(streams=2)
    keep(live, 1)
    keep(live, 7)
    assert (live.peaks(), live.late()) == ([7, 7], 7)
    assert CallMeasure.objects.get().measured_at == journal.utc_of(EPOCH + 7)
    assert StreamMeasure.objects.first().latency == timing(7)["latency"]


def test_many_calls_take_as_many_statements_as_one(django_assert_num_queries) -> None:
    calls = [Live(f"pbx-{number}", streams=3) for number in range(3)]
    # The four statements and the two of the savepoint this test makes of the transaction.
    with django_assert_num_queries(6):
        journal.keep_measures(OWNER, EPOCH, {live.facts.key: live.measured(5) for live in calls})
    assert [live.late() for live in calls] == [5, 5, 5] and StreamMeasure.objects.count() == 9


def test_the_end_brings_the_last_timing_and_it_is_no_part_of_the_event() -> None:
    live = Live()
    keep(live, 1)
    live.ends(30, 9)
    assert (live.peaks(), live.late()) == ([9], 9)
    assert not [event for event in StreamEvent.objects.all() if "levels" in event.details or "counts_us" in event.details]


CONVERSED = {
    **dict.fromkeys(StreamConversation.FIGURES, 0),
    **{"length_ms": 30_000, "turns": 2, "response_longest_ms": 6200},
    "course": {"columns": [], "turns": [], "caller": [[1000, 2000]], "bot": []},
}


def test_the_end_brings_how_the_conversation_went_once_however_often_it_is_written() -> None:
    live = Live()
    end = live.story.stream_ended(live.streams[0], 30)
    live.story.notes[-1] = replace(end, measured={**timing(8), "conversation": CONVERSED})
    live.record()
    live.record()
    row = StreamConversation.objects.get()
    assert row.stream.uuid == live.streams[0]
    assert (row.turns, row.response_longest_ms, row.course) == (2, 6200, CONVERSED["course"])
    assert live.peaks() == [8]
    assert not [event for event in StreamEvent.objects.all() if "conversation" in event.details]


def test_nothing_older_comes_after_the_end() -> None:
    live = Live()
    live.ends(30, 9)
    keep(live, 3)
    assert (live.peaks(), live.late()) == ([9], 9)


def test_a_stream_that_ended_keeps_its_last_timing_while_its_call_goes_on() -> None:
    live = Live(streams=2)
    end = live.story.stream_ended(live.streams[0], 12)
    live.story.notes[-1] = replace(end, measured=timing(8))
    live.record()
    keep(live, 15)
    assert sorted(live.peaks()) == [8, 15]


def test_only_the_holder_of_a_call_writes_its_timing() -> None:
    live = Live()
    keep(live, 4, owner="b" * 32)
    Call.objects.update(owner="")
    keep(live, 4)
    assert not CallMeasure.objects.exists() and not StreamMeasure.objects.exists()


def test_a_stream_whose_row_is_not_there_is_passed_over() -> None:
    live = Live()
    live.streams.append(uuid4())
    keep(live, 2)
    assert live.peaks() == [2]


def test_ending_twice_changes_nothing() -> None:
    live = Live()
    live.ends(30, 9)
    live.record()
    assert live.peaks() == [9]
