"""A place in a sorted list: how places compare, and how they stand in an address."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.keyset import LARGEST_KEY, Place, read_place, written


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1)), st.integers(0, LARGEST_KEY))
def test_what_was_written_is_read(at, key) -> None:
    place = Place(at.replace(tzinfo=UTC), key=key)
    assert read_place(written(place), timed=True) == place
    assert read_place(written(Place(None, key=key)), timed=False) == Place(None, key=key)


def test_places_compare_by_time_then_rank_then_number_then_key() -> None:
    now, then = datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
    places = [Place(now, 1, 0, 0), Place(now, 0, 2, 3), Place(now, 0, 2, 1), Place(now, 0, 1, 9), Place(then, 9, 9, 9)]
    assert sorted(places) == places[::-1]


def test_places_of_a_list_without_a_time_compare_by_key() -> None:
    assert sorted([Place(None, key=10), Place(None, key=9)]) == [Place(None, key=9), Place(None, key=10)]


def test_a_place_can_be_read_by_people_and_is_in_utc() -> None:
    at = datetime(2026, 11, 25, 16, 2, 3, 4, timezone(timedelta(hours=2)))
    assert written(Place(at, key=4711)) == "2026-11-25T14:02:03.000004_4711"


@pytest.mark.parametrize(
    "text",
    ["", "_", "x", "2", "2026-11-25_2", "2026-11-25T14:02:03.1_x", "2026-11-25T14:02:03.1_", f"2026-11-25T14:02:03.1_{2**63}"]
    + ["2026-11-25T14:02:03.1_-2", "2026-11-25T14:02:03.1_\u0662", "9" * 5000],
)
def test_what_no_list_has_written_is_said(text) -> None:
    with pytest.raises(ValueError, match="is no place in this list"):
        read_place(text, timed=True)


@pytest.mark.parametrize("text", ["", "2026-11-25T14:02:03.1_4711", "x", "-1", "9" * 5000])
def test_a_list_without_a_time_takes_a_key_only(text) -> None:
    with pytest.raises(ValueError, match="is no place in this list"):
        read_place(text, timed=False)
