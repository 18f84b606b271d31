"""Close codes as a support person reads them out."""

import pytest

from streams.pure.customer.close_codes import NAMES, OURS, closed_with, code_words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1000, "1000 (normal closure)"),
        (1006, "1006 (no close frame came)"),
        (1011, "1011 (internal error)"),
        (3000, "3000 (unauthorized)"),
        (3500, "3500 (a code of a library or framework)"),
        (4000, "4000 (a code of its own)"),
        (4999, "4999 (a code of its own)"),
        (1016, "1016 (a code no standard knows)"),
        (2500, "2500 (a code no standard knows)"),
        (65535, "65535 (a code no standard knows)"),
    ],
)
def test_the_name_of_a_code(code, words) -> None:
    assert code_words(code) == words


def test_the_codes_we_send_have_our_names_only_when_we_sent_them() -> None:
    assert code_words(4408, ours=True) == "4408 (no media began)"
    assert code_words(1000, ours=True) == code_words(1000)
    assert all(4000 <= code < 5000 and code not in NAMES for code in OURS)


def test_code_and_reason() -> None:
    assert closed_with(1011, "worker crashed") == ": 1011 (internal error), “worker crashed”"
    assert closed_with(1000, "") == ": 1000 (normal closure)"
    assert closed_with(None, "") == " without a close code"


def test_a_reason_is_a_strangers_text() -> None:
    assert closed_with(1011, "a\nb\x1b[31m\u202e") == ": 1011 (internal error), “a\ufffdb\ufffd[31m\ufffd”"
