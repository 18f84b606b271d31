"""A stream's status callbacks by API: how each went, try by try."""

from datetime import timedelta
from typing import Any

import pytest

from streams.models import Call, Callback, CallbackAttempt, CallbackState
from tests.cdr.api.customers import SERVICE_URL, Customer, streams_path
from tests.cdr.factories import closed_call, refused_call


def callbacks_path(call: Call) -> str:
    return f"{streams_path(call)}{call.streams.get().uuid}/Callbacks/"


def listed(customer: Customer, call: Call) -> list[dict[str, Any]]:
    return at(customer, callbacks_path(call))


def at(customer: Customer, path: str) -> list[dict[str, Any]]:
    answer = customer.get(path)
    assert answer.status_code == 200, answer.content
    objects: list[dict[str, Any]] = answer.json()["objects"]
    return objects


def test_each_try_is_told(acme: Customer) -> None:
    call = closed_call(acme.gateway)
    first, second = listed(acme, call)
    assert (first["number"], first["event"], first["state"], len(first["attempts"])) == (1, "StartStream", "delivered", 1)
    row = Callback.objects.get(stream__call=call, number=2)
    assert (second["callback_id"], second["event"], second["method"], second["url"]) == (row.message_id, "DroppedStream", "POST", row.url)
    assert (second["next_try"], second["held"]) == (None, False) and second["finished_at"]
    failed, delivered = second["attempts"]
    assert (failed["number"], failed["status_code"], failed["duration_ms"], failed["answer"]) == (1, 503, 12, "<h1>503</h1>\nupstream down")
    assert failed["error"].startswith("The endpoint answered 503") and (delivered["status_code"], delivered["error"]) == (200, "")


def test_one_that_nobody_answered(acme: Customer) -> None:
    (given_up,) = listed(acme, refused_call(acme.gateway))
    assert (given_up["state"], len(given_up["attempts"])) == ("given_up", 8)
    assert {(one["status_code"], one["answer"]) for one in given_up["attempts"]} == {(None, "")}


def test_when_it_is_tried_next_and_that_a_blocked_host_holds_it(acme: Customer) -> None:
    call = closed_call(acme.gateway)
    due_at = call.started_at + timedelta(minutes=5)
    rows = Callback.objects.filter(stream__call=call)
    rows.update(state=CallbackState.PENDING, finished_at=None)
    rows.filter(number=1).update(due_at=due_at)
    rows.filter(number=2).update(due_at=None)
    first, second = listed(acme, call)
    assert (first["next_try"], first["held"]) == (f"{due_at:%Y-%m-%d %H:%M:%S.%f}+00:00", False)
    assert (second["state"], second["next_try"], second["held"]) == ("pending", None, True)


def test_no_secret_is_in_it_and_no_hostile_character(acme: Customer) -> None:
    call = closed_call(acme.gateway)
    url = "https://us3r:pa55@hooks.example.com/x?token=s3cret#fr4gment"
    Callback.objects.filter(stream__call=call).update(url=url, parameters=[["ExtraHeaders", "X-Token=h3ader"], ["Token", acme.auth_token]])
    hostile = f"redirect to {url} \u202egnp\x1b[2J"
    CallbackAttempt.objects.filter(callback__stream__call=call).update(error=hostile[:300], response_head=hostile + "\n" + "x" * 4000)
    first, _ = listed(acme, call)
    text = str(listed(acme, call))
    for secret in ("us3r", "pa55", "s3cret", "fr4gment", "h3ader", acme.auth_token):
        assert secret not in text
    attempt = first["attempts"][0]
    assert first["url"] == "https://***@hooks.example.com/x?token=***#***"
    assert not {"\u202e", "\x1b"} & set(attempt["error"] + attempt["answer"]) and len(attempt["answer"]) == 1000


def test_pages_with_as_many_queries_for_many_callbacks_and_tries(acme: Customer, django_assert_num_queries: Any) -> None:
    call = closed_call(acme.gateway)
    path = callbacks_path(call)
    assert acme.get("").status_code == 200  # the token's use is noted
    with django_assert_num_queries(7):
        assert len(at(acme, path)) == 2
    sent = Callback.objects.get(stream__call=call, number=2)
    template = {"stream": sent.stream, "account": acme.account, "event": sent.event, "url": sent.url, "host": sent.host}
    made = [
        Callback(**template, number=number, message_id=f"msg_{number}", parameters=[], created_at=sent.created_at, tries=60)
        for number in range(3, 26)
    ]
    Callback.objects.bulk_create(made)
    of_each = {"started_at": sent.created_at, "duration_ms": 1}
    tries = [CallbackAttempt(callback=callback, number=number, **of_each) for callback in made[:18] for number in range(61)]
    CallbackAttempt.objects.bulk_create(tries)
    with django_assert_num_queries(7):
        page = at(acme, path)
    assert [one["number"] for one in page] == list(range(1, 21))
    assert [one["number"] for one in page[-1]["attempts"]] == list(range(41, 61))
    body = acme.get(path, {"limit": 10, "offset": 20}).json()
    assert [one["number"] for one in body["objects"]] == [21, 22, 23, 24, 25] and body["meta"]["total_count"] == 25


def test_a_stream_without_a_row_owes_nothing(acme: Customer) -> None:
    call = acme.quiet_call()
    stream_id = acme.post(streams_path(call), {"service_url": SERVICE_URL}).json()["stream_id"]
    assert acme.get(f"{streams_path(call)}{stream_id}/Callbacks/").json()["objects"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=21", "limit=-1", "offset=-1", "limit=x"])
def test_pages_of_it_that_cannot_be(acme: Customer, query: str) -> None:
    answer = acme.get(f"{callbacks_path(closed_call(acme.gateway))}?{query}")
    assert answer.status_code == 400 and answer.json()["error"].startswith(f"{query.partition('=')[0]}: ")
