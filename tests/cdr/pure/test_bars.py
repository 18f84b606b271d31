"""The geometry of a row of bars."""

from cdr.pure.bars import HEIGHT, LEAST, bars


def test_the_highest_fills_the_height_and_the_least_is_seen() -> None:
    drawn = bars([0, 1, 500, 1000], ["none", "one", "half", "all"])
    assert [bar.height for bar in drawn] == [0, LEAST, HEIGHT // 2, HEIGHT]
    assert [bar.y + bar.height for bar in drawn] == [HEIGHT] * 4
    assert [bar.x for bar in drawn] == [0, 10, 20, 30]
    assert [bar.label for bar in drawn] == ["none", "one", "half", "all"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert bars([], []) == []
    assert [bar.height for bar in bars([0, 0], ["", ""])] == [0, 0]
