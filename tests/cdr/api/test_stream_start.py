"""Streams are started: what a request may look like, which is refused, and the account's limits."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import connections

from streams import host_blocks
from streams.host_blocks import HostOf
from streams.models import Account, ControlRequest, Gateway
from streams.pure.customer.service_url import host_of
from tests.cdr.api.customers import SERVICE_URL, Customer, streams_path, taken
from tests.cdr.call_script import REQUEST, CallScript

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("slash", ["/", ""])
def test_start_asks_the_process_that_holds_the_call(acme: Customer, slash: str) -> None:
    call = acme.quiet_call()
    answer = acme.post(streams_path(call).rstrip("/") + slash, {"service_url": SERVICE_URL, "bidirectional": True})
    assert answer.status_code == 202
    body = answer.json()
    assert UUID(body.pop("api_id"))
    stream_id = UUID(body.pop("stream_id"))
    assert body == {"message": "audio streaming started"}
    (asked,) = taken()
    assert (asked.kind, asked.call.call_id, asked.stream_id, asked.by) == ("start", call.uuid, stream_id, "API")
    assert (asked.details["request"]["service_url"], asked.details["request"]["bidirectional"]) == (SERVICE_URL, True)


WANTED = {
    "service_url": SERVICE_URL,
    "stream_timeout": 60,
    "noise_cancellation": True,
    "status_callback_url": "https://hooks.example.com/cb",
}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (WANTED | {"call_uuid": "as the Python SDK sends it", "cx_bot": None, "service_type": "x"}, "application/json"),
        ({name: str(value).lower() for name, value in WANTED.items()}, "application/json"),
        (urlencode({name: str(value).lower() for name, value in WANTED.items()}), FORM),
        (json.dumps(WANTED), "text/plain"),
        ({"stream_" * (name == "status_callback_url") + name: value for name, value in WANTED.items()}, "application/json"),
    ],
)
def test_start_reads_json_and_forms_with_real_types_and_text(acme: Customer, body: Any, content_type: str) -> None:
    call = acme.quiet_call()
    assert acme.post(streams_path(call), body, content_type=content_type).status_code == 202
    asked = taken()[0].details["request"]
    assert {name: asked[name] for name in ("service_url", "stream_timeout_seconds", "noise_cancellation", "status_callback_url")} == {
        "service_url": SERVICE_URL,
        "stream_timeout_seconds": 60,
        "noise_cancellation": True,
        "status_callback_url": "https://hooks.example.com/cb",
    }


WRONG: list[tuple[Any, str]] = [
    ({}, "service_url is missing."),
    ({"service_url": "https://bot.example.com"}, "service_url has to begin with ws:// or wss:// and a host."),
    ({"service_url": SERVICE_URL, "bidirectional": True, "audio_track": "both"}, "with bidirectional it has to be inbound."),
    ({"service_url": SERVICE_URL, "bidirectional": "true", "audio_track": "outbound"}, "with bidirectional it has to be inbound."),
    ({"service_url": SERVICE_URL, "noise_cancellation_level": "high"}, "noise_cancellation_level is 'high'; it has to be a whole number"),
    ({"service_url": SERVICE_URL, "noise_cancellation_level": 400, "stream_timeout": 0}, "stream_timeout is '0'"),
    ({"service_url": [1], "stream_timeout": {}}, "stream_timeout is '{}'"),
    ("[1]", "The body is JSON but no object."),
    ("{", "The body is not JSON"),
    ("[" * 5000, "The body is not JSON"),
    ("\xff", "The body is not JSON"),
]


def test_start_says_everything_that_is_wrong(acme: Customer) -> None:
    call = acme.quiet_call()
    for body, error in WRONG:
        answer = acme.post(streams_path(call), body)
        assert answer.status_code == 400, error
        assert error in answer.json()["error"]
    assert not ControlRequest.objects.exists()


@pytest.mark.parametrize(("level", "taken_as"), [(130, 100), ("-5", 60), (59.5, 60), ("1e9", 100), (0, 60), (10**30, 100)])
def test_a_level_beyond_is_taken_as_the_nearest_and_the_log_is_told(acme: Customer, level: Any, taken_as: int) -> None:
    wanted = {"service_url": SERVICE_URL, "noise_cancellation": True, "noise_cancellation_level": level}
    assert acme.post(streams_path(acme.quiet_call()), json.dumps(wanted)).status_code == 202
    asked = taken()[0].details
    assert asked["request"]["noise_cancellation_level"] == taken_as
    assert asked["problem"].startswith("noise_cancellation_level is '")
    assert asked["problem"].endswith(f"; it has to be a whole number from 60 to 100; it is taken as {taken_as}.")


def test_one_that_is_within_or_not_given_is_no_problem(acme: Customer) -> None:
    for more in ({}, {"noise_cancellation_level": "60"}, {"noise_cancellation_level": 100}):
        assert acme.post(streams_path(acme.quiet_call()), {"service_url": SERVICE_URL, **more}).status_code == 202
        assert "problem" not in taken()[0].details


def test_start_of_a_broken_form_is_refused(acme: Customer) -> None:
    answer = acme.post(streams_path(acme.quiet_call()), "x", content_type="multipart/form-data")
    assert (answer.status_code, answer.json()["error"]) == (400, "The request cannot be read: its body or its form is malformed.")


def test_start_with_too_large_a_body_is_refused(acme: Customer) -> None:
    answer = acme.post(streams_path(acme.quiet_call()), "x" * 1_100_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "The body of the request is too large.")


def test_start_on_a_call_that_is_over(acme: Customer) -> None:
    answer = acme.post(streams_path(acme.ended_call()), {"service_url": SERVICE_URL})
    assert (answer.status_code, answer.json()["error"]) == (404, "The call has ended already.")


def test_start_to_a_url_that_an_active_stream_goes_to(acme: Customer) -> None:
    call = acme.live_call()
    again = acme.post(streams_path(call), {"service_url": REQUEST.service_url})
    assert again.status_code == 400
    assert again.json()["error"].startswith(f"service_url {REQUEST.service_url} has an active stream of this call already.")


def test_start_to_a_url_that_was_only_just_asked_for(acme: Customer) -> None:
    call = acme.quiet_call()
    assert [acme.post(streams_path(call), {"service_url": SERVICE_URL}).status_code for _ in range(2)] == [202, 400]
    taken()
    assert acme.post(streams_path(call), {"service_url": SERVICE_URL}).status_code == 400
    assert acme.post(streams_path(acme.quiet_call()), {"service_url": SERVICE_URL}).status_code == 202


def test_start_again_after_the_stream_has_ended(acme: Customer) -> None:
    script = CallScript(acme.gateway).answered()
    stream = script.streaming()
    script.stream_ended(stream, 5, "stopped_by_api", "Stopped at the request of API.")
    assert acme.post(streams_path(script.save()), {"service_url": REQUEST.service_url}).status_code == 202


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({"service_url": "wss://bot.example:25/"}, "service_url: Port 25 may not be dialled, only 80, 443 and 1024 to 65535."),
        ({"service_url": "ws://10.0.0.1/"}, "service_url: 10.0.0.1 may not be dialled: a private network."),
        ({"status_callback_url": "http://[fd00::1]/"}, "status_callback_url: fd00::1 may not be dialled: a private network."),
    ],
)
def test_a_url_that_will_not_be_dialled_is_refused_where_it_is_given(acme: Customer, changes: dict[str, str], begins: str) -> None:
    refused = acme.post(streams_path(acme.quiet_call()), {"service_url": SERVICE_URL, **changes})
    assert (refused.status_code, refused.json()["error"].startswith(begins)) == (400, True)


@pytest.mark.parametrize("url", [SERVICE_URL, SERVICE_URL.upper().replace("WSS", "wss")])
@pytest.mark.parametrize("for_all", [False, True])
def test_a_host_that_is_blocked_is_refused_and_another_accounts_block_is_not_ours(acme: Customer, url: str, for_all: bool) -> None:
    host = host_of(SERVICE_URL)
    other = Account.objects.create(name="Another")
    host_blocks.block(HostOf(other, host), "", "maria")
    assert acme.post(streams_path(acme.quiet_call()), {"service_url": SERVICE_URL}).status_code == 202
    host_blocks.block(HostOf(None if for_all else acme.gateway.account, host), "An internal note.", "maria")
    refused = acme.post(streams_path(acme.quiet_call()), {"service_url": url})
    assert (refused.status_code, refused.json()["error"].startswith(f"service_url: The host {host} is blocked")) == (400, True)
    assert "internal note" not in refused.json()["error"]


# The account's limits ------------------------------------------------------------------------------------------------
def test_concurrent_streams_are_limited_with_those_just_asked_for(acme: Customer) -> None:
    Account.objects.filter(pk=acme.account.pk).update(concurrent_streams_limit=3)
    call = acme.live_call()
    assert acme.post(streams_path(call), {"service_url": SERVICE_URL}).status_code == 202
    refused = acme.post(streams_path(acme.quiet_call()), {"service_url": SERVICE_URL})
    assert (refused.status_code, refused["Retry-After"]) == (429, "5")
    assert refused.json()["error"] == "The account may have 3 streams at once, and has as many. Stop one first."


def test_the_streams_of_a_gateway_are_limited_as_well(acme: Customer) -> None:
    acme.live_call()
    Gateway.objects.update(concurrent_streams_limit=1)
    refused = acme.post(streams_path(acme.quiet_call()), {"service_url": SERVICE_URL})
    assert refused.status_code == 429
    assert refused.json()["error"] == "The call's gateway may have 1 streams at once, and has as many. Stop one first."


def test_streams_that_have_ended_and_those_of_others_do_not_count(acme: Customer, globex: Customer) -> None:
    Account.objects.filter(pk=acme.account.pk).update(concurrent_streams_limit=1)
    acme.ended_call()
    globex.live_call()
    assert acme.post(streams_path(acme.quiet_call()), {"service_url": SERVICE_URL}).status_code == 202


def test_starts_per_second_are_limited(acme: Customer, globex: Customer) -> None:
    Account.objects.update(stream_starts_per_second=2)
    call = acme.quiet_call()
    answers = [acme.post(streams_path(call), {"service_url": f"{SERVICE_URL}/{number}"}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2]["Retry-After"] == "1"
    assert globex.post(streams_path(globex.quiet_call()), {"service_url": SERVICE_URL}).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_no_limit_is_passed_by_asking_at_the_same_time(acme: Customer) -> None:
    Account.objects.update(concurrent_streams_limit=3, stream_starts_per_second=1000)
    paths = [streams_path(acme.quiet_call()) for _ in range(8)]

    def status(path: str) -> int:
        try:
            return int(acme.post(path, {"service_url": SERVICE_URL}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(status, paths))
    assert statuses == [202] * 3 + [429] * 5


def test_an_account_that_has_spent_its_limit_starts_no_stream(acme: Customer) -> None:
    call = acme.quiet_call()
    Account.objects.filter(pk=acme.account.pk).update(spending_stop_at=5, spending_stopped_at=call.started_at)
    answer = acme.post(streams_path(call), {"service_url": SERVICE_URL})
    assert answer.status_code == 402 and "The account has spent 5.00000 USD this month." in answer.json()["error"]
    assert not taken()
