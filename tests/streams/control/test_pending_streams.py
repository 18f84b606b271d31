"""Streams that were asked for and have no row: what stands in for them, and how they end when nobody takes them up."""

from dataclasses import asdict
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from cdr.models import Charge
from streams import control, journal
from streams.control import pending_streams
from streams.models import Account, Call, Callback, ControlRequest, Stream, StreamEvent
from streams.pure.call.notes import CallFacts, Note
from streams.pure.lifecycle import CallState, HangupReason, StreamState
from streams.pure.lifecycle import EventKind as K
from streams.pure.messages import StreamRequest

pytestmark = pytest.mark.django_db

OWNER = "a" * 32
REQUEST = StreamRequest("wss://bot.example.com/in", status_callback_url="https://hooks.example.com/status", extra_headers="a=1")


@pytest.fixture
def call() -> Call:
    account = Account.objects.create(name="Acme")
    return Call.objects.create(account=account, started_at=timezone.now(), owner=OWNER, from_number="+14155550123")


def asked(call: Call, by: str = "API") -> ControlRequest:
    stream_id = control.request_start(call, REQUEST, by)
    return ControlRequest.objects.get(details__stream_id=str(stream_id))


def written(call: Call, request: ControlRequest) -> Stream:
    """What the process that took the request writes."""
    facts = CallFacts(call.uuid, call.account_id, 0, 0, "", "", "inbound", "", call.started_at.timestamp())
    details = {"source": "API", "request": asdict(control.whole_request(request))}
    journal.record(OWNER, 60, facts, [Note(2, K.STREAM_REQUESTED, timezone.now().timestamp(), stream_id=_uuid(request), details=details)])
    return Stream.objects.get(uuid=_uuid(request))


def _uuid(request: ControlRequest) -> UUID:
    return pending_streams.stream_id_of(request)


def later() -> list[UUID]:
    """As long after the request as it may wait, and a second."""
    return pending_streams.settle_overdue(-1.0)


def test_what_stands_in_is_what_the_row_will_be(call: Call) -> None:
    request = asked(call)
    shown = pending_streams.stand_in(request)
    row = written(call, request)
    assert shown.request == row.request == REQUEST
    assert "a=1" not in str(request.details) and "a=1" not in str(StreamEvent.objects.get().details)
    assert (shown.uuid, shown.call, shown.account, shown.state) == (row.uuid, row.call, row.account, StreamState.REQUESTED)


def test_unwritten_are_those_without_a_row(call: Call) -> None:
    first, second = asked(call), asked(call)
    control.request_hangup(call, "API")
    assert pending_streams.unwritten(call.control_requests.all()) == [first, second]
    control.claim_waiting(OWNER)
    assert pending_streams.unwritten(call.control_requests.all()) == [first, second]
    written(call, first)
    assert pending_streams.unwritten(call.control_requests.all()) == [second]


def test_a_start_that_nobody_takes_ends_with_a_reason_a_callback_and_a_charge(call: Call) -> None:
    request = asked(call)
    assert later() == [_uuid(request)]
    stream = Stream.objects.get(uuid=_uuid(request))
    assert (stream.state, stream.hangup_reason, stream.started_at) == (StreamState.ENDED, HangupReason.CONNECTION_ERROR, None)
    assert stream.end_details == "No process took the request up within 10 s: the one that holds the call does not answer."
    assert stream.requested_at == request.requested_at
    assert stream.request == REQUEST
    callback = Callback.objects.get()
    assert (callback.event, callback.stream) == ("DroppedStream", stream)
    assert Charge.objects.get(stream=stream).amount == Decimal(0)
    events = StreamEvent.objects.filter(stream=stream).values_list("kind", "level", "details__words", "details__source")
    assert list(events) == [("stream_requested", "info", None, "API"), ("stream_ended", "error", stream.end_details, None)]


