"""The time line of a page: everything on it while that is little, what tells most when it is much, in two queries either way."""

from datetime import timedelta

import pytest

from cdr.pages.call import call_page
from cdr.pages.log.anchors import event_anchor
from cdr.pages.log.timeline import SHOWN_CALLBACKS, SHOWN_EVENTS, find
from cdr.pages.stream_page import stream_page
from streams.models import Call, Callback, Gateway, StreamEvent
from streams.pure.lifecycle import EventKind as K
from streams.pure.lifecycle import Level
from tests.cdr.call_script import STARTED, CallScript, make_gateway
from tests.cdr.factories import KINDS, closed_call, live_call, many_streams_call, tried

pytestmark = pytest.mark.django_db
NOW = STARTED + timedelta(minutes=5)


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def long_call(gateway: Gateway, digits: int) -> Call:
    """A warning in the middle of many digits."""
    script = CallScript(gateway).answered()
    stream = script.streaming()
    for number in range(digits):
        script.add(K.CALL_DTMF, 1 + number, digit=str(number % 10))
        if number == digits // 2:
            script.add(K.CUSTOMER_MESSAGE_IGNORED, 1 + number, stream, Level.WARNING, problem="It is no JSON.", count=1)
    script.stream_ended(stream, 1 + digits, "call_ended", "The gateway hung up.", Level.INFO)
    script.call_ended(1 + digits)
    return script.save()


def rows_of(call: Call):
    return find(StreamEvent.objects.filter(call=call), Callback.objects.filter(stream__call=call))


@pytest.mark.parametrize("kind", [*KINDS, many_streams_call])
def test_everything_is_on_the_time_line_with_the_anchors_of_the_debug_log(kind, gateway) -> None:
    call = kind(gateway)
    timeline = call_page(str(call.uuid), NOW).timeline
    anchors = {event_anchor(event) for event in call.events.all()}
    for callback in Callback.objects.filter(stream__call=call):
        anchors |= {f"c{callback.message_id}"} | {f"a{callback.message_id}-{attempt.number}" for attempt in callback.attempts.all()}
    anchors |= {f"charge-{stream.uuid}" for stream in call.streams.all() if hasattr(stream, "charge")}
    assert sorted(line.anchor for line in timeline.lines) == sorted(anchors)
    assert not any(entry.left_out for entry in timeline.entries) and timeline.note == ""


def test_quiet_lines_are_folded(gateway) -> None:
    entries = call_page(str(closed_call(gateway).uuid), NOW).timeline.entries
    assert [(entry.folded, entry.lines[0].words) for entry in entries if entry.folded] == [
        ("1 quiet line", "The first audio came from the call, 22 ms after the gateway had connected.")
    ]


def test_of_a_long_call_the_first_and_last_lines_and_what_tells_most(gateway, django_assert_num_queries) -> None:
    call = long_call(gateway, 300)
    with django_assert_num_queries(4):
        page = call_page(str(call.uuid), NOW)
    cut = [entry for entry in page.timeline.entries if entry.left_out]
    assert len(cut) == 1 and "warnings, errors and how streams began and ended" in cut[0].left_out
    words = [line.words for line in page.timeline.lines]
    assert len(words) < 2 * SHOWN_EVENTS + 10
    assert words[0].startswith("The call came in") and any("ignored: It is no JSON" in line for line in words)
    assert any(line.startswith("The call ended") for line in words)


def test_a_call_of_just_as_many_events_is_shown_whole(gateway) -> None:
    whole = long_call(gateway, 1)
    spare = 2 * SHOWN_EVENTS - whole.events.count()
    just, over = long_call(gateway, 1 + spare), long_call(gateway, 2 + spare)
    assert (just.events.count(), rows_of(just).cut) == (2 * SHOWN_EVENTS, False)
    assert (over.events.count(), rows_of(over).cut) == (2 * SHOWN_EVENTS + 1, True)
    assert call_page(str(over.uuid), NOW).timeline.entries


def test_many_callbacks_are_cut_and_that_is_said(gateway) -> None:
    call = closed_call(gateway)
    first = Callback.objects.filter(stream__call=call).first()
    rows = []
    for number in range(100, 100 + 3 * SHOWN_CALLBACKS):
        values = {name: getattr(first, name) for name in ("stream", "account", "url", "method", "host", "parameters", "created_at")}
        rows.append(Callback(number=number, event="PlayedStream", message_id=f"m{number}", **values))
    Callback.objects.bulk_create(rows)
    timeline = call_page(str(call.uuid), NOW).timeline
    assert sum(line.kind == "callback" for line in timeline.lines) == 2 * SHOWN_CALLBACKS + 1
    assert timeline.note == f"Only the first and the last {SHOWN_CALLBACKS} status callbacks are here."


def test_a_callback_that_was_not_tried_yet_is_there_once_and_tries_come_in_order(gateway) -> None:
    call = live_call(gateway)
    callback = Callback.objects.get(stream__call=call)
    callback.attempts.all().delete()
    assert [row.pk for row in rows_of(call).callbacks] == [callback.pk] and rows_of(call).attempts == []
    for after in (1, 5, 30):
        tried(callback, after, 9, status=503, error="It answered 503.")
    found = rows_of(call)
    assert [attempt.number for attempt in found.attempts][-3:] == sorted(attempt.number for attempt in found.attempts)[-3:]
    assert len(found.callbacks) == 1 and all(attempt.callback is found.callbacks[0] for attempt in found.attempts)


def test_a_streams_time_line_has_its_calls_events_and_not_its_neighbours(gateway) -> None:
    call = live_call(gateway)
    one, other = call.streams.order_by("pk")
    lines = [line.anchor for line in stream_page(str(one.uuid), NOW).timeline.lines]
    assert {event_anchor(event) for event in call.events.all() if event.stream_id != other.pk} <= set(lines)
    assert not {event_anchor(event) for event in other.events.all()} & set(lines)
