"""An act on all that match, in words."""

import pytest

from cdr.pure import list_act_words
from cdr.pure.list_act_words import Progress, so_far


@pytest.mark.parametrize(
    ("kind", "state", "progress", "words"),
    [
        ("stop", "running", Progress(600, 3, 1203), "600 of 1,203 streams were asked to stop. 3 had ended before."),
        ("stop", "stopped", Progress(1, 0, 4), "1 of 4 streams was asked to stop. 3 were left alone."),
        ("resend", "done", Progress(1, 0, 1), "1 of 1 callback was made due again."),
        (
            *("delivered", "failed", Progress(0, 1, 2)),
            "0 of 2 callbacks were made due again. 1 had changed before, and stayed as they were. 1 was left alone.",
        ),
    ],
)
def test_how_far_it_is(kind: str, state: str, progress: Progress, words: str) -> None:
    assert so_far(kind, state, progress) == words


def test_what_is_left_out_is_counted_up_to_a_bound() -> None:
    assert list_act_words.left_out({"ended": 100_001, "removed": 0}) == "More than 100,000 that match have ended, and are left as they are."
    assert list_act_words.left_out({}) == ""


def test_a_state_that_nobody_told_us_about_is_shown() -> None:
    assert list_act_words.state_badge("parked").word == "parked"