def test_what_of_it_was_taken_otherwise_is_in_its_log(call: Call) -> None:
    control.request_start(call, REQUEST, "API", "noise_cancellation_level is '130'.")
    later()
    event = StreamEvent.objects.get(kind="stream_requested")
    assert (event.level, event.details["problem"]) == ("warning", "noise_cancellation_level is '130'.")


def test_nobody_takes_it_afterwards_and_it_ends_once(call: Call) -> None:
    asked(call)
    assert len(later()) == 1
    assert control.claim_waiting(OWNER) == []
    assert later() == []
    assert Callback.objects.count() == Charge.objects.count() == 1


def test_a_start_has_its_time(call: Call) -> None:
    asked(call)
    assert pending_streams.settle_overdue() == []
    assert not Stream.objects.exists()


def test_a_start_that_was_taken_is_left_to_its_process(call: Call) -> None:
    """Its row may be late: notes wait while the database is away."""
    request = asked(call)
    control.claim_waiting(OWNER)
    assert later() == []
    stream = written(call, request)
    assert later() == []
    request.refresh_from_db()
    assert (request.stream, stream.state) == (stream, StreamState.REQUESTED)
    assert not ControlRequest.objects.filter(stream=None).exists()


@pytest.mark.parametrize("take", [True, False])
def test_a_start_that_the_end_of_the_call_overtook(call: Call, take: bool) -> None:
    request = asked(call, by="maria")
    if take:
        control.claim_waiting(OWNER)
    Call.objects.update(state=CallState.ENDED, ended_at=timezone.now())
    assert later() == [_uuid(request)]
    stream = Stream.objects.get()
    assert (stream.hangup_reason, stream.end_details) == (HangupReason.CALL_HANGUP, "The call ended before the stream could be begun.")
    assert Callback.objects.get().event == "StopStream"
    assert list(stream.events.values_list("level", "details__source")) == [("info", "console"), ("info", None)]


def test_a_stop_follows_its_start_to_the_process(call: Call) -> None:
    request = asked(call)
    pending_streams.request_stop(request, "API")
    assert [(taken.kind, taken.stream_id, taken.by) for taken in control.claim_waiting(OWNER)] == [
        ("start", _uuid(request), "API"),
        ("stop", _uuid(request), "API"),
    ]


def test_a_stop_that_comes_after_the_call(call: Call) -> None:
    request = asked(call)
    request.call.state = CallState.ENDED
    with pytest.raises(control.NotLive, match="^The call ended before the stream could be begun.$"):
        pending_streams.request_stop(request, "API")


def test_a_stream_of_another_uuid_changes_nothing(call: Call) -> None:
    request = asked(call)
    Stream.objects.create(uuid=uuid4(), call=call, account=call.account, requested_at=timezone.now(), service_url=REQUEST.service_url)
    assert pending_streams.unwritten(call.control_requests.all()) == [request]


def test_a_start_that_cannot_be_settled_keeps_back_none_behind_it(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    bad, good = asked(call), asked(call)
    ControlRequest.objects.filter(pk=bad.pk).update(details={"stream_id": "none", "request": {}})
    for _ in range(3):
        later()
    assert Stream.objects.get().uuid == _uuid(good)
    assert caplog.text.count("Settling a start that nobody took failed") == 1


def test_a_start_that_its_process_failed_at_ends_though_its_call_goes_on(call: Call) -> None:
    request = asked(call)
    (taken,) = control.claim_waiting(OWNER)
    control.mark_failed(taken)
    control.finish([taken])
    assert later() == [_uuid(request)]
    stream = Stream.objects.get()
    assert (stream.end_cause, stream.end_details[:20]) == ("internal_error", "The platform failed ")
    assert Callback.objects.get().event == "DroppedStream"


def test_a_start_asked_for_by_another_version_of_the_platform_is_understood(call: Call) -> None:
    request = asked(call)
    request.details["request"] |= {"a_field_to_come": 1}
    request.details["request"].pop("noise_cancellation")
    assert control.whole_request(request) == REQUEST
