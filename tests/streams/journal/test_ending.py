"""The end of a stream is its state, its callback and its charge, all of them or none."""

from uuid import uuid4

import pytest
from django.dispatch import Signal

from cdr.models import Charge
from streams.models import Callback, Stream
from streams.signals import stream_ended
from tests.streams.journal.recording import record

pytestmark = pytest.mark.django_db


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
