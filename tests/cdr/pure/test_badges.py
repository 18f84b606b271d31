"""Every stored word has a badge, and every badge says its word."""

from datetime import datetime

import pytest

from cdr.pure import badges
from streams.pure.lifecycle import CallState, HangupReason, Level, StreamState

TONES = {"good", "live", "quiet", "plain", "warn", "bad"}


def every_badge() -> list[badges.Badge | None]:
    made = [badges.reason_badge(reason) for reason in HangupReason]
    made += [badges.stream_badge(state, started) for state in StreamState for started in (True, False)]
    made += [badges.call_badge(state) for state in CallState]
    made += [badges.level_badge(level) for level in Level]
    made += [badges.callback_badge(state) for state in ("pending", "delivered", "given_up")]
    now = datetime(2026, 11, 25, 12)
    made += [badges.gateway_badge(live, call, refusal, now) for live in (0, 2) for call in (None, now) for refusal in (None, now)]
    return made


def test_every_stored_word_has_a_badge_of_its_own() -> None:
    for badge in every_badge():
        assert badge is not None
        assert badge.icon != "?" and badge.word and badge.tone in TONES


def test_problems_are_told_by_icon_and_word_not_by_tone_alone() -> None:
    for badge in every_badge():
        assert badge is not None
        if badge.tone in ("bad", "warn"):
            assert badge.icon


def test_an_ended_stream_that_sent_nothing_says_so() -> None:
    assert badges.stream_badge("ended", started=False).word == "never started"
    assert badges.stream_badge("ended", started=True).word == "ended"


def test_no_reason_and_no_level_have_no_badge() -> None:
    assert badges.reason_badge("") is None
    assert badges.degraded_badge(0) is None
    assert badges.cause_badge(4000, "Normal Hangup", "Caller") is None


@pytest.mark.parametrize(("percent", "tone"), [(30, "warn"), (60, "warn"), (90, "bad")])
def test_degraded_levels(percent, tone) -> None:
    assert badges.degraded_badge(percent) == ("▲", f"{percent} %", tone)


def test_the_cause_of_a_call_that_an_error_ended() -> None:
    assert badges.cause_badge(8011, "Invalid Answer XML", "Error") == ("✕", "8011 Invalid Answer XML", "bad")


def test_an_unknown_word_is_shown_as_it_is() -> None:
    assert badges.call_badge("parked") == ("?", "parked", "quiet")
