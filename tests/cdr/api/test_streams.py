"""Streams of a call: listed, read and stopped, whether their rows are written or not."""

from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from streams import journal
from streams.models import Call, ControlRequest, Stream
from streams.pure.lifecycle import CallState
from streams.pure.lifecycle import EventKind as K
from tests.cdr.api.customers import OWNER, SERVICE_URL, Customer, start_requests, streams_path, taken
from tests.cdr.call_script import REQUEST, CallScript
from tests.cdr.factories import noisy_call


# Get and list --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slash", ["/", ""])
def test_get_shows_the_documented_fields_with_the_charge(acme: Customer, slash: str) -> None:
    call = acme.ended_call()
    stream = call.streams.get()
    answer = acme.get(f"{streams_path(call)}{stream.uuid}{slash}", {"call_uuid": "stray"})
    assert answer.status_code == 200
    body = answer.json()
    assert UUID(body.pop("api_id"))
    assert body == {
        "stream_id": str(stream.uuid),
        "call_uuid": str(call.uuid),
        "plivo_auth_id": acme.account.auth_id,
        "resource_uri": f"{acme.base}{streams_path(call)}{stream.uuid}/",
        "service_url": REQUEST.service_url,
        "stream_url": REQUEST.service_url,
        "audio_track": "inbound",
        "bidirectional": True,
        "content_type": "audio/x-mulaw;rate=8000",
        "stream_timeout": 86_400,
        "status_callback_url": REQUEST.status_callback_url,
        "status_callback_method": "POST",
        "extra_headers": REQUEST.extra_headers,
        "status": "completed",
        "hangup_reason": "Call hangup",
        "created_at": f"{stream.requested_at:%Y-%m-%d %H:%M:%S.%f}+00:00",
        "start_time": f"{stream.started_at:%Y-%m-%d %H:%M:%S}+00:00",
        "end_time": f"{stream.ended_at:%Y-%m-%d %H:%M:%S}+00:00",
        "bill_duration": 42,
        "rounded_bill_duration": 60,
        "billed_amount": "0.00300",
        "noise_cancellation": None,
        "conversation": {
            "turns": 5,
            "response_p50_ms": 900,
            "response_p95_ms": 6200,
            "response_longest_ms": 6200,
            "greeting_ms": 900,
            "long_silences": 2,
            "caller_interruptions": 1,
            "bot_interruptions": 0,
            "caller_ms": 7200,
            "bot_ms": 11_500,
            "both_ms": 400,
        },
    }


def test_get_tells_how_noise_cancellation_went(acme: Customer) -> None:
    def told(call: Call) -> object:
        return acme.get(f"{streams_path(call)}{call.streams.get().uuid}/").json()["noise_cancellation"]

    full = "A process suppresses the noise of 25 streams of one account at once (half of NOISE_CANCELLATION_STREAMS), and this one does."
    assert told(noisy_call(acme.gateway)) == {"level": 90, "strength": "very high", "cpu_ms_a_minute": 81.4, "problem": ""}
    assert told(noisy_call(acme.gateway, problem=full)) == {
        "level": 90,
        "strength": "very high",
        "cpu_ms_a_minute": None,
        "problem": full,
    }


@pytest.mark.parametrize("take", [False, True])
def test_a_stream_is_visible_before_its_row_is_written(acme: Customer, take: bool) -> None:
    call = acme.quiet_call()
    stream_id = acme.post(streams_path(call), {"service_url": SERVICE_URL}).json()["stream_id"]
    if take:
        taken()
    shown = acme.get(f"{streams_path(call)}{stream_id}/").json()
    assert shown["conversation"] is None
    assert (shown["status"], shown["start_time"], shown["end_time"], shown["service_url"]) == ("initiated", None, None, SERVICE_URL)
    assert (shown["bill_duration"], shown["rounded_bill_duration"], shown["billed_amount"]) == (0, 0, "0.00000")
    listed = acme.get(streams_path(call)).json()
    assert [stream["stream_id"] for stream in listed["objects"]] == [stream_id]
    assert listed["meta"]["total_count"] == 1


def test_a_stream_is_listed_once_when_its_row_is_written(acme: Customer) -> None:
    script = CallScript(acme.gateway).answered()
    call = script.save()
    stream_id = acme.post(streams_path(call), {"service_url": SERVICE_URL}).json()["stream_id"]
    asked = taken()[0]
    script.add(K.STREAM_REQUESTED, 30, UUID(stream_id), source="API", request=asked.details["request"])
    script.add(K.CONNECT_STARTED, 30.1, UUID(stream_id), attempt=1, of=3, url=SERVICE_URL)
    journal.record(OWNER, 60, script.facts, script.notes)
    listed = acme.get(streams_path(call)).json()
    assert [stream["stream_id"] for stream in listed["objects"]] == [stream_id]
    assert acme.get(f"{streams_path(call)}{stream_id}/").json()["status"] == "initiated"


