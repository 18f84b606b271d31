"""Who spoke when, as blocks in rows of equal time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.turn_strip import ROWS, WIDTH, turn_strip

CALLER, BOT = [(5000, 10_000), (20_000, 25_000)], [(1000, 4000), (9000, 12_000)]


def test_a_short_conversation_is_one_row() -> None:
    strip = turn_strip(50_000, CALLER, BOT, [(20_000, "digit", "Digit 5"), (60_000, "clear", "too late")], 1000)
    (row,) = strip.rows
    assert (row.begins, row.ends) == ("0:00", "0:50")
    assert [(block.x, block.width) for block in row.caller] == [(100, 100), (400, 100)]
    assert [(block.x, block.width) for block in row.both] == [(180, 20)]
    assert [(block.x, block.width) for block in row.silent] == [(240, 160), (500, 500)]
    assert [(mark.x, mark.kind) for mark in row.marks] == [(400, "digit")]
    assert (strip.cut, strip.kinds) == ("", [("digit", "digit")])


def test_a_long_one_is_several_and_a_block_goes_on_in_the_next() -> None:
    strip = turn_strip(4 * 3_600_000, [(0, 4 * 3_600_000)], [], [], 1000)
    assert len(strip.rows) == ROWS
    assert all([(block.x, block.width) for block in row.caller] == [(0, WIDTH)] for row in strip.rows)
    assert strip.rows[-1].ends == "4:00:00"


def test_what_is_not_kept_is_said_and_not_drawn_as_silence() -> None:
    strip = turn_strip(3_600_000, [(at, at + 500) for at in range(0, 1000, 1000)] * 1, [], [], 1)
    assert strip.cut == "Only the first 1 spans of a side are kept, up to 0:00."
    assert not any(row.silent for row in strip.rows)


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    moments = sorted(draw(st.lists(st.integers(0, 400_000), unique=True, max_size=30)))
    return list(zip(moments[::2], moments[1::2], strict=False))


@given(spans(), spans(), st.integers(0, 500_000))
def test_every_block_is_inside_of_its_row(caller: list[tuple[int, int]], bot: list[tuple[int, int]], length_ms: int) -> None:
    for row in turn_strip(length_ms, caller, bot, [], 1000).rows:
        for block in (*row.caller, *row.bot, *row.both, *row.silent):
            assert 0 <= block.x <= WIDTH
            assert block.width > 0
            assert block.x + block.width == pytest.approx(min(block.x + block.width, WIDTH), abs=1)
