"""The parameters of each status callback, and the schedule of its retries."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.models import StreamConversation
from streams.pure.callback.parameters import CONVERSATION, Style, callback_parameters, next_try
from streams.pure.lifecycle import CallbackEvent
from streams.pure.messages import StreamRequest

SCHEDULE = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
REQUEST = StreamRequest(
    service_url="wss://yourstream.example/audiostream",
    bidirectional=True,
    stream_timeout_seconds=120,
    status_callback_url="https://yourdomain.example/callbacks",
    content_type="audio/x-mulaw;rate=8000",
    extra_headers="userId=12345",
    keep_call_alive=True,
)
DROPPED = callback_parameters(
    CallbackEvent.DROPPED_STREAM,
    number=3,
    call_uuid=UUID("7aea0680-1f8c-46c2-a04f-990e2e0d52eb"),
    from_number="+14849386985",
    to_number="sip:something@phone.plivo.com",
    stream_id=UUID("26b95870-2b2f-45be-88dc-aedd0fcccec6"),
    auth_id="MAXXXXXXXXXXXXXXXXXX",
    at=1_728_913_353.987,
    request=REQUEST,
    error="connection disconnected with the remote service",
)


def parameters(event: CallbackEvent, **given: Any) -> list[list[str]]:
    """Of a callback of which only what is given matters."""
    usual: dict[str, Any] = {
        **{"number": 1, "call_uuid": UUID(int=1), "from_number": "", "to_number": "", "stream_id": UUID(int=2), "auth_id": "MA"},
        **{"at": 0, "request": REQUEST},
    }
    return callback_parameters(event, **{**usual, **given})


class TestParameters:
    def test_all_of_them_in_the_order_of_the_debug_log(self):
        assert DROPPED == [
            ["CallUUID", "7aea0680-1f8c-46c2-a04f-990e2e0d52eb"],
            ["Error", "connection disconnected with the remote service"],
            ["Event", "DroppedStream"],
            ["From", "14849386985"],
            ["ParentAuthID", "MAXXXXXXXXXXXXXXXXXX"],
            ["Sequence", "3"],
            ["ServiceURL", "wss://yourstream.example/audiostream"],
            ["StreamID", "26b95870-2b2f-45be-88dc-aedd0fcccec6"],
            ["Timestamp", "2024-10-14 13:42:33"],
            ["To", "sip:something@phone.plivo.com"],
            ["audioTrack", "inbound"],
            ["bidirectional", "true"],
            ["contentType", "audio/x-mulaw;rate=8000"],
            ["extraHeaders", "userId=12345"],
            ["keepCallAlive", "true"],
            ["status_callback_method", "POST"],
            ["status_callback_url", "https://yourdomain.example/callbacks"],
            ["streamTimeout", "120"],
        ]

    @pytest.mark.parametrize("event", CallbackEvent)
    def test_a_healthy_event_has_an_empty_error(self, event):
        made = dict(parameters(event, from_number="18005550199", request=StreamRequest("ws://s")))
        assert (made["Event"], made["Error"], made["bidirectional"], made["keepCallAlive"]) == (event.value, "", "false", "false")
        assert "BufferPercent" not in made

    def test_a_degraded_stream_says_how_full_the_buffer_is(self):
        made = parameters(CallbackEvent.DEGRADED_STREAM, number=2, error="connection degraded", buffer_percent=60)
        assert made[0] == ["BufferPercent", "60"]

    def test_a_conversation_is_told_in_figures_and_what_there_is_not_is_empty(self):
        figures: dict[str, Any] = {"turns": 3, "response_p50_ms": 900, "response_longest_ms": None, "greeting_ms": 0, "course": {}}
        style = Style("B", "inbound", 12)
        made = dict(parameters(CallbackEvent.CONVERSATION_ENDED, number=3, conversation=figures, style=style))
        told = {
            name: made[name] for name in ("Event", "StatusReason", "Turns", "ResponseP50Ms", "ResponseLongestMs", "GreetingMs", "BotMs")
        }
        assert told == {
            "Event": "conversed",
            "StatusReason": "completed",
            "Turns": "3",
            "ResponseP50Ms": "900",
            "ResponseLongestMs": "",
            "GreetingMs": "0",
            "BotMs": "",
        }
        assert set(CONVERSATION) < set(made) and set(CONVERSATION.values()) <= set(StreamConversation.FIGURES)
        assert not set(CONVERSATION) & {name for name, _ in DROPPED}


def wait(tries: int, **given: object) -> float | None:
    usual: dict[str, object] = {"timed_out": False, "status": 500, "retry_after_seconds": None, "jitter": 0.0}
    return next_try(tries, SCHEDULE, **{**usual, **given})  # type: ignore[arg-type]


class TestNextTry:
    def test_the_schedule_and_its_end(self):
        assert [wait(tries) for tries in range(1, 9)] == [*SCHEDULE, None]

    @pytest.mark.parametrize(("jitter", "seconds"), [(-1.0, 240), (0.0, 300), (1.0, 360)])
    def test_jitter_spreads_a_slot_by_a_fifth(self, jitter, seconds):
        assert wait(3, jitter=jitter) == pytest.approx(seconds)

    @pytest.mark.parametrize("why", [{"timed_out": True, "status": None}, {"status": 429}])
    def test_a_timeout_or_a_429_waits_a_minute_at_least(self, why):
        assert wait(1, **why, jitter=-1.0) == 60
        assert wait(3, **why) == 300

    @pytest.mark.parametrize(
        ("asked", "seconds"), [(1, 300), (400, 400), (86_400, 600), (-5, 300), (float("nan"), 300), (float("inf"), 600)]
    )
    def test_retry_after_is_heard_between_one_and_two_slots(self, asked, seconds):
        assert wait(3, status=503, retry_after_seconds=asked) == seconds

    def test_retry_after_of_a_429_counts_from_the_minute(self):
        assert wait(1, status=429, retry_after_seconds=90) == 90
        assert wait(1, status=429, retry_after_seconds=900) == 120

    @pytest.mark.parametrize("tries", [1, 7])
    def test_410_gives_up_at_once(self, tries):
        assert wait(tries, status=410) is None

    def test_no_schedule_no_retries(self):
        assert next_try(1, (), timed_out=True, status=None, retry_after_seconds=None, jitter=0) is None

    @given(
        tries=st.integers(1, 7),
        timed_out=st.booleans(),
        status=st.none() | st.integers(300, 599).filter(lambda status: status != 410),
        retry_after_seconds=st.none() | st.floats(),
        jitter=st.floats(-1, 1),
    )
    def test_a_wait_stays_within_its_slot(self, tries, timed_out, status, retry_after_seconds, jitter):
        seconds = next_try(tries, SCHEDULE, timed_out=timed_out, status=status, retry_after_seconds=retry_after_seconds, jitter=jitter)
        assert seconds is not None
        assert 0.8 * SCHEDULE[tries - 1] <= seconds <= max(2.4 * SCHEDULE[tries - 1], 120)
