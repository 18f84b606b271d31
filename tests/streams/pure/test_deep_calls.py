import resource
import sys
from collections.abc import Callable

import pytest

from streams.pure.deep_calls import with_room

CALLS = 200


def slow_depths(depth: int = 400) -> int:
    """At how many depths below the caller each call has a piece of memory mapped anew."""
    return (slow_depths(depth - 1) if depth else 0) + (faults_of(calls) >= CALLS)


def faults_of(call: Callable[[], None]) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def calls() -> None:
    for _ in range(CALLS):
        deeper()


def deeper() -> None:
    deepest()


def deepest() -> None:
    pass


@pytest.mark.skipif(sys.platform != "linux" or sys.implementation.name != "cpython", reason="what CPython asks of Linux is counted")
def test_with_room_no_call_has_memory_mapped_anew_however_deep() -> None:
    assert with_room(slow_depths) == 0


def test_it_gives_back_and_raises_what_the_call_does() -> None:
    assert with_room(lambda: 7) == 7
    with pytest.raises(ValueError, match="wrong"):
        with_room(lambda: int_of("wrong"))


def int_of(text: str) -> int:
    return int(text)
