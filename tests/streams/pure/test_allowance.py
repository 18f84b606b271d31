"""So much at once, and from then on so much a second."""

from hypothesis import given
from hypothesis import strategies as st

from streams.pure.allowance import Allowance, Budget


def test_it_is_full_in_the_beginning_and_fills_no_further() -> None:
    budget = Budget(Allowance(a_second=2, at_once=3))
    assert (budget.left(0.0), budget.left(1000.0)) == (3, 3)


def test_what_was_spent_comes_back_with_time() -> None:
    budget = Budget(Allowance(a_second=2, at_once=3))
    assert budget.left(10.0) == 3
    budget.spend(5)
    assert (budget.left(10.0), budget.left(10.5), budget.left(11.0), budget.left(99.0)) == (-2, -1, 0, 3)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 50)), max_size=50))
def test_never_more_is_given_than_the_allowance(steps: list[tuple[float, float]]) -> None:
    allowance, now, given_out = Allowance(a_second=7, at_once=20), 100.0, 0.0
    budget = Budget(allowance)
    for seconds, wanted in steps:
        now += seconds
        taken = max(min(wanted, budget.left(now)), 0.0)
        budget.spend(taken)
        given_out += taken
    assert given_out <= allowance.at_once + (now - 100.0) * allowance.a_second + 1e-6
