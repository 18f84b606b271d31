"""What is taken out of the rows of an ended call, looked for in every column of the database; and what must stay."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils import timezone

from cdr.models import Charge
from cdr.pure.retention import Kind
from cdr.retention.removal import remove
from streams import delivery, host_blocks
from streams.host_blocks import HostOf
from streams.models import (
    Call,
    Callback,
    CallbackAttempt,
    CallbackState,
    ControlRequest,
    Gateway,
    HostBlock,
    Stream,
    StreamConversation,
    StreamEvent,
)
from tests.cdr.call_script import make_gateway
from tests.cdr.factories import closed_call, good_call, refused_call

pytestmark = pytest.mark.django_db

CALLER, CALLED = "+14155550199", "+442079460188"


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


@pytest.fixture
def call(gateway) -> Call:
    """A good call whose numbers and secrets stand wherever they can."""
    call = good_call(gateway, caller=CALLER, called=CALLED)
    Call.objects.filter(pk=call.pk).update(gateway_call_id=f"PJSIP/{CALLER}-1")
    url = "https://hooks.example.com/status?from=%2B14155550199"
    Stream.objects.filter(call=call).update(status_callback_url=url, service_url="wss://bot.example.com/in?to=442079460188")
    Callback.objects.filter(stream__call=call).update(url=url)
    CallbackAttempt.objects.filter(callback__stream__call=call).update(response_head=f"thanks, {CALLER}", error=f"redirect to {CALLED}")
    digits = {"digits": "4711", "for": CALLER}
    ControlRequest.objects.create(call=call, kind="send_dtmf", details=digits, requested_by="API", finished_at=timezone.now())
    call.refresh_from_db()
    return call


def everything(*without: str) -> str:
    """All rows of both apps as text."""
    models = [model for label in ("streams", "cdr") for model in apps.get_app_config(label).get_models() if model.__name__ not in without]
    return json.dumps([list(model._base_manager.values()) for model in models], cls=DjangoJSONEncoder, ensure_ascii=False)


def facts(model: Any, *columns: str) -> list[Any]:
    return list(model.objects.order_by("pk").values_list(*columns))


MONEY = (Charge, "stream", "seconds", "billed_seconds", "rate", "amount", "currency", "created_at")
LIVES = (Stream, "uuid", "requested_at", "started_at", "ended_at", "hangup_reason", "end_cause", "close_code", "state", "degraded_percent")
CALLS = (Call, "uuid", "started_at", "ended_at", "hangup_cause_code", "hangup_cause_name", "hangup_source", "direction", "state")
TRIES = (CallbackAttempt, "number", "started_at", "status", "duration_ms")
SENT = (Callback, "event", "message_id", "state", "tries", "finished_at")
KEPT = (MONEY, LIVES, CALLS, TRIES, SENT)


@pytest.mark.parametrize("kind", Kind)
def test_money_times_states_and_reasons_stay_whatever_is_removed(call, kind) -> None:
    before = [facts(*kept) for kept in KEPT]
    assert remove(kind, [call], timezone.now()) == 1
    assert [facts(*kept) for kept in KEPT] == before and before[0]


def test_no_number_is_left_anywhere_in_the_database(call) -> None:
    assert not [part for part in ("4155550199", "2079460188", "9910555", "8810649") if part not in everything()]
    now = timezone.now()
    remove(Kind.NUMBERS, [call], now)
    assert not [part for part in ("5550199", "9460188", "9910555", "8810649") if part in everything()]
    call.refresh_from_db()
    assert (call.from_number, call.to_number, call.numbers_removed_at) == ("+•••••••••99", "+••••••••••88", now)
    assert call.gateway_call_id == "PJSIP/+•••••••••99-1"
    assert dict(Callback.objects.first().parameters)["From"] == "•••••••••99"


def test_what_a_number_is_found_by_goes_with_it_and_that_of_an_extension_stays(gateway) -> None:
    call = good_call(gateway, caller="sip:+1 415 555 0199@pbx.example.com", called="4711")
    assert (call.from_key, call.from_reversed, call.to_key, call.to_reversed) == ("+14155550199", "99105555141", "4711", "1174")
    remove(Kind.NUMBERS, [call], timezone.now())
    call.refresh_from_db()
    assert (call.from_key, call.from_reversed, call.to_key, call.to_reversed) == ("", "", "4711", "1174")
    assert "5550199" not in everything() and "9910555" not in everything()


def test_no_digit_no_secret_and_no_answer_is_left_but_every_line_still_reads(call) -> None:
    Stream.objects.update(extra_headers="token=s3cret")
    remove(Kind.PAYLOADS, [call], timezone.now())
    left = everything()
    for gone in ("4711", "s3cret", "thanks,", '"digit"', '"parameters": [["'):
        assert gone not in left
    assert StreamEvent.objects.filter(call=call, kind="call_dtmf").get().details == {}
    assert CALLER in left


def test_events_are_deleted_and_callbacks_are_not(call) -> None:
    count = Callback.objects.count()
    assert StreamConversation.objects.exists()
    remove(Kind.EVENTS, [call], timezone.now())
    assert not StreamEvent.objects.exists() and not ControlRequest.objects.exists() and not StreamConversation.objects.exists()
    assert Callback.objects.count() == count and CallbackAttempt.objects.exists()


@pytest.mark.parametrize("kind", Kind)
def test_it_is_done_once_however_often_it_is_done(call, kind) -> None:
    now = timezone.now()
    remove(kind, [call], now)
    before = everything()
    remove(kind, [Call.objects.get()], now)
    assert everything() == before


def test_a_callback_that_waits_for_a_blocked_host_is_given_up_and_keeps_no_number(gateway) -> None:
    waiting = closed_call(gateway, caller=CALLER)
    callbacks = Callback.objects.filter(stream__call=waiting)
    callbacks.update(state=CallbackState.PENDING, due_at=timezone.now())
    host_blocks.block(HostOf(None, "hooks.example.com"), "", "admin")
    callbacks.filter(event="StartStream").update(claimed_by="a worker")
    assert remove(Kind.NUMBERS, [waiting], timezone.now()) == 0, "one of them is being tried"
    assert set(callbacks.values_list("state", flat=True)) == {CallbackState.PENDING}
    callbacks.update(claimed_by="")
    assert remove(Kind.NUMBERS, [waiting], timezone.now()) == 1
    assert set(callbacks.values_list("state", "due_at")) == {(CallbackState.GIVEN_UP, None)}
    assert host_blocks.unblock(HostBlock.objects.get()) == 0


def test_a_call_whose_callback_waits_is_left_for_later(gateway, call) -> None:
    waiting = closed_call(gateway, caller=CALLER)
    Callback.objects.filter(stream__call=waiting).update(state=CallbackState.PENDING)
    assert remove(Kind.NUMBERS, [waiting, call], timezone.now()) == 1
    waiting.refresh_from_db()
    assert waiting.from_number == CALLER and waiting.numbers_removed_at is None


def test_other_calls_are_not_touched(gateway, call) -> None:
    other = refused_call(gateway, caller=CALLER)
    before = list(StreamEvent.objects.filter(call=other).values())
    for kind in Kind:
        remove(kind, [call], timezone.now())
    other.refresh_from_db()
    assert other.from_number == CALLER and list(StreamEvent.objects.filter(call=other).values()) == before


@pytest.mark.parametrize(("kind", "whole"), [(Kind.NUMBERS, False), (Kind.PAYLOADS, False), (Kind.EVENTS, True)])
def test_a_callback_that_is_not_whole_is_not_sent_again(call, kind, whole) -> None:
    remove(kind, [call], timezone.now())
    callback = Callback.objects.first()
    if whole:
        delivery.resend(callback)
        assert Callback.objects.get(pk=callback.pk).state == CallbackState.PENDING
        return
    with pytest.raises(delivery.NotWhole):
        delivery.resend(callback)
    assert Callback.objects.get(pk=callback.pk).state == CallbackState.DELIVERED


def test_a_batch_takes_few_queries_for_many_calls(gateway, django_assert_max_num_queries) -> None:
    calls = [good_call(gateway, caller=f"+141555501{index:02}") for index in range(12)]
    for kind in Kind:
        with django_assert_max_num_queries(26):
            remove(kind, calls, timezone.now())
    assert connection.in_atomic_block
