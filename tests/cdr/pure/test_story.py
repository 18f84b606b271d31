"""The sentences a support person reads out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cdr.pure.story import CAUSES, StoryFacts, StreamFacts, tell
from streams.pure.lifecycle import EndCause

START = datetime(2026, 11, 23, 14, 1, 37, tzinfo=UTC)
END = START + timedelta(seconds=59)
NOW = START + timedelta(minutes=4)
CALL = StoryFacts("+14155550123", "+18005550100", START, END, "4000 Normal Hangup", "Unknown")
STREAM = StreamFacts(
    service_url="wss://bot.example.com/a",
    requested_at=START,
    started_at=START + timedelta(seconds=0.34),
    ended_at=START + timedelta(seconds=25.4),
    reason="Connection error",
    end_cause="customer_closed",
    end_details="The customer's service closed the connection: 1011 (internal error), “bot crashed”.",
    connect_attempts=1,
)


def test_a_stream_that_died() -> None:
    assert tell(CALL, [STREAM], NOW) == [
        "+14155550123 called +18005550100 at 14:01:37 UTC on 23 November 2026; the call ended after 59 s with 4000 Normal Hangup.",
        "The stream to bot.example.com ran for 26 s and ended at 14:02:02 with Connection error. "
        "The customer's service closed the connection: 1011 (internal error), “bot crashed”.",
    ]


def test_a_stream_that_never_started() -> None:
    failed = replace(STREAM, started_at=None, end_details="Connection refused.", connect_attempts=3, given_up=1, waiting=2)
    assert tell(CALL, [failed], NOW)[1] == (
        "The stream to bot.example.com never started; it was given up at 14:02:02 with Connection error. Connection refused. "
        "It was tried 3 times. 1 status callback could not be delivered and 2 status callbacks wait for the next try."
    )


def test_a_live_call_with_a_streaming_and_a_connecting_stream() -> None:
    going_on = replace(STREAM, ended_at=None, reason="", end_details="", end_cause="")
    waiting = replace(going_on, started_at=None, connect_attempts=2)
    first, second, third = tell(replace(CALL, ended_at=None, hangup="", hangup_source=""), [going_on, waiting], NOW)
    assert first.endswith("; the call has been going on for 4 min 0 s.")
    assert second == "The stream to bot.example.com has been streaming since 14:01:37, for 4 min 0 s."
    assert third == "The stream to bot.example.com is not streaming yet (2 attempts so far)."


def test_a_call_without_streams_says_what_stood_in_the_way() -> None:
    call = replace(CALL, hangup="8011 Invalid Answer XML", hangup_source="Error", trouble="The application gave no usable answer")
    assert tell(call, [], NOW)[0].endswith(
        "with 8011 Invalid Answer XML. The application gave no usable answer. No stream was made for this call."
    )
    assert tell(replace(CALL, ended_at=None), [], NOW)[0].endswith("No stream has been made for it yet.")


def test_who_ended_the_call_is_told_where_it_is_known() -> None:
    assert tell(replace(CALL, hangup_source="API Request"), [], NOW)[0].count("4000 Normal Hangup, source API Request") == 1


def test_a_stream_that_ended_on_another_day_says_which() -> None:
    assert "and ended at 14:01:37 on 24 November 2026 with" in tell(CALL, [replace(STREAM, ended_at=START + timedelta(days=1))], NOW)[1]


def test_every_cause_has_words_for_rows_without_details() -> None:
    assert set(CAUSES) == set(EndCause)
    assert tell(CALL, [replace(STREAM, end_details="", end_cause="timed_out")], NOW)[1].endswith("It reached its streamTimeout.")
    assert tell(CALL, [replace(STREAM, end_details="", end_cause="unheard_of")], NOW)[1].endswith("with Connection error.")


def test_missing_numbers() -> None:
    assert tell(replace(CALL, from_number="", to_number=""), [], NOW)[0].startswith("An unknown number called an unknown number at")
