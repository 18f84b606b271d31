"""Who closed, and with which code."""

import pytest

from cdr.pure.closing import close_words, closed_by


@pytest.mark.parametrize(
    ("cause", "opened", "words"),
    [
        ("customer_closed", True, "the customer's service"),
        ("customer_lost", True, "nobody: the connection was lost"),
        ("process_lost", True, "nobody: our process was lost"),
        ("call_ended", True, "Streamdesk"),
        ("slow_connection", True, "Streamdesk"),
        ("message_refused", True, "Streamdesk, for what the customer's service had sent"),
        ("connect_failed", False, "never opened"),
        ("call_ended", False, "never opened"),
        ("", True, "–"),
    ],
)
def test_who_closed(cause, opened, words) -> None:
    assert closed_by(cause, opened=opened) == words


def test_the_code_with_its_name_and_the_reason_as_it_was_sent() -> None:
    assert close_words(1011, "worker crashed") == "1011 (internal error), “worker crashed”"
    assert close_words(1000, "") == "1000 (normal closure)"
    assert close_words(None, "") == "–"
    assert "\n" not in close_words(1011, "a\nb")
