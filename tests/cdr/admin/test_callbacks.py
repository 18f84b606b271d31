"""The list of status callbacks and the page of one."""

import pytest
from django.urls import reverse

from streams.models import Callback, Gateway
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import CallScript, make_gateway

LIST = "/admin/streams/callback/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def test_the_columns(support, gateway) -> None:
    call = factories.closed_call(gateway)
    heads, dropped, started = read(support, LIST).rows
    assert heads[:6] == ["Created (UTC)", "State", "Last answer", "Event", "Stream", "Host"]
    assert heads[6:] == ["Tries", "Next try (UTC)", "Finished (UTC)", "Account"]
    short = call.streams.get().uuid.hex[:8]
    assert dropped == [
        "2024-11-23 14:02:02",
        "✓ delivered",
        "HTTP 200",
        "DroppedStream",
        short,
        "hooks.example.com:443",
        "2",
        "–",
        "2024-11-23 14:02:07",
        "Acme Robotics",
    ]
    assert started[3] == "StartStream"


@pytest.mark.parametrize(("status", "badge", "answer"), [(500, "▲ retrying · 4 × 500", "HTTP 500"), (None, "▲ retrying · 4 ×", "none")])
def test_one_that_keeps_failing_says_so_before_it_is_given_up(support, gateway, status, badge, answer) -> None:
    script = CallScript(gateway).answered()
    script.streaming()
    callback = Callback.objects.get(stream__call=script.save())
    for after in range(4):
        factories.tried(callback, after, 10, status=status, error="It failed.")
    (_, row) = read(support, LIST).rows
    assert (row[1], row[2], row[6]) == (badge, answer, "4")
    assert badge in read(support, reverse("admin:streams_callback_change", args=[callback.pk])).text


def test_the_page_of_a_callback(support, gateway) -> None:
    factories.closed_call(gateway)
    callback = Callback.objects.get(event="DroppedStream")
    page = read(support, reverse("admin:streams_callback_change", args=[callback.pk]))
    assert "1 2024-11-23 14:02:02.610 12 ms 198.51.100.4:443 503 The endpoint answered 503" in page.text
    assert "Error: connection disconnected with the remote service" in page.text
    log = reverse("admin:cdr_streamdetail_debug_log", args=[callback.stream.uuid])
    assert f"{log}#c{callback.message_id}" in page.links
    read(support, f"{LIST}999999/change/", status=404)


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ("event=StartStream", {"StartStream"}),
        ("state=given_up", {"DroppedStream"}),
        ("state=pending", set()),
        ("host=hooks.example", {"StartStream", "DroppedStream"}),
        ("host=other", set()),
        ("event=&state=&host=", {"StartStream", "DroppedStream"}),
    ],
)
def test_filters(support, gateway, query, events) -> None:
    factories.closed_call(gateway)
    factories.refused_call(gateway)
    assert {row[3] for row in read(support, f"{LIST}?{query}").rows[1:]} == events


def test_search_by_stream_call_and_message_id(support, gateway) -> None:
    call = factories.closed_call(gateway)
    factories.closed_call(gateway)
    callback = Callback.objects.filter(stream__call=call).first()
    for text, count in ((call.uuid, 2), (callback.stream.uuid.hex[:12], 2), (callback.message_id, 1), ("msg_nothing", 0)):
        assert len(read(support, f"{LIST}?q={text}").rows[1:]) == count