@pytest.mark.parametrize("slash", ["/", ""])
def test_list_is_in_the_documented_envelope(acme: Customer, slash: str) -> None:
    call = acme.live_call()
    listed = acme.get(streams_path(call).rstrip("/") + slash).json()
    assert listed["meta"] == {"limit": 20, "offset": 0, "next": None, "previous": None, "total_count": 2, "count": 2}
    assert [stream["status"] for stream in listed["objects"]] == ["initiated", "in-progress"]
    assert UUID(listed["api_id"])


def test_pages_follow_each_other_across_rows_and_requests(acme: Customer) -> None:
    call = acme.live_call()
    for number in range(3):
        acme.post(streams_path(call), {"service_url": f"{SERVICE_URL}/{number}"})
    url, seen = streams_path(call) + "?limit=2", []
    while url:
        listed = acme.get(url).json()
        seen.append([stream["stream_id"] for stream in listed["objects"]])
        assert listed["meta"]["total_count"] == 5
        url = listed["meta"]["next"]
    rows = [str(stream.uuid) for stream in call.streams.all()]
    assert seen[0] + seen[1] + seen[2] == [str(stream_id) for stream_id in reversed(start_requests())] + rows
    assert listed["meta"]["previous"].endswith("?limit=2&offset=2")


@pytest.mark.parametrize("query", ["limit=0", "limit=21", "limit=x", "offset=-1", "offset=9999999999999999999999"])
def test_pages_that_cannot_be(acme: Customer, query: str) -> None:
    answer = acme.get(f"{streams_path(acme.live_call())}?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{query.partition('=')[0]}: ")


def test_the_list_takes_the_same_queries_however_many_streams(acme: Customer, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    call = acme.live_call()
    acme.post(streams_path(call), {"service_url": SERVICE_URL})
    with django_assert_num_queries(6):
        acme.get(streams_path(call))
    for number in range(5):
        acme.post(streams_path(call), {"service_url": f"{SERVICE_URL}/{number}"})
    with django_assert_num_queries(6):
        assert len(acme.get(streams_path(call)).json()["objects"]) == 8


# Stop ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slash", ["/", ""])
def test_stop_asks_for_the_end_of_one_stream(acme: Customer, slash: str) -> None:
    call = acme.live_call()
    stream = call.streams.first()
    assert stream
    answer = acme.delete(f"{streams_path(call)}{stream.uuid}{slash}", {"call_uuid": "stray", "stream_id": "stray"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [(asked.kind, asked.stream_id, asked.by) for asked in taken()] == [("stop", stream.uuid, "API")]


@pytest.mark.parametrize("slash", ["/", ""])
def test_stop_all_stops_those_with_and_without_a_row(acme: Customer, slash: str) -> None:
    call = acme.live_call()
    stream_id = UUID(acme.post(streams_path(call), {"service_url": SERVICE_URL}).json()["stream_id"])
    assert acme.delete(streams_path(call).rstrip("/") + slash).status_code == 204
    asked = [(request.kind, request.stream_id) for request in taken()]
    assert asked[0] == ("start", stream_id)
    assert set(asked[1:]) == {("stop", stream_id), *(("stop", uuid) for uuid in call.streams.values_list("uuid", flat=True))}


def test_stop_of_a_stream_without_a_row_comes_after_its_start(acme: Customer) -> None:
    call = acme.quiet_call()
    stream_id = acme.post(streams_path(call), {"service_url": SERVICE_URL}).json()["stream_id"]
    assert acme.delete(f"{streams_path(call)}{stream_id}/").status_code == 204
    assert [(asked.kind, str(asked.stream_id)) for asked in taken()] == [("start", stream_id), ("stop", stream_id)]


def test_nothing_to_stop(acme: Customer) -> None:
    ended = acme.ended_call()
    for path in (streams_path(acme.quiet_call()), streams_path(ended), f"{streams_path(ended)}{ended.streams.get().uuid}/"):
        answer = acme.delete(path)
        assert (answer.status_code, answer.json()["error"]) == (400, "No active stream found")


def test_a_stream_is_found_on_its_own_call_only(acme: Customer) -> None:
    stream = acme.live_call().streams.first()
    assert stream
    other = acme.quiet_call()
    assert acme.get(f"{streams_path(other)}{stream.uuid}/").status_code == 404
    assert acme.delete(f"{streams_path(other)}{stream.uuid}/").status_code == 404
    assert acme.get(f"{streams_path(other)}{uuid4()}/").status_code == 404
    assert not ControlRequest.objects.exists()


def test_a_request_of_a_call_that_ended_first_cannot_be_stopped(acme: Customer) -> None:
    call = acme.quiet_call()
    stream_id = acme.post(streams_path(call), {"service_url": SERVICE_URL}).json()["stream_id"]
    call.state = CallState.ENDED
    call.save()
    assert acme.delete(f"{streams_path(call)}{stream_id}/").json()["error"] == "No active stream found"
    assert not Stream.objects.exists()
