"""Where a page of a list begins, as it stands in an address."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.pure.keyset import LARGEST_KEY, Place, read, written


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1)), st.integers(0, LARGEST_KEY))
def test_what_was_written_is_read(at, key) -> None:
    place = Place(at.replace(tzinfo=UTC), key)
    assert read(written(place), timed=True) == place
    assert read(written(Place(None, key)), timed=False) == (None, key)


def test_a_place_can_be_read_by_people_and_is_in_utc() -> None:
    at = datetime(2026, 11, 25, 16, 2, 3, 4, timezone(timedelta(hours=2)))
    assert written(Place(at, 4711)) == "2026-11-25T14:02:03.000004_4711"


@pytest.mark.parametrize(
    "text",
    ["", "_", "x", "2", "2026-11-25_2", "2026-11-25T14:02:03.1_x", "2026-11-25T14:02:03.1_", f"2026-11-25T14:02:03.1_{2**63}"]
    + ["2026-11-25T14:02:03.1_-2", "2026-11-25T14:02:03.1_\u0662", "9" * 5000],
)
def test_what_no_list_has_written_is_said(text) -> None:
    with pytest.raises(ValueError, match="is no place in this list"):
        read(text, timed=True)


@pytest.mark.parametrize("text", ["", "2026-11-25T14:02:03.1_4711", "x", "-1", "9" * 5000])
def test_a_list_without_a_time_takes_a_key_only(text) -> None:
    with pytest.raises(ValueError, match="is no place in this list"):
        read(text, timed=False)
