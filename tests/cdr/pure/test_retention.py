"""What stays of a number and of an event, and how it is told."""

from datetime import UTC, datetime

import pytest

from cdr.pure.log.wording import words_of
from cdr.pure.masking import masked
from cdr.pure.retention import Kind, kept_details, removed_words, wiped, wiping
from streams.pure.lifecycle import EventKind


@pytest.mark.parametrize(
    ("number", "left"),
    [
        ("+14155550123", "+•••••••••23"),
        ("(415) 555-0123", "(•••) •••-••23"),
        ("5550123", "•••••23"),
        ("555012", "•••••2"),
        ("101", "101"),
        ("sip:alice@pbx.example.com", "sip:•••@pbx.example.com"),
        ("alice", "•••"),
        ("", ""),
    ],
)
def test_what_is_left_of_a_number_and_that_it_stays_so(number, left) -> None:
    assert wiped(number) == left
    assert wiped(left) == masked(left) == left


def test_numbers_are_wiped_wherever_they_stand_in_a_json_value() -> None:
    wipe = wiping(("+14155550123", "sip:bot@pbx.example.com"))
    value = {"a": ["From", "14155550123", {"url": "https://x.example/?n=%2B14155550123"}], "to": "sip:bot@pbx.example.com", "n": 1}
    assert wipe(value) == {
        "a": ["From", "•••••••••23", {"url": "https://x.example/?n=%2B•••••••••23"}],
        "to": "sip:•••@pbx.example.com",
        "n": 1,
    }


def test_an_extension_and_the_figures_that_look_like_it_stay() -> None:
    assert wiping(("101", ""))({"words": "HTTP 101", "to": "101"}) == {"words": "HTTP 101", "to": "101"}


@pytest.mark.parametrize(
    ("kind", "details", "left"),
    [
        (EventKind.CALL_DTMF, {"digit": "5", "track": "inbound"}, {}),
        (EventKind.CALL_DTMF_SENT, {"digits": "1234", "how": "tones"}, {"how": "tones"}),
        (EventKind.CHECKPOINT_PLAYED, {"name": "balance told: 100"}, {}),
        (EventKind.CUSTOMER_MESSAGE_IGNORED, {"problem": "No JSON.", "sample": "my secret"}, {"problem": "No JSON."}),
        (
            EventKind.STREAM_REQUESTED,
            {"source": "XML", "request": {"service_url": "wss://b", "audio_track": "inbound", "extra_headers": "token=s"}},
            {"source": "XML", "request": {"service_url": "wss://b", "audio_track": "inbound"}},
        ),
        ("a kind of another year", {"x": 1, "words": "w"}, {"words": "w"}),
    ],
)
def test_of_an_event_its_sentence_is_left_and_no_more(kind, details, left) -> None:
    assert kept_details(kind, details) == left
    assert words_of(kind, kept_details(kind, details))


def test_what_was_removed_is_told_with_its_days() -> None:
    at = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert removed_words(dict.fromkeys(Kind)) == ""
    assert removed_words({Kind.NUMBERS: at, Kind.EVENTS: None}) == "Retention removed the phone numbers on 2026-11-25."
    assert removed_words({Kind.NUMBERS: at, Kind.EVENTS: at}).endswith("on 2026-11-25 and the events of the debug log on 2026-11-25.")
