"""How many failed sign-ins are too many, and whose they are."""

import pytest

from cdr.pure.sign_in import wait_words, weighed


@pytest.mark.parametrize(("of_name", "of_address", "locked"), [(4, 4, False), (5, 5, True), (1, 29, False), (0, 30, True)])
def test_either_limit_locks(of_name, of_address, locked) -> None:
    assert (weighed(of_name, of_address) >= 5) == locked


WAITS = [(-3, "1 second"), (1.2, "2 seconds"), (99, "99 seconds"), (120.5, "3 minutes"), (900, "15 minutes")]


@pytest.mark.parametrize(("seconds", "words"), WAITS)
def test_a_wait_is_said_in_whole_units_and_never_too_short(seconds, words) -> None:
    assert wait_words(seconds) == words
