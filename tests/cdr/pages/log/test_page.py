"""The debug log of a stream: everything that happened to it, in order, in four queries; a long one page by page."""

from urllib.parse import parse_qs

import pytest

from cdr.pages.log import page as debug_log
from cdr.pages.log.anchors import event_anchor
from cdr.pages.log.page import DebugLogPage, log_page
from cdr.pages.log.subject import call_log, stream_log
from cdr.pure.log.filter import LogFilter, asked_by
from streams.models import Callback, CallbackAttempt, Gateway, Stream, StreamEvent
from streams.pure.lifecycle import EventKind
from tests.cdr.call_script import CallScript, make_gateway
from tests.cdr.factories import KINDS, closed_call, live_call, reaped_call, refused_call, slow_call

pytestmark = pytest.mark.django_db
EVERYTHING = LogFilter()


@pytest.fixture
def gateway() -> Gateway:
    return make_gateway()


def log_of(call, asked: LogFilter = EVERYTHING, whole_numbers: bool = True) -> DebugLogPage:
    return log_page(stream_log(str(call.streams.get().uuid)), asked, whole_numbers=whole_numbers)


def whole_log_of(call) -> DebugLogPage:
    return log_page(call_log(str(call.uuid)), EVERYTHING, whole_numbers=True)


def query(text: str) -> LogFilter:
    return asked_by(parse_qs(text))


def test_every_row_of_the_stream_and_of_its_call_has_its_line(gateway) -> None:
    log = log_of(closed_call(gateway))
    anchors = {f"n{row.number}" for row in StreamEvent.objects.all()} | {f"c{row.message_id}" for row in Callback.objects.all()}
    anchors |= {f"a{row.callback.message_id}-{row.number}" for row in CallbackAttempt.objects.select_related("callback")}
    anchors |= {f"charge-{Stream.objects.get().uuid}"}
    assert {line.anchor for line in log.lines} == anchors
    assert log.all_count == len(log.lines) == len(anchors)


def test_the_story_of_a_stream_in_its_lines(gateway) -> None:
    words = [f"{line.offset} {line.words}" for line in log_of(slow_call(gateway)).lines if line.source in ("stream", "charge")]
    assert words == [
        "−0.180 s A stream to wss://bot.example.com/audiostream was requested by XML: inbound track as audio/x-mulaw;rate=8000.",
        "−0.179 s Connecting to wss://bot.example.com/audiostream, attempt 1 of 3.",
        "−0.010 s Connected to 203.0.113.9:443 on attempt 1 after 169 ms, subprotocol audio.drachtio.org.",
        "+0.000 s Streaming began: the first packet was sent as audio/x-mulaw;rate=8000, with 160 ms of audio waiting behind it.",
        "+31.760 s The customer's service is slow: the buffer passed 30 %, 12.0 s of audio wait (it holds 40.0 s).",
        "+43.760 s The customer's service is slow: the buffer passed 60 %, 24.0 s of audio wait (it holds 40.0 s).",
        "+55.760 s The customer's service is slow: the buffer passed 90 %, 36.0 s of audio wait (it holds 40.0 s).",
        "+59.760 s The stream ended: The customer's service did not take the audio fast enough: "
        "40.0 s were waiting, the buffer holds 40 s. 60.1 s of audio went out in 3005 packets. 38.2 s of audio were thrown away.",
        "+59.760 s Charged: 60 s → rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD.",
    ]


def test_the_parameters_of_a_callback_as_sent(gateway) -> None:
    log = log_of(closed_call(gateway))
    dropped = next(line for line in log.lines if line.words.startswith("Status callback DroppedStream"))
    pairs = dict(dropped.pairs)
    assert list(pairs) == sorted(pairs)
    assert (pairs["Event"], pairs["From"], pairs["Error"]) == (
        "DroppedStream",
        "14155550123",
        "connection disconnected with the remote service",
    )
    assert pairs["StreamID"] == str(log.subject.stream_uuid)


def test_no_secret_of_the_customer_is_in_the_log(gateway) -> None:
    assert "s3cret" not in repr(log_of(closed_call(gateway)))


def test_only_problems_and_the_first_error(gateway) -> None:
    call = closed_call(gateway)
    every, problems = log_of(call), log_of(call, query("level=problems"))
    assert [line.level.word for line in problems.lines] == ["error", "warning"]
    assert (every.problem_count, problems.problem_count, every.all_count, problems.all_count) == (2, 2, 17, 17)
    assert (every.count_words, problems.count_words) == ("17 lines", "2 of 17 lines")
    ended = StreamEvent.objects.get(kind=EventKind.STREAM_ENDED)
    assert every.first_error == problems.first_error == f"#n{ended.number}"
    assert log_of(call, query("kind=charge")).first_error == f"?#n{ended.number}"


def test_lines_of_some_groups_that_say_a_text(gateway) -> None:
    call = closed_call(gateway)
    log = log_of(call, query("kind=callback&kind=charge&q=Try+1"))
    assert [line.words[:24] for line in log.lines] == ["Status callback StartStr", "StartStream, try 1: deli", "DroppedStream, try 1 fai"]
    assert {group.name: group.lines for group in log.groups if group.chosen} == {"callback": 5, "charge": 1}
    assert log_of(call, query("q=upstream+down")).lines[0].kind == "callback_attempt"
    assert log_of(call, query("q=teapot")).count_words == "0 of 17 lines"


