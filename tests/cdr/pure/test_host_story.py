"""What is said of a customer's host."""

from cdr.pure.host_story import callback_story, host_badge, last_failure, service_story


def test_a_badge_by_what_failed_last() -> None:
    assert host_badge([(10, 1), (10, 1), (10, 1)], 3).word == "fails now"
    assert host_badge([(100, 9), (100, 10), (100, 10)], 3).word == "failed within the hour"
    assert host_badge([(0, 0), (0, 0), (9, 9)], 3).word == "streaming"
    assert host_badge([(0, 0), (0, 0), (9, 9)], 0).word == "works"
    assert host_badge([(0, 0)] * 3, 0).word == "idle"


def test_numbers_agree_and_nothing_is_said_of_what_nobody_knows() -> None:
    assert service_story("bot.example.com", [(0, 0), (1, 0), (1, 1)], 1, "190 ms") == [
        "1 stream goes to bot.example.com now. Of the 1 stream of the last 24 hours 1 failed, 0 of 1 within the last hour. "
        "95 % of the connections were made within 190 ms.",
    ]
    assert service_story("bot.example.com", [(0, 0)] * 3, 0, "–") == [
        "0 streams go to bot.example.com now. No stream was asked for in the last 24 hours."
    ]
    assert last_failure("HTTP 503") == "The last failure: HTTP 503."


def test_what_its_callbacks_did() -> None:
    assert callback_story([(0, 0)] * 3, 0) == ""
    told = "Of its 3 status callbacks of the last 24 hours 1 was not taken at the first try; 2 wait for the next try."
    assert callback_story([(0, 0), (0, 0), (3, 1)], 2) == told
