"""Digits sent to a call: what is taken, what is refused and in which words, and that only the process of the call is asked."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from streams.models import Call, ControlRequest
from tests.cdr.api.customers import Customer, taken


@pytest.fixture
def call(acme: Customer) -> Call:
    return acme.live_call()


def path(call: Call) -> str:
    return f"Call/{call.uuid}/DTMF/"


@pytest.mark.parametrize("body", [{"digits": "12w34#"}, {"digits": "12w34#", "leg": "aleg", "callback_url": "https://a.example/"}])
def test_the_process_that_holds_the_call_is_asked(acme: Customer, call: Call, body: dict[str, str]) -> None:
    answer = acme.post(path(call), body)
    assert (answer.status_code, answer.json()["message"]) == (202, "digits sent")
    assert set(answer.json()) == {"api_id", "message"} and UUID(answer.json()["api_id"])
    assert [(asked.kind, asked.call.call_id, asked.details, asked.by) for asked in taken()] == [
        ("send_dtmf", call.uuid, {"digits": "12w34#"}, "API")
    ]


def test_a_form_a_number_and_small_letters_are_digits_as_well(acme: Customer, call: Call) -> None:
    acme.post(path(call), "digits=0*a", content_type="application/x-www-form-urlencoded")
    acme.post(path(call), {"digits": 42})
    assert [asked.details["digits"] for asked in taken()] == ["0*A", "42"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "digits is missing; send what is to be dialled, such as 1234#."),
        ({"digits": ""}, "digits is missing; send"),
        ({"digits": None}, "digits is missing; send"),
        ({"digits": True}, 'digits has to be a text, such as "1234#".'),
        ({"digits": ["1"]}, 'digits has to be a text, such as "1234#".'),
        ({"digits": 1.5}, 'digits has to be a text, such as "1234#".'),
        ({"digits": "12,3"}, "digits has ',' as character 3; use 0-9, *, #, A-D, and for a pause w (0.5 s) or W (1 s)."),
        ({"digits": -1}, "digits has '-' as character 1; use"),
        ({"digits": "ww"}, "digits has no digit;"),
        ({"digits": "1" * 101}, "digits has 101 characters; send at most 100 at once."),
        ({"digits": "1", "leg": "bleg"}, "leg is 'bleg'; a call has one leg here: leave leg out, or send aleg."),
        ({"digits": "1", "leg": 2}, "leg is 2; a call has one leg here"),
        ([], 'The body is JSON but no object. Send one, as {"name": "value"}.'),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_sentence(acme: Customer, call: Call, body: Any, error: str) -> None:
    answer = acme.post(path(call), body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(error)
    assert not ControlRequest.objects.exists()


def test_a_call_that_is_over_or_was_never(acme: Customer) -> None:
    over = acme.post(path(acme.ended_call()), {"digits": "1"})
    assert (over.status_code, over.json()["error"]) == (404, "The call has ended already.")
    assert acme.post(f"Call/{uuid4()}/DTMF/", {"digits": "1"}).status_code == 404
    assert acme.post("Call/none/DTMF/", {"digits": "1"}).status_code == 404
    assert not ControlRequest.objects.exists()


def test_another_account_s_call_does_not_exist(acme: Customer, globex: Customer) -> None:
    foreign = globex.post(path(acme.live_call()), {"digits": "1"})
    assert (foreign.status_code, foreign.json()["error"]) == (404, "The requested resource was not found.")
    assert not ControlRequest.objects.exists()
