"""The callbacks that a note owes: which, to whom, and frozen as they are to be sent."""

from dataclasses import replace
from uuid import uuid4

import pytest

from streams.models import Account, Application, Call, Callback, Stream
from streams.pure.lifecycle import EventKind
from streams.pure.messages import StreamRequest
from tests.streams.journal.recording import record
from tests.streams.journal.test_measuring import CONVERSED

pytestmark = pytest.mark.django_db
CALLBACKS = "https://hooks.example/status"


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


@pytest.mark.parametrize(
    ("wanted", "measured", "url"),
    [
        (True, True, CALLBACKS),
        (True, False, CALLBACKS),
        (True, True, ""),
        (False, True, CALLBACKS),
    ],
)
def test_how_a_conversation_went_is_told_after_its_end_where_the_application_wants_it(facts, story, wanted, measured, url) -> None:
    Application.objects.filter(pk=facts.application_id).update(conversation_callbacks=wanted)
    stream_id = uuid4()
    story.streaming(stream_id, StreamRequest("wss://bot.example/", bidirectional=True, status_callback_url=url))
    end = story.stream_ended(stream_id, 30)
    story.notes[-1] = replace(end, measured={"latency": {}, "levels": {}, **({"conversation": CONVERSED} if measured else {})})
    record(facts, story)
    record(facts, story)
    owed, more = Callback.objects.order_by("number"), ["ConversationEnded"] if wanted and measured else []
    assert [callback.event for callback in owed] == (["StartStream", "StopStream", *more] if url else [])
    if url and more:
        last = owed.last()
        told = dict(last.parameters)
        assert (last.number, told["Sequence"], told["Turns"], told["ResponseLongestMs"]) == (3, "3", "2", "6200")
        assert (last.message_id, told["StreamID"]) == (f"msg_{stream_id.hex}003", str(stream_id))


def test_an_application_that_is_gone_wants_nothing(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    Call.objects.update(application=None)
    end = story.stream_ended(stream_id, 30)
    story.notes[-1] = replace(end, measured={"latency": {}, "levels": {}, "conversation": CONVERSED})
    record(facts, story)
    assert not Callback.objects.filter(event="ConversationEnded").exists()


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


def test_a_callback_is_frozen_due_at_once_and_numbered(facts, story) -> None:
    stream_id = uuid4()
    story.streaming(stream_id)
    record(facts, story)
    callback = Callback.objects.get()
    parameters = dict(callback.parameters)
    assert (callback.number, callback.host, callback.state) == (1, "hooks.example:443", "pending")
    assert callback.message_id == f"msg_{stream_id.hex}001"
    assert callback.due_at > callback.created_at, "by the database's clock, not by that of the call"
    assert (parameters["StreamID"], parameters["CallUUID"], parameters["From"]) == (str(stream_id), str(facts.call_id), "14155550123")


def test_without_a_status_callback_url_nothing_is_owed(facts, story) -> None:
    story.streaming(uuid4(), StreamRequest("wss://bot.example/"))
    record(facts, story)
    assert Callback.objects.count() == 0
