"""What becomes of the tests of a process that died (tests/distribution.py)."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from tests.distribution import Distribution, Places

TESTS = ["a::one", "a::two", "a::three", "b::one"]


class Process:
    """As the scheduler knows one: what it was given, and whether it was told to end."""

    shutting_down = False

    def __init__(self) -> None:
        self.given: list[str] = []

    def send_runtest_some(self, places: list[int]) -> None:
        self.given += [TESTS[place] for place in places]

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduler(waiting: list[str], *processes: Process, collected: Callable[[Process], bool]) -> Distribution:
    made = Distribution.__new__(Distribution)
    made.log = lambda *words: None  # type: ignore[assignment]
    made.workqueue = OrderedDict((name, {name: False}) for name in waiting)
    made.assigned_work = cast(Any, {process: OrderedDict() for process in processes})
    made.registered_collections = cast(Any, {process: Places(TESTS) for process in processes if collected(process)})
    return made


def test_the_one_it_died_of_is_run_by_no_other_and_what_it_had_not_begun_is() -> None:
    dead, other, new = Process(), Process(), Process()
    made = scheduler(["b::one"], dead, other, new, collected=lambda process: process is not new)
    made.assigned_work[cast(Any, dead)] = OrderedDict(a={"a::one": True, "a::two": False, "a::three": False})
    assert made.remove_node(cast(Any, dead)) == "a::two"
    assert other.given == ["b::one"] and new.given == []
    made.registered_collections[cast(Any, new)] = Places(TESTS)
    made._reschedule(cast(Any, new))
    assert new.given == ["a::three"] and not new.shutting_down


def test_one_that_had_nothing_left_died_of_none() -> None:
    ended = Process()
    made = scheduler([], ended, collected=lambda process: True)
    made.assigned_work[cast(Any, ended)] = OrderedDict(a={"a::one": True})
    assert made.remove_node(cast(Any, ended)) is None
