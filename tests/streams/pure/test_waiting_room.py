"""Who has to go when more come than may wait."""

from hypothesis import given
from hypothesis import strategies as st

from streams.pure.waiting_room import WaitingRoom


def test_while_there_is_room_nobody_has_to_go_however_many_are_one_addresss() -> None:
    room: WaitingRoom[int] = WaitingRoom(100)
    assert [room.come(number, "a") for number in range(100)] == [None] * 100


def test_then_the_longest_of_whoever_has_most_goes() -> None:
    room: WaitingRoom[str] = WaitingRoom(4)
    assert [room.come(visitor, visitor[0]) for visitor in ("b1", "a1", "a2", "a3")] == [None] * 4
    assert [room.come(visitor, visitor[0]) for visitor in ("c1", "d1", "a4")] == ["a1", "a2", "b1"]


def test_of_many_addresses_the_one_that_came_first_goes() -> None:
    room: WaitingRoom[str] = WaitingRoom(3)
    assert [room.come(visitor, visitor) for visitor in "abcde"] == [None, None, None, "a", "b"]


def test_whoever_comes_again_has_waited_least() -> None:
    room: WaitingRoom[str] = WaitingRoom(3)
    for visitor in ("a", "b", "c", "a"):
        room.come(visitor, "x")
    assert (room.longest(), len(room)) == ("b", 3)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.sampled_from("abc"))))
def test_it_is_never_fuller_than_it_may_be(steps: list[tuple[bool, int, str]]) -> None:
    room: WaitingRoom[int] = WaitingRoom(10)
    there: set[int] = set()
    for comes, visitor, whose in steps:
        if comes:
            there.discard(room.come(visitor, whose) or -1)
            there.add(visitor)
        else:
            room.leave(visitor)
            there.discard(visitor)
        there &= set(room._whose)
        assert len(room) == len(there) <= 10
    for visitor in list(there):
        room.leave(visitor)
    assert not room._of and not room._whose
