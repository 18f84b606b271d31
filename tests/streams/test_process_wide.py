"""One is one: whoever asks at once, whatever fails, and for as long as nobody forgets it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from streams.process_wide import ProcessWide


class Slow:
    """Is being made until all have asked for it, or would have by any measure."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        together.wait(5)


together = Barrier(4)


def test_who_ask_at_once_have_the_same_one() -> None:
    """A worker's first tasks come together, and each needs the courier."""

    def ask(first: bool) -> Slow:
        if not first:
            together.wait(5)  # the first one is within `make` by now
        return one()

    one = ProcessWide(Slow)
    with ThreadPoolExecutor(4) as threads:
        all_of_them = list(threads.map(ask, (True, False, False, False)))
    assert len(set(map(id, all_of_them))) == Slow.made == 1


def test_after_one_that_failed_the_next_who_asks_tries_again() -> None:
    failing = [OSError("no inotify instances left")]

    def make() -> str:
        if failing:
            raise failing.pop()
        return "made"

    one = ProcessWide(make)
    with pytest.raises(OSError):
        one()
    assert one.made is None
    assert one() == one.made == "made"


def test_one_that_is_forgotten_is_given_to_be_closed() -> None:
    one = ProcessWide(object)
    first = one()
    assert one.forget() is first
    assert one.forget() is None
    assert one() is not first
