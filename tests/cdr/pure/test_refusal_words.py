"""Every reason has a badge and says what to do."""

import pytest

from cdr.pure.refusal_words import WORDS, advice, refusal_badge
from streams.pure.gateway.refusal import Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_to_do(reason) -> None:
    assert reason in WORDS and advice(reason).endswith(".")
    assert refusal_badge(reason).tone in ("bad", "warn") and refusal_badge(reason).icon


def test_a_reason_that_nobody_told_us_about_is_shown_as_it_is() -> None:
    assert refusal_badge("odd")[1:] == ("odd", "quiet") and advice("odd") == ""
