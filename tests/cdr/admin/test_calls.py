"""The list of calls and the page of a call, as a support person sees them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cdr.admin.lists.records import RecordAdmin
from cdr.pages.call import call_page
from cdr.pages.log.anchors import event_anchor
from streams.models import Call, ControlRequest, Gateway
from tests.cdr import factories
from tests.cdr.admin.reading import read
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.desk.two_accounts import at_desk
from tests.rows_again import made_once

LIST = "/admin/cdr/calldetail/"


@pytest.fixture
def gateway(db) -> Gateway:
    return make_gateway()


def page_of(call: Call) -> str:
    return reverse("admin:cdr_calldetail_change", args=[call.uuid])


def test_the_columns(operator, gateway) -> None:
    factories.closed_call(gateway)
    heads, row = read(operator, LIST).rows
    assert heads == ["Started (UTC)", "From", "To", "Duration", "Streams", "Hangup reasons", "Billed", "State", "Account"]
    assert row == [
        "2024-11-23 14:01:37", "+14155550123", "+18005550100", "0:59", "1", "✕ Connection error", "0.00300 USD", "ended", "Acme Robotics",
    ]  # fmt: skip


def test_calls_that_are_live_or_had_no_stream(support, gateway) -> None:
    factories.live_call(gateway)
    factories.bad_answer_call(gateway)
    _, bad, live = read(support, LIST).rows
    assert bad[4:8] == ["0", "✕ 8011 Invalid Answer XML", "–", "ended"]
    assert live[4:8] == ["2", "–", "–", "● live"]


@made_once
def thirteen_calls() -> None:
    factories.fill(timezone.now(), 13)


def test_the_newest_call_is_first_and_pages_hold_fifty(support, monkeypatch) -> None:
    assert RecordAdmin.list_per_page == 50
    monkeypatch.setattr(RecordAdmin, "list_per_page", 8)
    thirteen_calls()
    page = read(support, LIST)
    assert len(page.rows) == 9 and "the newest 8 calls" in page.text
    times = [row[0] for row in page.rows[1:]]
    assert times == sorted(times, reverse=True)


SEARCHES = ["", "?q=26b958", "?q=%2B1415", "?q=bot.example.com"]


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        (LIST, [*SEARCHES, "?reason=Connection+error&state=ended&when=week&from=00:00&q=415"]),
        ("/admin/cdr/streamdetail/", [*SEARCHES, "?reason=Connection+error&state=ended&when=week&from=00:00&q=415"]),
        ("/admin/streams/callback/", [*SEARCHES, "?event=DroppedStream&state=given_up&when=week&host=hooks&q=26b958"]),
    ],
)
def test_at_most_eight_queries_a_list_whatever_is_in_it(support, django_assert_max_num_queries, path, queries) -> None:
    thirteen_calls()
    for query in queries:
        with django_assert_max_num_queries(8):
            assert support.get(path + query).status_code == 200


@pytest.mark.parametrize("kind", [*factories.KINDS, factories.many_streams_call])
def test_at_most_eight_queries_a_page_and_one_for_the_prices_of_live_streams(support, gateway, django_assert_max_num_queries, kind) -> None:
    call = kind(gateway)
    with django_assert_max_num_queries(8 + (call.state == "live")):
        read(support, page_of(call))


def test_the_page_of_a_call_shows_what_plivo_shows_of_a_stream(support, gateway) -> None:
    call = factories.closed_call(gateway)
    stream = call.streams.get()
    page = read(support, page_of(call))
    for words in (
        f"Stream UUID {stream.uuid}",
        "Stream start time (UTC) 2024-11-23 14:01:37",
        "Stream end time (UTC) 2024-11-23 14:02:02",
        "Duration 25 s",
        "Rounded bill duration 60 s",
        "Billed amount 0.00300 USD",
        "Hangup reason Connection error",
        "Service URL wss://bot.example.com/audiostream",
        "WebSocket close code 1011 (internal error)",
        "Status callbacks 2 delivered",
        f"Call UUID {call.uuid}",
        "Hangup cause 4000 Normal Hangup",
    ):
        assert words in page.text
    assert reverse("admin:cdr_streamdetail_debug_log", args=[stream.uuid]) in page.links
    assert reverse("admin:cdr_calldetail_debug_log", args=[call.uuid]) in page.links


def test_beside_the_streams_stands_what_happened_in_order(support, gateway) -> None:
    call = factories.closed_call(gateway)
    page = read(support, page_of(call))
    assert {event_anchor(event) for event in call.events.all()} <= page.ids
    for words in (
        "What happened, in order",
        "The application's answer URL was asked: POST https://app.example.com/answer.",
        "DroppedStream, try 1 failed at 198.51.100.4:443 after 12 ms: The endpoint answered 503",
        "Bill: 25 s → rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD",
        "Closed by the customer's service",
    ):
        assert words in page.text


def test_the_level_of_a_buffer_is_drawn_and_told(support, gateway) -> None:
    html = support.get(page_of(factories.slow_call(gateway))).content.decode()
    for part in (
        'class="chart chart-bad"',
        '<line class="mark" x1="0" x2="600" y1="70" y2="70"/>',
        ">Buffer level from 14:01:37 to 14:02:37</title>",
        "It passed 30 % at 14:02:09, 60 % at 14:02:21 and 90 % at 14:02:33.</desc>",
        "Send latency, from arrival to the service&#x27;s socket</dt><dd>p50 0.2 ms, p99 0.3 ms, longest 40.1 s</dd>",
    ):
        assert part in html
    assert 'class="chart' not in support.get(page_of(factories.bad_answer_call(gateway))).content.decode()


def test_the_page_of_a_live_call_says_as_of_when_it_is(support, gateway) -> None:
    call = factories.live_call(gateway)
    page = read(support, page_of(call))
    assert "As of " in page.text and "UTC. Refresh" in page.text
    assert page_of(call) in page.links
    assert "Refresh" not in read(support, page_of(factories.good_call(gateway))).text


def test_of_many_streams_the_lesser_facts_are_folded(support, gateway) -> None:
    many, few = (support.get(page_of(kind(gateway))).content.decode() for kind in (factories.many_streams_call, factories.live_call))
    assert many.count('<details class="more">') == 5 and few.count('<details class="more" open>') == 2


def test_the_story_stands_on_the_page(support, gateway) -> None:
    text = read(support, page_of(factories.closed_call(gateway))).text
    assert "the call ended after 59 s with 4000 Normal Hangup." in text
    assert "The customer's service closed the connection: 1011 (internal error), “worker crashed”." in text


def test_a_call_is_found_by_uuid_and_by_its_number_in_the_table(support, gateway) -> None:
    call = factories.good_call(gateway)
    for key in (call.uuid, call.uuid.hex, call.pk):
        assert str(call.uuid) in read(support, f"{LIST}{key}/change/").text
    for key in ("0", "nonsense", "26b95870-2b2f-45be-88dc-aedd0fcccec6"):
        read(support, f"{LIST}{key}/change/", status=404)
        read(support, f"{LIST}{key}/debug-log/", status=404)


def row_page(call: Call, page: str = "change") -> str:
    return reverse(f"admin:cdr_calldetail_{page}", args=[call.pk])


def test_rows_link_to_the_page_of_their_call(support, gateway) -> None:
    call = factories.good_call(gateway)
    assert row_page(call) in read(support, LIST).links


@pytest.fixture
def alike(gateway) -> tuple[Call, Call]:
    """Two accounts have a call of one uuid, both live."""
    mine, theirs = factories.live_call(gateway), factories.live_call(make_gateway("pbx-2", "Another"))
    Call.objects.filter(pk=theirs.pk).update(uuid=mine.uuid)
    theirs.refresh_from_db()
    return mine, theirs


def test_a_uuid_of_two_accounts_leads_to_both_calls(operator, alike) -> None:
    led_to = operator.get(page_of(alike[0])).headers["location"]
    listed = {link.partition("?")[0] for link in read(operator, led_to).links}
    assert led_to == f"{LIST}?q={alike[0].uuid}" and {row_page(call) for call in alike} <= listed
    for call in alike:
        page = read(operator, row_page(call))
        assert call.account.name in page.text and {row_page(call, "debug_log"), row_page(call, "hang_up")} <= set(page.links)
        log = operator.get(row_page(call, "debug_log")).content.decode()
        assert call.account.name in log and f"/admin/live/call/{call.pk}/" in log
        stream = read(operator, reverse("admin:cdr_streamdetail_change", args=[call.streams.first().uuid]))
        assert row_page(call) in stream.links


def test_what_is_asked_of_one_is_not_asked_of_the_other(operator, alike) -> None:
    for page in ("hang_up", "send_digits", "debug_log"):
        read(operator, reverse(f"admin:cdr_calldetail_{page}", args=[alike[0].uuid]), status=404)
    assert operator.post(reverse("admin:cdr_calldetail_hang_up", args=[alike[0].uuid])).status_code == 404
    operator.post(row_page(alike[1], "hang_up"))
    assert [request.call for request in ControlRequest.objects.all()] == [alike[1]]


def test_only_those_who_may_stop_streams_see_the_button(support, operator, gateway) -> None:
    call = factories.live_call(gateway)
    stop = reverse("admin:cdr_streamdetail_stop", args=[call.streams.first().uuid])
    assert stop in read(operator, page_of(call)).links
    assert stop not in read(support, page_of(call)).links


def test_an_ended_stream_has_no_button(operator, gateway) -> None:
    assert not [link for link in read(operator, page_of(factories.good_call(gateway))).links if "stop" in link]


def test_the_log_of_a_call(support, gateway) -> None:
    call = factories.live_call(gateway)
    page = read(support, reverse("admin:cdr_calldetail_debug_log", args=[call.uuid]))
    assert {event_anchor(event) for event in call.events.all()} <= page.ids


def test_of_dozens_of_streams_those_that_went_wrong_are_shown_and_the_newest(support, db) -> None:
    script = CallScript(make_gateway()).answered(streams=60)
    streams = [script.streaming(0.2 + number / 100) for number in range(60)]
    for number, stream in enumerate(streams[:-1]):
        wrong = number % 10 == 5
        ended = ("customer_closed", "The customer's service closed.") if wrong else ("call_ended", "The gateway hung up.")
        script.stream_ended(stream, 30 + number / 10, *ended)
    call = script.save()
    page = call_page(str(call.uuid), call.started_at)
    assert page and (len(page.streams), page.left_out, page.live_streams) == (20, 40, 1)
    assert [stream.uuid for stream in page.streams][-4:] == streams[-4:] and page.streams[0].uuid == streams[5]
    address = f"/admin/cdr/calldetail/{call.uuid}/change/"
    shown = read(support, address)
    assert "40 more streams are not shown here" in shown.text and f"/admin/cdr/streamdetail/?q={call.uuid}" in shown.links
    assert len(shown.html) < 500_000
    assert len(read(support, f"/admin/cdr/streamdetail/?q={call.uuid}").rows) == 51
    at_the_desk = read(at_desk(call.account.name), f"/desk/calls/{call.uuid}/")
    assert "40 more streams are not shown here" in at_the_desk.text and f"/desk/streams/?q={call.uuid}" in at_the_desk.links
