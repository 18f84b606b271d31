"""Every kind of event has words, whatever its details hold or lack."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.log.wording import WORDS, printed_value, used_in_words, words_of
from streams.pure.lifecycle import EventKind as K

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda value: st.lists(value, max_size=3), max_leaves=3
)


@pytest.mark.parametrize("kind", K)
def test_every_kind_has_words_even_with_no_details(kind) -> None:
    words = words_of(kind, {})
    assert words[0].isupper() and words.endswith(".")
    assert "{" not in words and "_" not in words


def test_nothing_else_has_words() -> None:
    assert set(WORDS) == set(K)


@given(kind=st.sampled_from(list(K)), data=st.data())
def test_odd_details_never_break_the_words(kind, data) -> None:
    details = {name: data.draw(JSON) for name in used_in_words(kind)}
    assert words_of(kind, details).endswith((".", "!", "?", "…"))


@pytest.mark.parametrize(
    ("kind", "details", "words"),
    [
        (
            K.CALL_STARTED,
            {"gateway": "pbx", "dialect": "asterisk", "from": "+1415", "to": "+1800", "direction": "inbound", "address": "10.0.0.1"},
            "The call came in through gateway pbx (asterisk) from 10.0.0.1: +1415 to +1800, inbound.",
        ),
        (K.CALL_FIRST_AUDIO, {"after_ms": 22}, "The first audio came from the call, 22 ms after the gateway had connected."),
        (
            K.CALL_NO_AUDIO,
            {"after_seconds": 5.0},
            "The gateway's media began, and no audio has come from it within 5 s: look at what it is set up to send.",
        ),
        (
            K.CALL_AUDIO_STOPPED,
            {"after_seconds": 1.0, "instead": "silence is sent to the streams in its place"},
            "No audio has come from the gateway for 1 s; silence is sent to the streams in its place.",
        ),
        (K.CALL_AUDIO_BACK, {"gap_ms": 4020, "count": 2}, "The gateway's audio is back after 4.0 s (silence number 2 of this call)."),
        (
            K.CALL_ENDED,
            {"code": 5000, "name": "Network Error", "source": "Error", "words": "It is over.", "our_close_code": 1009},
            "The call ended: 5000 Network Error, source Error. It is over. We closed its socket with 1009 (message too big).",
        ),
        (
            K.CALL_GATEWAY_AWAITED,
            {"our_close_code": 1007, "awaited_seconds": 5},
            "We closed the gateway's socket with 1007 (invalid text or data); for 5 s another one may bring the call back.",
        ),
        (
            K.LAST_WORDS,
            {"waiting_ms": 1400, "within_seconds": 10},
            "The customer's service closed before all it had sent was heard, 1.4 s of audio; that is played first, for at most 10 s.",
        ),
        (
            K.LAST_WORDS_HEARD,
            {"seconds": 1.43},
            "What the customer's service had sent before it closed was heard, 1.4 s after the stream had ended.",
        ),
        (
            K.LAST_WORDS_CUT_OFF,
            {"within_seconds": 10, "waiting_ms": 4000},
            "What the customer's service had sent before it closed was cut off after 10 s: 4.0 s of audio were not heard.",
        ),
        (
            K.CHECKPOINT_UNCONFIRMED,
            {"name": "goodbye", "within_seconds": 5.0, "count": 2},
            "The gateway has not confirmed that everything before checkpoint “goodbye” was played, 5 s after its time: the customer's "
            "service was told so (playFailed) (number 2 of this stream).",
        ),
        (K.CALL_ANSWERED, {"source": "XML", "streams": 2}, "The application answered (XML): 2 <Stream> in its XML."),
        (
            K.CALL_ANSWER_FAILED,
            {"problem": "The document is HTML, not XML.", "place": "line 1, column 0"},
            "The application gave no usable answer: The document is HTML, not XML (at line 1, column 0).",
        ),
        (K.CALL_CONTROL_REQUESTED, {"kind": "hang_up", "by": "maria"}, "maria asked this call to hang up."),
        (K.CALL_CONTROL_REQUESTED, {"kind": "stop", "by": "API"}, "API asked this call to stop a stream."),
        (K.CALL_CONTROL_REQUESTED, {"kind": "send_dtmf", "by": "maria"}, "maria asked this call to send digits."),
        (K.CALL_DTMF_FAILED, {"problem": "60 s of audio wait."}, "The digits were not sent to the call: 60 s of audio wait."),
        (
            K.CONNECT_FAILED,
            {"attempt": 1, "problem": "Nobody listens there.", "address": "203.0.113.9:443", "duration_ms": 1250, "retry_in_seconds": 3.0},
            "Connection attempt 1 failed: Nobody listens there (at 203.0.113.9:443), after 1.2 s; the next attempt follows in 3 s.",
        ),
        (K.CONNECT_FAILED, {"attempt": 3, "problem": "Refused."}, "Connection attempt 3 failed: Refused; no further attempt."),
        (
            K.BUFFER_DEGRADED,
            {"percent": 60, "buffered_ms": 24_000, "capacity_ms": 40_000},
            "The customer's service is slow: the buffer passed 60 %, 24.0 s of audio wait (it holds 40.0 s).",
        ),
        (
            K.STREAM_ENDED,
            {"cause": "call_ended", "words": "The gateway hung up.", "sent_ms": 61_000, "sent_frames": 3050, "discarded_ms": 0},
            "The stream ended: The gateway hung up. 61.0 s of audio went out in 3050 packets.",
        ),
        (K.STREAM_ENDED, {"cause": "timed_out"}, "The stream ended: timed out."),
        (
            K.SOCKET_CLOSED,
            {"close_code": 1000, "close_reason": "", "seconds": 0.048},
            "The customer's socket closed with 1000 (normal closure), 48 ms after the stream had ended.",
        ),
        (
            K.CALL_ENDED,
            {"code": 4000, "name": "Normal Hangup", "words": "The gateway hung up.", "close_code": 1000},
            "The call ended: 4000 Normal Hangup. The gateway hung up. Its socket closed with 1000 (normal closure).",
        ),
        (
            K.CALL_ENDED,
            {"words": "The gateway did not begin its media within 10 s.", "our_close_code": 4408},
            "The call ended. The gateway did not begin its media within 10 s. We closed its socket with 4408 (no media began).",
        ),
        (K.CALL_DTMF, {"digit": "#"}, "Digit # was pressed on the call."),
    ],
)
def test_words(kind, details, words) -> None:
    assert words_of(kind, details) == words


def test_a_kind_that_nobody_told_us_about_is_named() -> None:
    assert words_of("call_teleported", {"to": "mars"}) == "call teleported."


def test_the_details_that_are_in_the_words() -> None:
    assert used_in_words(K.CONNECT_FAILED) == {"attempt", "problem", "address", "duration_ms", "retry_in_seconds"}
    assert used_in_words("call_teleported") == set()


@pytest.mark.parametrize(
    ("name", "value", "printed"),
    [
        ("duration_ms", 850, "850 ms"),
        ("retry_in_seconds", 90, "1 min 30 s"),
        ("attempt", 2, "2"),
        ("bidirectional", False, "false"),
        ("discarded_ms", 0, ""),
        ("reason", None, ""),
        ("close_code", 1011, "1011 (internal error)"),
        ("reason", "a\u202eb\nc", "a\ufffdb\ufffdc"),
        ("headers", {"a": 1}, '{"a": 1}'),
        ("seconds", float("inf"), json.dumps(float("inf"))),
    ],
)
def test_values_are_printed_with_the_unit_of_their_name(name, value, printed) -> None:
    assert printed_value(name, value) == printed
