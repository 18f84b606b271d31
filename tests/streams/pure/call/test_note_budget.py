"""Floods of one kind of event: told in full up to a point, and then counted, each once."""

from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pure.call.note_budget import IN_FULL, MINUTE_SECONDS, STREAMS_KEPT, Counted, NoteBudget
from streams.pure.call.stream import UNSAID_AT_MOST
from streams.pure.lifecycle import NORMAL_HANGUP, EndCause
from streams.pure.lifecycle import EventKind as K
from streams.pure.messages import Dtmf, Ended, GatewayReport, StreamRequest
from tests.streams.pure.call.driven import Driven

BOTH_WAYS = StreamRequest("wss://bot.example/audio", bidirectional=True, content_type="audio/x-mulaw;rate=8000")
MANY = 34_000
GONE = Ended(lost=False, code=1000, words="The gateway hung up.")


def customer_flood(call: Driven, said: dict, count: int) -> None:
    stream = call.session.streams[call.connected(BOTH_WAYS)]
    for _ in range(count):
        call.now += 12 / MANY
        call.session.customer_said(stream, orjson.dumps(said), call.now)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"event": "checkpoint", "name": "x"}, K.CHECKPOINT_PLAYED),
        ({"event": "clearAudio"}, K.AUDIO_CLEARED),
        ({"event": "sendDTMF", "dtmf": "1"}, K.CALL_DTMF_SENT),
    ],
)
def test_what_a_service_sends_without_end_is_a_line_with_a_number(said: dict, kind: K) -> None:
    call = Driven()
    customer_flood(call, said, 5000)
    call.collect()
    assert len(call.notes) < 2 * IN_FULL
    call.session.hear(GONE, call.now)
    full, counted = call.kinds().count(kind), [note for note in call.notes if note.kind is K.EVENTS_COUNTED and note.details["of"] == kind]
    assert 0 < full <= IN_FULL
    assert sum(note.details["more"] for note in counted) + full <= 5000
    if kind is K.AUDIO_CLEARED:
        assert [note.details["more"] for note in counted] == [5000 - IN_FULL]
        assert [note.stream_id for note in counted] == list(call.session.streams)


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        (Dtmf("7"), (K.CALL_DTMF, K.DTMF_FORWARDED)),
        (GatewayReport("There is no such thing.", error=True), (K.CALL_GATEWAY_ERROR,)),
    ],
)
def test_what_a_gateway_sends_without_end_is_a_line_with_a_number(said: Dtmf | GatewayReport, kinds: tuple[K, ...]) -> None:
    call = Driven()
    call.connected()
    for _ in range(MANY):
        call.now += 12 / MANY
        call.session.hear(said, call.now)
    call.session.hear(GONE, call.now)
    notes = call.kinds()
    assert len(notes) < (IN_FULL + 1) * len(kinds) + 10
    told = {note.details["of"]: note.details["more"] for note in call.notes if note.kind is K.EVENTS_COUNTED}
    assert notes.count(kinds[0]) == IN_FULL and told[kinds[0]] == MANY - IN_FULL
    assert notes.index(K.EVENTS_COUNTED) < notes.index(K.CALL_ENDED) and notes[-1] is K.CALL_ENDED


def test_digits_wait_for_a_customer_that_does_not_read_up_to_a_bound() -> None:
    call = Driven()
    stream_id = call.connected()
    for _ in range(MANY):
        call.session.hear(Dtmf("7"), call.now)
    assert len(call.session.streams[stream_id].backlog.waiting) == UNSAID_AT_MOST
    assert [text["event"] for text in call.texts(stream_id)].count("dtmf") == UNSAID_AT_MOST
    call.session.hear(Dtmf("8"), call.now)
    assert [text["event"] for text in call.texts(stream_id)] == ["dtmf"]


def test_a_conversation_of_hours_is_told_to_the_last_event() -> None:
    """A checkpoint behind each sentence, and now and then a digit."""
    budget = NoteBudget()
    assert all(budget.admits(K.CHECKPOINT_PLAYED, None, second) for second in range(0, 36_000))
    assert budget.over(40_000) == [] == budget.ended(None)


def test_streams_that_come_and_go_for_hours_leave_nothing() -> None:
    call = Driven()
    for _ in range(500):
        call.now += 10
        call.session.stop_stream(call.connected(), EndCause.STOPPED_BY_API, "API", call.now)
    assert len(call.session.effects._budget._minutes) <= STREAMS_KEPT


def test_minutes_that_are_over_are_told_when_something_else_happens_and_one_kind_costs_no_other() -> None:
    budget, stream_id = NoteBudget(), uuid4()
    assert [budget.admits(K.CALL_DTMF, None, 0.0) for _ in range(IN_FULL + 5)].count(True) == IN_FULL
    assert budget.admits(K.CALL_GATEWAY_ERROR, None, 1.0) and budget.admits(K.CALL_DTMF, stream_id, 1.0)
    assert budget.over(MINUTE_SECONDS - 1) == []
    assert budget.ended(stream_id) == []
    assert budget.over(MINUTE_SECONDS) == [Counted(None, K.CALL_DTMF, 5)]
    assert budget.over(MINUTE_SECONDS) == [] == budget.ended(None)
    assert budget.admits(K.CALL_DTMF, None, MINUTE_SECONDS)


@given(st.lists(st.tuples(st.sampled_from([K.CALL_DTMF, K.AUDIO_CLEARED]), st.integers(0, 400), st.floats(0, 100)), max_size=20))
def test_every_event_is_told_or_counted_once(bursts: list[tuple[K, int, float]]) -> None:
    call, happened = Driven(), 0
    call.collect()
    before = len(call.notes)
    for kind, count, later in bursts:
        call.now += later
        happened += count
        for _ in range(count):
            call.session.note(kind, "info", None, call.now)
    call.session.finish(EndCause.CALL_ENDED, NORMAL_HANGUP, "Over.", call.now)
    call.collect()
    notes = call.notes[before:-1]
    more = sum(note.details["more"] for note in notes if note.kind is K.EVENTS_COUNTED)
    assert more + sum(note.kind is not K.EVENTS_COUNTED for note in notes) == happened
    assert [note.number for note in call.notes] == list(range(1, len(call.notes) + 1))
