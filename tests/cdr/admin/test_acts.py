"""Hanging up, sending digits, sending again, and acting on several at once: each asks first, is done, and is in the audit log."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cdr.models import AuditEntry
from streams import control
from streams.models import Call, Callback, CallbackAttempt, ControlRequest, Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import OWNER, STARTED, make_gateway

STREAMS, CALLBACKS = "/admin/cdr/streamdetail/", "/admin/streams/callback/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def entries() -> list[tuple[str, str, str, str]]:
    return [(entry.by, entry.act, entry.kind, entry.subject) for entry in AuditEntry.objects.order_by("pk")]


# Hanging up ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def live(gateway) -> Call:
    return factories.live_call(gateway)


def hang_up(call: Call) -> str:
    return reverse("admin:cdr_calldetail_hang_up", args=[call.uuid])


def test_hanging_up_asks_first(operator, live) -> None:
    page = read(operator, hang_up(live))
    assert "Hang up this call?" in page.text and "2 live streams with it" in page.text
    assert not ControlRequest.objects.exists() and entries() == []


def test_the_process_that_holds_the_call_is_told_to_hang_up(operator, live) -> None:
    response = operator.post(hang_up(live), follow=True)
    assert "The call was asked to hang up." in response.content.decode()
    (asked,) = control.claim_waiting(OWNER)
    assert (asked.kind, asked.call.call_id, asked.by) == ("hang_up", live.uuid, "maria")
    assert entries() == [("maria", "hang up a call", "call", str(live.uuid))]


def test_a_call_that_has_ended_is_left_alone(operator, gateway) -> None:
    call = factories.good_call(gateway)
    assert "has ended already" in read(operator, hang_up(call)).text
    assert "Nothing was done." in operator.post(hang_up(call), follow=True).content.decode()
    assert not ControlRequest.objects.exists() and entries() == []


def test_the_door_is_shown_to_those_who_may_and_while_the_call_lives(operator, support, live, gateway) -> None:
    page = reverse("admin:cdr_calldetail_change", args=[live.uuid])
    assert hang_up(live) in read(operator, page).links and hang_up(live) not in read(support, page).links
    ended = factories.good_call(gateway, STARTED + timedelta(hours=1))
    assert hang_up(ended) not in read(operator, reverse("admin:cdr_calldetail_change", args=[ended.uuid])).links


# Sending digits ------------------------------------------------------------------------------------------------------
def send_digits(call: Call) -> str:
    return reverse("admin:cdr_calldetail_send_digits", args=[call.uuid])


def test_sending_digits_asks_which(operator, live) -> None:
    page = read(operator, send_digits(live))
    assert "Send digits to this call?" in page.text and "not which" in page.text
    html = operator.get(send_digits(live)).content.decode()
    assert 'name="digits"' in html and 'autocomplete="off"' in html and 'aria-describedby="id_digits_helptext"' in html
    assert not ControlRequest.objects.exists() and entries() == []


def test_the_process_that_holds_the_call_is_told_to_send_them_and_the_audit_log_has_none(operator, live) -> None:
    response = operator.post(send_digits(live), {"digits": " 47w11# "}, follow=True)
    assert "The digits were handed to the call." in response.content.decode()
    (asked,) = control.claim_waiting(OWNER)
    assert (asked.kind, asked.call.call_id, asked.details, asked.by) == ("send_dtmf", live.uuid, {"digits": "47w11#"}, "maria")
    assert entries() == [("maria", "send digits", "call", str(live.uuid))]
    assert AuditEntry.objects.get().details == {"digits": "(hidden)", "how_many": 5}


@pytest.mark.parametrize(
    ("digits", "sentence"),
    [("", "This field is required."), ("12x", "digits has &#x27;x&#x27; as character 3; use 0-9"), ("1" * 101, "send at most 100 at once")],
)
def test_what_is_no_digit_is_asked_for_again(operator, live, digits, sentence) -> None:
    html = operator.post(send_digits(live), {"digits": digits}).content.decode()
    assert sentence in html and (f'value="{digits}"' in html or not digits)
    assert not ControlRequest.objects.exists() and entries() == []


def test_digits_for_a_call_that_has_ended_go_nowhere(operator, gateway) -> None:
    call = factories.good_call(gateway)
    assert "has ended already" in read(operator, send_digits(call)).text
    assert "Nothing was done." in operator.post(send_digits(call), {"digits": "1"}, follow=True).content.decode()
    assert not ControlRequest.objects.exists() and entries() == []


def test_the_door_to_sending_digits(operator, support, live, gateway) -> None:
    page = reverse("admin:cdr_calldetail_change", args=[live.uuid])
    assert send_digits(live) in read(operator, page).links and send_digits(live) not in read(support, page).links
    ended = factories.good_call(gateway, STARTED + timedelta(hours=1))
    assert send_digits(ended) not in read(operator, reverse("admin:cdr_calldetail_change", args=[ended.uuid])).links


def test_stopping_one_stream_is_written_down(operator, live) -> None:
    stream = live.streams.first()
    operator.post(reverse("admin:cdr_streamdetail_stop", args=[stream.uuid]))
    assert entries() == [("maria", "stop a stream", "stream", str(stream.uuid))]


def test_every_act_needs_the_csrf_token(operator, live) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    callback = Callback.objects.first()
    for address in (hang_up(live), send_digits(live), f"{CALLBACKS}{callback.pk}/resend/"):
        assert strict.post(address).status_code == 403
    assert entries() == []


# Sending a callback again --------------------------------------------------------------------------------------------
def test_a_callback_that_was_given_up_is_due_again_with_its_id_and_its_tries(operator, gateway) -> None:
    factories.refused_call(gateway)
    callback = Callback.objects.get()
    before = list(CallbackAttempt.objects.values())
    page = f"{CALLBACKS}{callback.pk}/"
    assert "Send this callback again?" in read(operator, f"{page}resend/").text
    assert Callback.objects.get().state == "given_up"
    assert operator.post(f"{page}resend/").headers["Location"] == f"{page}change/"
    again = Callback.objects.get()
    assert (again.state, again.message_id, again.tries) == ("pending", callback.message_id, 8) and again.due_at
    assert list(CallbackAttempt.objects.values()) == before
    assert entries() == [("maria", "resend a callback", "callback", f"DroppedStream {callback.message_id}")]
    assert AuditEntry.objects.get().details == {"stream": str(callback.stream.uuid), "state_before": "given up"}


def test_a_delivered_one_may_be_sent_again_with_a_word_of_warning(operator, gateway) -> None:
    factories.good_call(gateway)
    callback = Callback.objects.first()
    page = f"{CALLBACKS}{callback.pk}/"
    assert "Delivered already: 1." in read(operator, f"{page}resend/").text
    operator.post(f"{page}resend/")
    assert Callback.objects.get(pk=callback.pk).state == "pending"


def test_the_door_to_sending_again(operator, support, gateway) -> None:
    factories.good_call(gateway)
    page = f"{CALLBACKS}{Callback.objects.first().pk}/"
    assert f"{page}resend/" in read(operator, f"{page}change/").links
    assert f"{page}resend/" not in read(support, f"{page}change/").links
    read(operator, f"{CALLBACKS}999999/resend/", status=404)


# Several at once -----------------------------------------------------------------------------------------------------
def run(client: Client, path: str, action: str, keys: list[int], **more: str):
    """Runs an action of a list as the browser does: first "Go", and with `confirmed` the answer to the question."""
    return client.post(path, {"action": action, "_selected_action": keys, **(more or {"index": "0"})}, follow=True)


def test_several_callbacks_are_sent_again_after_one_question(operator, gateway) -> None:
    factories.refused_call(gateway)
    factories.good_call(gateway)
    chosen = list(Callback.objects.order_by("pk").values_list("pk", flat=True))[:2]
    question = run(operator, CALLBACKS, "resend_selected", chosen).content.decode()
    assert "Send 2 callbacks again?" in question and 'name="confirmed" value="yes"' in question
    assert not Callback.objects.filter(state="pending").exists()
    answer = run(operator, CALLBACKS, "resend_selected", chosen, confirmed="yes").content.decode()
    assert "2 callbacks will be sent again" in answer
    assert sorted(Callback.objects.filter(state="pending").values_list("pk", flat=True)) == chosen
    assert [act for _, act, _, _ in entries()] == ["resend a callback"] * 2


def test_several_streams_are_stopped_and_those_that_ended_are_left_alone(operator, live, gateway) -> None:
    Stream.objects.filter(pk=live.streams.first().pk).update(keep_call_alive=True)
    factories.good_call(gateway, STARTED + timedelta(hours=1))
    chosen = list(Stream.objects.values_list("pk", flat=True))
    question = run(operator, STREAMS, "stop_selected", chosen).content.decode()
    assert "Stop 3 streams?" in question and "1 call may end with them" in question
    answer = run(operator, STREAMS, "stop_selected", chosen, confirmed="yes").content.decode()
    assert "2 streams asked to stop; 1 had ended already." in answer
    assert ControlRequest.objects.filter(kind="stop", requested_by="maria").count() == 2
    assert len(entries()) == 2


@pytest.mark.parametrize(("path", "action"), [(CALLBACKS, "resend_selected"), (STREAMS, "stop_selected")])
def test_support_has_no_action_that_changes_anything_and_cannot_send_one(support, live, path, action) -> None:
    before = list(Callback.objects.values())
    assert action not in support.get(path).content.decode()
    run(support, path, action, [1, 2], confirmed="yes")
    assert not ControlRequest.objects.exists() and list(Callback.objects.values()) == before and entries() == []


def test_an_action_never_reaches_further_than_what_was_ticked(operator, live) -> None:
    first = live.streams.order_by("pk").first()
    run(operator, STREAMS, "stop_selected", [first.pk], confirmed="yes")
    assert [request.stream for request in ControlRequest.objects.all()] == [first]
