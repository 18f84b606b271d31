"""A cursor: what was written is read, and nothing else is."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.api.errors import ApiRefusal
from cdr.api.paging import MOST_OFFSET, api_page, read_cursor, write_cursor
from cdr.pure.keyset import LARGEST_KEY, Place

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))


@given(st.integers(0, MOST_OFFSET), MOMENTS, st.integers(0, LARGEST_KEY))
def test_what_was_written_is_read(offset: int, at: datetime, key: int) -> None:
    assert read_cursor(write_cursor(offset, Place(at, key=key))) == (offset, Place(at, key=key))


PLACE = "2026-11-25T14:02:03.1_1"


@pytest.mark.parametrize("text", [f"0|{PLACE}|1", f"x|{PLACE}", f"-1|{PLACE}", f"{MOST_OFFSET + 1}|{PLACE}", PLACE, "0|4711", "0|", ""])
def test_what_no_list_has_given_is_refused(text: str) -> None:
    with pytest.raises(ApiRefusal, match="cursor: is not one that this list gave"):
        read_cursor(base64.urlsafe_b64encode(text.encode()).decode())


def test_a_cursor_goes_before_an_offset() -> None:
    place = Place(datetime(2026, 11, 25, tzinfo=UTC), key=7)
    asked = api_page(3, 99, write_cursor(6, place))
    assert (asked.limit, asked.offset, asked.end, asked.after) == (3, 6, 9, place)
