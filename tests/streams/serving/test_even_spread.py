"""Whose turn it is to accept, by what all have."""

import os
import tempfile
from collections.abc import Iterator

import pytest

from streams.serving.even_spread import EvenSpread, numbers_for

COUNT = 3


@pytest.fixture
def numbers() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        numbers_for(file, COUNT)
        yield file.fileno()


def test_whoever_has_more_than_another_lets_it_go_first(numbers: int) -> None:
    first, second, third = (EvenSpread(numbers, place) for place in range(COUNT))
    assert first.goes_first() and second.goes_first() and third.goes_first()
    first.came()
    second.came()
    assert (first.goes_first(), second.goes_first(), third.goes_first()) == (False, False, True)
    first.went()
    assert (first.goes_first(), second.goes_first(), third.goes_first()) == (True, False, True)


def test_who_accepts_no_more_is_waited_for_by_nobody(numbers: int) -> None:
    first, second, third = (EvenSpread(numbers, place) for place in range(COUNT))
    for each in (second, third):
        each.came()
    assert not second.goes_first()
    first.leave()
    first.went()  # connections that end while it drains
    assert second.goes_first() and third.goes_first()


def test_who_takes_the_place_of_one_that_is_gone_begins_with_nothing(numbers: int) -> None:
    EvenSpread(numbers, 1).came()
    EvenSpread(numbers, 1)
    assert EvenSpread(numbers, 0).goes_first()


def test_processes_see_the_same_numbers(numbers: int) -> None:
    """As `serve` does it: the descriptor is inherited, not the memory."""
    if (child := os.fork()) == 0:
        EvenSpread(numbers, 2).leave()
        EvenSpread(numbers, 1).came()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    ours = EvenSpread(numbers, 0)
    ours.came()
    assert ours.goes_first()
    ours.came()
    assert not ours.goes_first()
