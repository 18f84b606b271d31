"""Rows become lines: in order of time, each with a stable anchor, its level, its words and what it carried."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from cdr.pure.log.lines import Pair, lines, parameters_as_sent, with_days
from cdr.pure.log.rows import AttemptRow, CallbackRow, ChargeRow, EventRow

START = datetime(2026, 11, 23, 23, 59, 59, 500_000, UTC)
PARAMETERS = [["To", "1800"], ["CallUUID", "7aea"], ["Event", "StartStream"]]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(
    id: int, seconds: float, kind: str = "connect_started", level: str = "info", number: int | None = None, **details: object
) -> EventRow:
    return EventRow(id, at(seconds), kind, level, details, "stream", number, anchor=f"n{id}")


def callback(id: int = 45, seconds: float = 0, state: str = "delivered", tries: int = 1, **more: object) -> CallbackRow:
    return CallbackRow(id, at(seconds), "StartStream", "POST", "https://hooks.example/s", state, tries, PARAMETERS, anchor=f"c{id}", **more)


def attempt(id: int = 67, seconds: float = 0, **more: object) -> AttemptRow:
    values = {"duration_ms": 38, "address": "198.51.100.4:443", "status": 200, "error": "", "response_head": ""} | more
    return AttemptRow(id, at(seconds), "StartStream", 1, anchor=f"a{id}", **values)


def charge(seconds: float = 0, started: bool = True) -> ChargeRow:
    return ChargeRow(
        9,
        at(seconds),
        25 if started else 0,
        60 if started else 0,
        Decimal("0.003"),
        60,
        "USD",
        Decimal("0.00300" if started else 0),
        started,
        anchor="charge-9",
    )


def test_lines_come_in_order_of_time_with_an_anchor_for_each_row() -> None:
    made = lines([attempt(seconds=3), callback(seconds=2), event(123, 1), charge(2.5)], START)
    assert [line.anchor for line in made] == ["n123", "c45", "charge-9", "a67"]
    assert [line.source for line in made] == ["stream", "callback", "charge", "callback"]


def test_of_one_instant_events_come_in_the_order_of_their_notes_then_charge_callback_and_try() -> None:
    rows = [attempt(), callback(), charge(), event(7, 0, number=3), event(8, 0, number=2), event(9, 0, number=None)]
    assert [line.anchor for line in lines(rows, START)] == ["n9", "n8", "n7", "charge-9", "c45", "a67"]


def test_times_are_utc_with_milliseconds_and_an_offset_from_the_origin() -> None:
    before, after = lines([event(1, -0.34), event(2, 0.123)], START)
    assert (before.clock, before.offset, before.iso) == ("23:59:59.160", "−0.340 s", "2026-11-23T23:59:59.160+00:00")
    assert (after.clock, after.offset) == ("23:59:59.623", "+0.123 s")


def test_the_date_stands_on_the_first_line_of_each_day() -> None:
    assert [line.new_day for line in lines([event(1, 0), event(2, 0.1), event(3, 1), event(4, 2)], START)] == [
        "2026-11-23",
        "",
        "2026-11-24",
        "",
    ]


def test_the_date_stands_on_the_first_line_of_each_day_that_is_left() -> None:
    made = lines([event(1, 0), event(2, 0.1), event(3, 1), event(4, 2)], START)
    assert [line.new_day for line in with_days(made[1:2] + made[3:])] == ["2026-11-23", "2026-11-24"]
    assert [line.new_day for line in with_days(made + lines([event(5, 3)], START))] == ["2026-11-23", "", "2026-11-24", "", ""]


def test_a_line_says_how_bad_it_is_what_kind_it_is_and_to_which_group_it_belongs() -> None:
    events = [event(1, 0, "buffer_degraded", "warning"), event(2, 1, "call_teleported")]
    made = lines([*events, charge(2), callback(seconds=3), attempt(seconds=4, error="Refused.")], START)
    assert [(line.kind, line.group, line.problem, line.offset_ms) for line in made] == [
        ("buffer_degraded", "buffer", True, 0),
        ("call_teleported", "other", False, 1000),
        ("charge", "charge", False, 2000),
        ("callback", "callback", False, 3000),
        ("callback_attempt", "callback", True, 4000),
    ]


def test_an_answer_is_shown_line_by_line_and_what_it_was_asked_with_by_name() -> None:
    answered = event(1, 0, "call_answered", document="<Response>\n  <Stream>\x00</Stream>\n</Response>")
    asked = event(2, 1, "call_answer_requested", parameters=[["To", "1800"], ["From", "1415"]])
    first, second = lines([answered, asked], START)
    assert first.pairs == (Pair("document", "<Response>\n  <Stream>\ufffd</Stream>\n</Response>"),)
    assert second.pairs == (Pair("parameters", "From: 1415\nTo: 1800"),)
    assert [pair.gap for pair in (*first.pairs, Pair("a", "b"))] == ["\n", " "]


def test_passwords_in_urls_are_hidden_in_words_and_details() -> None:
    line = lines([event(1, 0, "connect_started", url="wss://maria:s3cret@bot.example/a", other="ws://s3cret@x/?to=a@b")], START)[0]
    assert line.words == "Connecting to wss://***@bot.example/a."
    assert line.pairs == (Pair("other", "ws://***@x/?to=***"),)


def test_what_the_words_do_not_say_stands_in_the_pairs_in_order_of_names() -> None:
    line = lines([event(1, 0, "stream_ended", words="It ended.", http_status=502, close_code=1006, nothing=None)], START)[0]
    assert line.words == "The stream ended: It ended."
    assert line.pairs == (Pair("close_code", "1006 (no close frame came)"), Pair("http_status", "502"))


def test_a_streams_request_is_laid_flat_and_the_values_of_extra_headers_are_hidden() -> None:
    request = {
        "service_url": "wss://bot.example/a",
        "extra_headers": "tenant=acme;token=s3cret",
        "keep_call_alive": True,
        "audio_track": "both",
    }
    line = lines([event(1, 0, "stream_requested", source="XML", request=request)], START)[0]
    assert line.words == "A stream to wss://bot.example/a was requested by XML: both track."
    assert line.pairs == (Pair("extra_headers", "tenant=(hidden); token=(hidden)"), Pair("keep_call_alive", "true"))


def test_what_of_a_request_was_taken_otherwise_is_said() -> None:
    request, problem = {"service_url": "wss://bot.example/a"}, "noise_cancellation_level is '130'; it is taken as 100."
    line = lines([event(1, 0, "stream_requested", source="API", request=request, problem=problem)], START)[0]
    assert line.words == f"A stream to wss://bot.example/a was requested by API. {problem}"


def test_details_that_are_no_object_count_as_empty() -> None:
    odd: list[object] = [[], "text", None, 5]
    for details in odd:
        assert lines([EventRow(1, START, "call_dtmf", "info", details, "call")], START)[0].pairs == ()  # type: ignore[arg-type]


def test_a_callback_says_what_became_of_it() -> None:
    rows = [
        callback(1),
        callback(2, state="given_up", tries=8),
        callback(3, state="pending", tries=1, due_at=at(5)),
        callback(4, state="pending", tries=0),
    ]
    ends = [line.words.rpartition(": ")[2] for line in lines(rows, START)]
    assert ends == [
        "delivered at try 1.",
        "given up after 8 tries.",
        "not delivered yet; the next try is due at 2026-11-24 00:00:04.",
        "not delivered yet.",
    ]


def test_a_callback_shows_its_parameters_as_sent_in_order_of_names() -> None:
    assert lines([callback()], START)[0].pairs == (Pair("CallUUID", "7aea"), Pair("Event", "StartStream"), Pair("To", "1800"))


def test_parameters_that_are_no_pairs_are_left_out_and_hidden_headers_stay_hidden() -> None:
    assert parameters_as_sent([["a", 1], ["b"], "cd", None, ["extraHeaders", "x=1"]]) == [
        Pair("a", "1"),
        Pair("extraHeaders", "x=(hidden)"),
    ]
    assert parameters_as_sent({"a": 1}) == parameters_as_sent("ab") == parameters_as_sent(None) == []


def test_a_try_that_was_answered() -> None:
    line = lines([attempt(response_head="OK\nfine")], START)[0]
    assert line.words == "StartStream, try 1: delivered at 198.51.100.4:443 in 38 ms (HTTP 200)."
    assert (line.level.word, line.pairs) == ("info", (Pair("Answer", "OK\nfine"),))


def test_a_try_that_failed() -> None:
    line = lines([attempt(status=None, address="", duration_ms=15_000, error="No answer within 15 s.")], START)[0]
    assert (line.level.word, line.words) == ("warning", "StartStream, try 1 failed after 15.0 s: No answer within 15 s.")
    line = lines([attempt(status=503, error="It should answer 2xx.")], START)[0]
    assert line.words == "StartStream, try 1 failed at 198.51.100.4:443 after 38 ms: It should answer 2xx (HTTP 503)."


def test_the_last_try_of_a_callback_that_was_given_up_is_an_error() -> None:
    assert lines([attempt(error="Gone.", given_up=True)], START)[0].level.word == "error"


def test_the_charge_says_how_it_was_made() -> None:
    words = "Charged: 25 s → rounded up to 60 s (1 interval of 60 s) × 0.003 USD per interval = 0.00300 USD."
    assert lines([charge()], START)[0].words == words
    words = "Charged: 0.00000 USD, for the stream never sent a packet."
    assert lines([charge(started=False)], START)[0].words == words


def test_hostile_characters_are_made_visible() -> None:
    line = lines([event(1, 0, "customer_message_ignored", problem="a\u202eb", sample="\x1b[31m")], START)[0]
    assert "\u202e" not in line.words and line.pairs == (Pair("sample", "\ufffd[31m"),)
