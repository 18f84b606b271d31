"""The published Python SDK, pointed at a server of ours, uses every endpoint and gets what it expects."""

from collections.abc import Iterator
from datetime import timedelta

import plivo
import plivo.rest.client
import pytest
from django.utils import timezone
from plivo.exceptions import AuthenticationError, ResourceNotFoundError, ValidationError

from tests.cdr.api.customers import SERVICE_URL, Customer, taken
from tests.cdr.call_script import REQUEST
from tests.cdr.factories import good_call

pytestmark = pytest.mark.django_db(transaction=True)

# The SDK has no option for its base URL; it reads these when it asks.
BASES = ("PLIVO_API_BASE_URI", "API_VOICE_BASE_URI", "API_VOICE_BASE_URI_FALLBACK_1", "API_VOICE_BASE_URI_FALLBACK_2")


@pytest.fixture(autouse=True)
def redirected(live_server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BASES:
        monkeypatch.setattr(plivo.rest.client, name, f"{live_server.url}/v1/Account")


@pytest.fixture
def sdk(redirected: None, acme: Customer) -> Iterator[plivo.RestClient]:
    with plivo.RestClient(acme.account.auth_id, acme.auth_token) as client:
        yield client


def test_a_stream_is_started_seen_and_stopped(sdk: plivo.RestClient, acme: Customer) -> None:
    call = acme.quiet_call()
    started = sdk.calls.start_stream(
        str(call.uuid), SERVICE_URL, bidirectional=True, stream_timeout=600, content_type="audio/x-mulaw;rate=8000", extra_headers="a=1,b=2"
    )
    assert started.message == "audio streaming started"
    stream = sdk.calls.get_details_of_specific_stream(str(call.uuid), started.stream_id)
    assert (stream.service_url, stream.bidirectional, stream.status, stream.extra_headers) == (SERVICE_URL, True, "initiated", "a=1;b=2")
    listed = sdk.calls.get_all_streams(str(call.uuid))
    assert [each.stream_id for each in listed.objects] == [started.stream_id]
    assert sdk.calls.delete_specific_stream(str(call.uuid), started.stream_id) is None
    assert sdk.calls.delete_all_streams(str(call.uuid)) is None
    assert [asked.kind for asked in taken()] == ["start", "stop", "stop"]


def test_errors_arrive_as_the_sdk_s_own(sdk: plivo.RestClient, acme: Customer, globex: Customer) -> None:
    call = str(acme.live_call().uuid)
    with pytest.raises(ValidationError, match="^service_url has to begin with ws:// or wss:// and a host.$"):
        sdk.calls.start_stream(call, "https://bot.example.com")
    with pytest.raises(ValidationError, match="has an active stream of this call already"):
        sdk.calls.start_stream(call, REQUEST.service_url)
    with pytest.raises(ValidationError, match="^No active stream found$"):
        sdk.calls.delete_all_streams(str(acme.quiet_call().uuid))
    with pytest.raises(ResourceNotFoundError, match="^The requested resource was not found.$"):
        sdk.calls.get_all_streams(str(globex.live_call().uuid))
    with pytest.raises(AuthenticationError, match="^Authentication failed"), plivo.RestClient(acme.account.auth_id, "wrong") as stranger:
        stranger.calls.get(call)


def test_an_ended_stream_has_its_bill(sdk: plivo.RestClient, acme: Customer) -> None:
    call = acme.ended_call()
    stream = sdk.calls.get_all_streams(str(call.uuid)).objects[0]
    assert (stream.bill_duration, stream.rounded_bill_duration, stream.billed_amount) == (42, 60, "0.00300")


def test_calls_are_listed_and_read(sdk: plivo.RestClient, acme: Customer) -> None:
    ended, live = acme.ended_call(), acme.live_call()
    listed = sdk.calls.list(call_direction="inbound", bill_duration="42", end_time__gt="2026-01-01 00:00", end_time__lt="2999-01-01 00:00")
    assert [call.call_uuid for call in listed] == [str(ended.uuid)]
    call = sdk.calls.get(str(ended.uuid))
    assert (call.from_number, call.hangup_cause_name, call.total_amount) == ("14155550123", "Normal Hangup", "0.00300")
    assert sdk.live_calls.list_ids().calls == [str(live.uuid)]
    assert sdk.queued_calls.list_ids().calls == []
    assert sdk.live_calls.get(str(live.uuid)).call_status == "in-progress"
    with pytest.raises(ResourceNotFoundError):
        sdk.live_calls.get(str(ended.uuid))


def test_the_iterator_walks_all_pages(sdk: plivo.RestClient, acme: Customer) -> None:
    made = {str(good_call(acme.gateway, timezone.now() - timedelta(hours=1, seconds=number)).uuid) for number in range(23)}
    walked = [call.call_uuid for call in sdk.calls]
    assert (len(walked), set(walked)) == (23, made)


def test_a_call_is_hung_up(sdk: plivo.RestClient, acme: Customer) -> None:
    call = acme.live_call()
    assert sdk.calls.hangup(str(call.uuid)) is None
    assert [(asked.kind, asked.call.call_id) for asked in taken()] == [("hang_up", call.uuid)]
    with pytest.raises(ResourceNotFoundError):
        sdk.calls.delete(str(acme.ended_call().uuid))


def test_digits_are_sent_to_a_call(sdk: plivo.RestClient, acme: Customer) -> None:
    call = acme.live_call()
    sent = sdk.calls.send_digits(str(call.uuid), "12w34#", leg="aleg")
    assert (sent.message, bool(sent.api_id)) == ("digits sent", True)
    assert [(asked.kind, asked.call.call_id, asked.details) for asked in taken()] == [("send_dtmf", call.uuid, {"digits": "12w34#"})]
    with pytest.raises(ValidationError, match="^digits has 'x' as character 3; use 0-9"):
        sdk.calls.send_digits(str(call.uuid), "12x")
    with pytest.raises(ResourceNotFoundError, match="^The call has ended already.$"):
        sdk.calls.send_digits(str(acme.ended_call().uuid), "12")
