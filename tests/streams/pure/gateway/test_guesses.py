"""When the next try with a gateway's password counts: for whom the pauses grow, whom they never reach, and what is kept."""

from typing import NamedTuple

import pytest

from streams.pure.gateway import guesses
from streams.pure.gateway.guesses import (
    FORGOTTEN_SECONDS,
    FREE_OF_ADDRESS,
    FREE_OF_PAIR,
    LONGEST_PAUSE_SECONDS,
    PRESSED_FAILURES,
    PRESSED_SECONDS,
    Guesses,
)

HERE, AWAY = "192.0.2.1", "198.51.100.7"


class Tried(NamedTuple):
    """How many tries counted within the time, and when the last of them was."""

    tries: int
    last_at: float


def guess(kept: Guesses, address: str = HERE, name: str = "pbx", now: float = 0.0, *, times: int = 1, known: bool = True) -> float:
    return [kept.failed(address, name, now, known=known) for _ in range(times)][-1]


def guess_without_rest(kept: Guesses, seconds: int, names: list[str], address: str = HERE) -> Tried:
    """A try with each name ten times a second; those in a pause are refused unseen."""
    count, last_at = 0, 0.0
    for tenth in range(seconds * 10):
        for name in names:
            if not kept.pause(address, name, tenth / 10, known=True):
                kept.failed(address, name, tenth / 10, known=True)
                count, last_at = count + 1, tenth / 10
    return Tried(count, last_at)


def test_a_slip_costs_nothing_and_then_the_pauses_double_up_to_their_bound() -> None:
    kept = Guesses()
    pauses = [guess(kept) for _ in range(FREE_OF_PAIR + 12)]
    assert pauses[: FREE_OF_PAIR - 1] == [0] * (FREE_OF_PAIR - 1)
    assert pauses[FREE_OF_PAIR - 1 : FREE_OF_PAIR + 3] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_whoever_tries_without_rest_has_few_tries_an_hour() -> None:
    assert guess_without_rest(Guesses(), 3600, ["pbx"]).tries <= 25


def test_whoever_tries_many_names_from_one_address_is_slowed_down_as_well() -> None:
    assert guess_without_rest(Guesses(), 600, [f"pbx{number}" for number in range(40)]).tries <= FREE_OF_ADDRESS + 10


def test_a_try_during_a_pause_does_not_prolong_it() -> None:
    kept = Guesses()
    pause = guess(kept, times=FREE_OF_PAIR + 3)
    assert [kept.pause(HERE, "pbx", now, known=True) for now in (0.0, 3.0, pause)] == [pause, pause - 3, 0]


@pytest.mark.parametrize("seconds", [FORGOTTEN_SECONDS, FORGOTTEN_SECONDS * 10])
def test_failures_are_forgotten(seconds: float) -> None:
    kept = Guesses()
    guess(kept, times=100)
    assert guess(kept, now=seconds) == 0


def test_the_right_password_forgives_what_was_mistyped() -> None:
    kept = Guesses()
    guess(kept, times=FREE_OF_PAIR - 1)
    kept.came_in(HERE, "pbx")
    assert guess(kept, times=FREE_OF_PAIR - 1) == 0


# Whom it never reaches -------------------------------------------------------------------------------------------------
def test_from_another_address_the_first_try_always_counts_however_many_guess_at_the_name() -> None:
    kept = Guesses()
    for number in range(PRESSED_FAILURES * 4):
        guess(kept, f"203.0.113.{number}", times=10)
    assert kept.pause(AWAY, "pbx", 0, known=True) == 0
    assert kept.pause(AWAY, "another", 0, known=True) == 0


def test_a_gateway_that_got_in_is_not_kept_out_by_its_neighbours_guesses_at_other_names() -> None:
    kept = Guesses()
    kept.came_in(HERE, "pbx")
    guess_without_rest(kept, 60, [f"name{number}" for number in range(100)])
    assert kept.pause(HERE, "pbx", 60, known=True) == 0
    assert kept.pause(HERE, "one more", 60, known=True) > 0


def test_having_got_in_is_no_licence_to_guess() -> None:
    kept = Guesses()
    kept.came_in(HERE, "pbx")
    assert guess_without_rest(kept, 3600, ["pbx"]).tries <= 25


# Many addresses at one name ------------------------------------------------------------------------------------------------
def test_when_many_addresses_guess_at_a_name_each_has_one_try() -> None:
    kept = Guesses()
    assert sum(guess(kept, f"203.0.113.{number}") > 0 for number in range(PRESSED_FAILURES - 1)) == 0
    assert guess(kept, "203.0.113.250") == 1
    assert guess(kept, AWAY) == 1 and kept.pause(AWAY, "pbx", 0.5, known=True) > 0
    assert guess(kept, AWAY, "another") == 0


def test_and_five_again_when_they_have_stopped() -> None:
    kept = Guesses()
    for number in range(PRESSED_FAILURES):
        guess(kept, f"203.0.113.{number}")
    assert guess(kept, AWAY, now=PRESSED_SECONDS + 1) == 0


# Bounds ------------------------------------------------------------------------------------------------------------------
def test_what_is_kept_has_a_bound_and_made_up_names_push_out_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST_KEPT", 100)
    kept = Guesses()
    pause = guess(kept, times=FREE_OF_PAIR + 3)
    for number in range(1000):
        guess(kept, HERE, f"made up {number}", known=False)
        kept.came_in(f"2001:db8:{number:x}::", "pbx9")
    assert kept.pause(HERE, "pbx", 0, known=True) >= pause
    assert [len(table) for table in (kept._of_addresses, *kept._of_pairs.values(), kept._came_in)] == [1, 1, 100, 100]
    assert not kept._of_names.keys() - {"pbx"}


def test_a_clock_that_ran_for_years_and_a_count_without_end_break_nothing() -> None:
    kept = Guesses()
    assert guess(kept, now=1e9, times=3000) == LONGEST_PAUSE_SECONDS
