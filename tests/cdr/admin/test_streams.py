"""The list of streams, the page of a stream, its debug log, and the stopping of a live one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cdr.pages.log.anchors import event_anchor
from streams.models import Call, ControlRequest, Gateway, Stream
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import STARTED, make_gateway

LIST = "/admin/cdr/streamdetail/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def address(page: str, stream: Stream) -> str:
    return reverse(f"admin:cdr_streamdetail_{page}", args=[stream.uuid])


def test_the_columns(support, gateway) -> None:
    call = factories.slow_call(gateway)
    stream = call.streams.get()
    (_, *heads), (_, *row) = read(support, LIST).rows
    assert heads == [
        "Start (UTC)", "Stream", "Call", "Service host", "Duration", "Rounded", "Billed", "Hangup reason", "State", "Degraded",
        "Slowest response", "Account",
    ]  # fmt: skip
    assert row == [
        "2024-11-23 14:01:37", stream.uuid.hex[:8], call.uuid.hex[:8], "bot.example.com", "1:00", "60 s", "0.00300 USD",
        "✕ Connection error", "ended", "▲ 90 %", "–", "Acme Robotics",
    ]  # fmt: skip


def test_streams_that_never_started_or_are_not_charged_yet(support, gateway) -> None:
    factories.refused_call(gateway)
    factories.live_call(gateway, STARTED + timedelta(hours=1))
    _, connecting, streaming, never = (row[1:] for row in read(support, LIST).rows)
    assert (connecting[0], connecting[4:9]) == ("(2024-11-23 15:01:37)", ["–", "–", "–", "–", "○ connecting"])
    assert streaming[5] == "–" and streaming[6].endswith(" USD so far")
    assert streaming[7:9] == ["–", "● streaming"]
    assert (never[0], never[4:9]) == ("(2024-11-23 14:01:37)", ["0:00", "0 s", "0.00000 USD", "✕ Connection error", "▲ never started"])


def test_the_page_of_a_stream_leads_to_its_log_and_its_call(support, gateway) -> None:
    stream = factories.closed_call(gateway).streams.get()
    page = read(support, address("change", stream))
    assert "WebSocket close code 1011" in page.text and str(stream.uuid) in page.text
    assert {address("debug_log", stream), reverse("admin:cdr_calldetail_change", args=[stream.call_id])} <= set(page.links)


def test_the_log_has_an_anchor_on_every_line_and_a_link_to_it(support, gateway) -> None:
    stream = factories.closed_call(gateway).streams.get()
    page = read(support, address("debug_log", stream))
    anchors = [event_anchor(event) for event in stream.call.events.all()] + [
        f"c{callback.message_id}" for callback in stream.callbacks.all()
    ]
    assert set(anchors) <= page.ids
    assert {f"{address('debug_log', stream)}#{anchor}" for anchor in anchors} <= set(page.links)


def test_the_page_has_what_its_calls_page_has(support, gateway, django_assert_max_num_queries) -> None:
    stream = factories.slow_call(gateway).streams.get()
    with django_assert_max_num_queries(8):
        page = read(support, address("change", stream))
    assert {event_anchor(event) for event in stream.events.all()} <= page.ids
    for words in ("did not take the audio fast enough", "It passed 30 %", "Bill: 60 s → rounded up to 60 s", "p50 20 ms, p99 21 ms"):
        assert words in page.text


def test_the_list_says_on_hover_who_closed_with_which_code(support, gateway) -> None:
    factories.closed_call(gateway)
    factories.good_call(gateway)
    html = support.get("/admin/cdr/streamdetail/").content.decode()
    assert html.count('title="Closed by the customer&#x27;s service: 1011 (internal error)"') == 1


def test_the_log_in_words(operator, gateway) -> None:
    text = read(operator, address("debug_log", factories.closed_call(gateway).streams.get())).text
    for words in (
        "14:01:37.590 +0.000 s ○ info stream Streaming began: the first packet was sent",
        "14:02:02.590 +25.000 s ✕ error stream The stream ended: The customer's service closed the connection: 1011 (internal error)",
        "callback DroppedStream, try 1 failed at 198.51.100.4:443 after 12 ms: The endpoint answered 503",
        "charge Charged: 25 s → rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD.",
        "Error: connection disconnected with the remote service Event: DroppedStream From: 14155550123 ParentAuthID: MA",
        "Offsets count from the first packet, 2024-11-23 14:01:37 UTC.",
    ):
        assert words in text


def test_the_log_of_problems_only(support, gateway) -> None:
    stream = factories.closed_call(gateway).streams.get()
    every, problems = read(support, address("debug_log", stream)), read(support, address("debug_log", stream) + "?level=problems")
    assert "Streaming began" in every.text and "Streaming began" not in problems.text
    assert "The stream ended" in problems.text
    ended = stream.events.get(kind="stream_ended")
    assert f"{address('debug_log', stream)}#{event_anchor(ended)}" in every.links


def test_the_log_takes_eight_queries_at_most(support, gateway, django_assert_max_num_queries) -> None:
    stream = factories.slow_call(gateway).streams.get()
    with django_assert_max_num_queries(8):
        read(support, address("debug_log", stream))


# Stopping ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def live(gateway) -> Stream:
    return factories.live_call(gateway).streams.order_by("pk").first()


def test_stopping_asks_first(operator, live) -> None:
    page = read(operator, address("stop", live))
    assert "Stop this stream?" in page.text and "The call itself goes on." in page.text
    assert not ControlRequest.objects.exists()


def test_stopping_asks_the_process_that_holds_the_call(operator, live) -> None:
    response = operator.post(address("stop", live), follow=True)
    request = ControlRequest.objects.get()
    assert (request.stream, request.kind, request.requested_by, request.finished_at) == (live, "stop", "maria", None)
    assert response.redirect_chain[0][0] == reverse("admin:cdr_calldetail_change", args=[live.call_id])
    assert "was asked to stop" in response.content.decode()


def test_a_stream_that_keeps_the_call_alive_says_that_the_call_ends(operator, live) -> None:
    Stream.objects.filter(pk=live.pk).update(keep_call_alive=True)
    assert "The call ends with it" in read(operator, address("stop", live)).text


def test_a_stream_that_has_ended_meanwhile_is_left_alone(operator, gateway) -> None:
    stream = factories.good_call(gateway).streams.get()
    assert "has ended already" in read(operator, address("stop", stream)).text
    assert "Nothing was done." in operator.post(address("stop", stream), follow=True).content.decode()
    assert not ControlRequest.objects.exists()


def test_a_stream_of_a_call_that_has_ended_is_left_alone(operator, live) -> None:
    Call.objects.update(state="ended")
    assert "Nothing was done." in operator.post(address("stop", live), follow=True).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_support_may_not_stop(support, live, method) -> None:
    assert getattr(support, method)(address("stop", live)).status_code == 403
    assert not ControlRequest.objects.exists()


def test_stopping_needs_the_csrf_token(operator, live) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post(address("stop", live)).status_code == 403
    assert not ControlRequest.objects.exists()


def test_only_get_and_post(operator, live) -> None:
    assert operator.delete(address("stop", live)).status_code == 405
    assert operator.post(f"{LIST}nonsense/stop/").status_code == 404
