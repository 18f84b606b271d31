"""Whose turn it is, and how many wait."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.pure.turns import TurnLimits, Turns

LIMITS = TurnLimits(at_once=4, at_once_each=2, there=12, there_each=6)


def come(turns: Turns[str], *visits: str, known: bool = False) -> list[bool]:
    """Of each visit the first letter is the address."""
    return [turns.come(visit[0], visit, known=known) for visit in visits]


def begin_all(turns: Turns[str]) -> list[str]:
    begun = []
    while (visit := turns.next()) is not None:
        begun.append(visit)
    return begun


def test_addresses_take_turns_and_none_has_more_than_its_share_at_once() -> None:
    turns: Turns[str] = Turns(LIMITS)
    assert all(come(turns, "a1", "a2", "a3", "a4", "b1", "c1"))
    assert begin_all(turns) == ["a1", "b1", "c1", "a2"]
    turns.over("b")
    assert begin_all(turns) == [], "a has its two"
    turns.over("a")
    assert begin_all(turns) == ["a3"]


def test_whoever_fills_his_places_fills_nobody_elses() -> None:
    turns: Turns[str] = Turns(LIMITS)
    assert come(turns, *(f"a{number}" for number in range(8))) == [True] * 6 + [False] * 2
    assert come(turns, *(f"b{number}" for number in range(8))) == [True] * 6 + [False] * 2
    assert come(turns, "c1") == [False], "twelve are there"
    assert begin_all(turns) == ["a0", "b0", "a1", "b1"]
    assert come(turns, "c1") == [False], "they still are"
    turns.over("a")
    assert come(turns, "c1", "a9") == [True, False]


def test_a_known_address_is_let_in_first_and_strangers_in_every_fourth_turn() -> None:
    turns: Turns[str] = Turns(TurnLimits(at_once=9, at_once_each=9, there=20, there_each=8))
    come(turns, *(f"s{number}" for number in range(4)))
    come(turns, *(f"k{number}" for number in range(6)), known=True)
    assert begin_all(turns) == ["k0", "k1", "k2", "s0", "k3", "k4", "k5", "s1", "s2"]


def test_a_known_address_may_bring_half_of_all_that_waits() -> None:
    turns: Turns[str] = Turns(TurnLimits(at_once=1, at_once_each=1, there=20, there_each=4))
    assert sum(come(turns, *(f"k{number}" for number in range(20)), known=True)) == 10
    assert sum(come(turns, *(f"s{number}" for number in range(20)))) == 4


class Visitors:
    """Who came and whose turn it is, counted beside."""

    def __init__(self) -> None:
        self.turns: Turns[str] = Turns(LIMITS)
        self.waiting: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()

    def come(self, whose: str, *, known: bool) -> None:
        self.waiting[whose] += self.turns.come(whose, whose, known=known)

    def begin(self, _: str = "") -> None:
        if (whose := self.turns.next()) is not None:
            self.waiting[whose] -= 1
            self.begun[whose] += 1

    def leave(self, whose: str) -> None:
        if self.begun[whose]:
            self.begun[whose] -= 1
            self.turns.over(whose)

    def agree(self) -> bool:
        there = self.begun + self.waiting
        bounded = self.begun.total() <= LIMITS.at_once and there.total() <= LIMITS.there
        each = all(self.begun[whose] <= LIMITS.at_once_each and there[whose] <= LIMITS.there_each for whose in there)
        return bounded and each and (self.turns.begun, self.turns.waiting) == (+self.begun, +self.waiting)


@given(st.lists(st.tuples(st.sampled_from(["come", "known", "begin", "leave"]), st.sampled_from("abcde"))))
def test_no_bound_is_ever_broken_and_nobody_is_forgotten(steps: list[tuple[str, str]]) -> None:
    visitors = Visitors()
    for step, whose in steps:
        if step in ("come", "known"):
            visitors.come(whose, known=step == "known")
        else:
            {"begin": visitors.begin, "leave": visitors.leave}[step](whose)
        assert visitors.agree()
    while there := (visitors.waiting + visitors.begun).total():
        visitors.begin()
        for whose in list(visitors.begun.elements()):
            visitors.leave(whose)
        assert (visitors.waiting + visitors.begun).total() < there