def test_a_text_is_looked_for_in_what_the_reader_sees(gateway) -> None:
    call = closed_call(gateway)
    assert log_of(call, query("q=4155550123")).lines
    assert not log_of(call, query("q=4155550123"), whole_numbers=False).lines
    assert log_of(call, query("q=%E2%80%A2%E2%80%A20123"), whole_numbers=False).lines


def test_offsets_of_a_stream_that_never_started_count_from_its_request(gateway) -> None:
    log = log_of(refused_call(gateway))
    assert log.subject.origin == "the request for the stream, 2024-11-23 14:01:37 UTC"
    assert next(line.offset for line in log.lines if line.words.startswith("A stream to")) == "+0.000 s"


def test_every_try_of_a_callback_and_what_became_of_it(gateway) -> None:
    tries = [line for line in log_of(refused_call(gateway)).lines if "try" in line.words and line.anchor[0] == "a"]
    assert [line.level.word for line in tries] == ["warning"] * 7 + ["error"]


def test_a_stream_sees_its_call_but_not_the_other_streams(gateway) -> None:
    call = live_call(gateway)
    first, second = call.streams.order_by("pk")
    log = log_page(stream_log(str(second.pk)), EVERYTHING, whole_numbers=True)
    assert any(line.source == "call" for line in log.lines)
    assert not {event_anchor(row) for row in first.events.all()} & {line.anchor for line in log.lines}


def test_the_log_of_a_call_has_all_its_streams(gateway) -> None:
    call = live_call(gateway)
    log = whole_log_of(call)
    assert {line.source for line in log.lines} >= {"call", *(f"stream {stream.uuid.hex[:8]}" for stream in call.streams.all())}
    assert {event_anchor(row) for row in StreamEvent.objects.all()} <= {line.anchor for line in log.lines}


def test_what_another_process_wrote_is_in_the_log(gateway) -> None:
    assert any("stopped without a word" in line.words and line.level.word == "error" for line in log_of(reaped_call(gateway)).lines)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_number_of_queries_for_every_call(kind, gateway, django_assert_num_queries) -> None:
    call = kind(gateway)
    with django_assert_num_queries(5):
        whole_log_of(call)
    for stream in call.streams.all():
        with django_assert_num_queries(4):
            log_page(stream_log(str(stream.uuid)), EVERYTHING, whole_numbers=False)


@pytest.fixture
def small_pages(monkeypatch) -> None:
    for name, value in {"PAGE_LINES": 5, "CHUNK_LINES": 5, "LAST_LINES": 3, "ENOUGH_LINES": 2, "MOST_CHUNKS": 2}.items():
        monkeypatch.setattr(debug_log, name, value)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("kind", KINDS)
def test_the_pages_of_a_long_log_are_the_log_from_both_ends(kind, gateway) -> None:
    log = call_log(str(kind(gateway).uuid))
    every = [line.anchor for line in log.lines(log.rows.after(None, 1000), str)]
    forward: list[str] = []
    page = log_page(log, EVERYTHING, whole_numbers=True)
    while True:
        forward += [line.anchor for line in page.lines]
        if not page.newer:
            break
        page = log_page(log, query(page.newer), whole_numbers=True)
    backward: list[str] = []
    page = log_page(log, query("page=last"), whole_numbers=True)
    while True:
        backward = [line.anchor for line in page.lines] + backward
        if not page.older:
            break
        page = log_page(log, query(page.older), whole_numbers=True)
    assert forward == backward == every
    assert page.all_count == len(every)


@pytest.mark.usefixtures("small_pages")
def test_a_page_of_a_long_log_says_where_it_stands_and_leads_on(gateway) -> None:
    call = closed_call(gateway)
    first, last = log_of(call), log_of(call, query("page=last"))
    assert (first.count_words, last.count_words) == ("5 lines on this page, 17 in the log", "3 lines on this page, 17 in the log")
    error = StreamEvent.objects.get(kind=EventKind.STREAM_ENDED)
    assert first.first_error == last.first_error == f"?from=n{error.number}#n{error.number}"
    there = log_of(call, query(f"from=n{error.number}"))
    assert there.lines[0].anchor == f"n{error.number}" and there.older == f"before=n{error.number}"
    assert log_of(call, query(last.live_query)).lines == last.lines
    assert log_of(call, query("from=n999999")).lines == log_of(call, query("from=teapot7")).lines == first.lines


@pytest.mark.usefixtures("small_pages")
def test_a_narrowed_page_of_a_long_log_looks_further_but_not_for_ever(gateway, django_assert_max_num_queries) -> None:
    call = closed_call(gateway)
    with django_assert_max_num_queries(2 + 3 * 2 + 4):
        page = log_of(call, query("level=problems"))
    assert (page.looked_through, page.lines) == (10, [])
    assert [line.level.word for line in log_of(call, query(page.newer)).lines] == ["error", "warning"]


def test_an_empty_call_has_an_empty_log(gateway) -> None:
    call = CallScript(gateway)
    call.add(EventKind.CALL_STARTED, 0)
    row = call.save()
    StreamEvent.objects.all().delete()
    assert whole_log_of(row).lines == []


def test_there_is_no_such_log() -> None:
    assert stream_log("17") is None
    assert call_log("nonsense") is None
