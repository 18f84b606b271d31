"""Which numbers of streams are tried, which is the most that goes well, and what is drawn of it."""

from xml.etree import ElementTree

import pytest

from tests.benchmarks.growth import LATE_MS, goes_well, grow, most_streams, table
from tests.benchmarks.plots import Plot, drawn, marks, spaced
from tests.benchmarks.relay import Round


def of(p99_ms: float = 1, lost: int = 0, pace: float = 50) -> Round:
    return Round(cpu_us=80, core_share=0.5, p50_ms=1, p99_ms=p99_ms, p999_ms=30, lost=lost, pace=pace, by_process=(80,))


def until(most: int) -> dict[int, Round]:
    return grow(lambda streams: of(1 if streams <= most else LATE_MS + 1), at_least=4)


@pytest.mark.parametrize(
    ("most", "tried", "found"),
    [(300, [1, 2, 4, 8, 16, 32, 64, 128, 256, 320, 384, 512], 256), (490, [256, 384, 448, 512], 448), (1, [1, 2, 4], 1), (0, [1, 2, 4], 0)],
)
def test_doubled_until_it_goes_badly_and_then_between(most: int, tried: list[int], found: int) -> None:
    rounds = until(most)
    assert list(rounds)[-len(tried) :] == tried
    assert most_streams(rounds) == found
    assert f"streamdesk {found}" in list(table({"streamdesk": rounds}))[-1]


def test_a_moment_that_goes_badly_ends_nothing_below_the_least() -> None:
    rounds = grow(lambda streams: of(lost=int(streams in (2, 32))), at_least=16)
    assert list(rounds) == [1, 2, 4, 8, 16, 24, 28, 32]
    assert most_streams(rounds) == 28


def test_it_ends_where_there_is_no_end() -> None:
    assert max(until(10**9)) == 2048


def test_what_goes_badly() -> None:
    assert goes_well(of(LATE_MS))
    assert not any(map(goes_well, (of(LATE_MS + 0.1), of(lost=1), of(pace=40))))


def test_marks_around_all_values() -> None:
    assert marks([22, 130]) == [20, 50, 100, 200]
    assert marks([5, 5]) == [5, 10]
    assert spaced([64, 1, 128, 96, 112, 2, 1]) == [1, 2, 64, 128]


def test_a_plot_is_an_image_with_its_names_as_text_and_no_script() -> None:
    lines = {"Streamdesk": [(1.0, 90.0), (2.0, 0.0), (256.0, 70.0)], "R & D <b>": [(1.0, 40.0), (256.0, 30.0)]}
    root = ElementTree.fromstring(drawn(Plot("A frame", "streams at once", "CPU, µs a frame", lines)))  # noqa: S314 - our own
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert texts >= {"A frame", "streams at once", "CPU, µs a frame", *lines, "1", "256", "20", "50", "100"}
    assert not [element for element in root.iter() if element.tag.endswith("script")]
