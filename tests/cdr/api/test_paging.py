"""A cursor: what was written is read, and nothing else is."""

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.api.errors import ApiRefusal
from cdr.api.paging import MOST_OFFSET, CursorPlace, api_page, read_cursor, write_cursor

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))


@given(st.integers(0, MOST_OFFSET), MOMENTS, st.uuids())
def test_what_was_written_is_read(offset: int, at: datetime, uuid: UUID) -> None:
    written = write_cursor(offset, CursorPlace(at, uuid))
    assert read_cursor(written) == (offset, CursorPlace(at, uuid)) and len(written) <= 200


def test_one_of_an_older_version_is_a_time_and_no_number() -> None:
    """Nobody finds out the number of a row in its table by trying."""
    old = base64.urlsafe_b64encode(b"20|2026-11-25T14:02:03.123456_4711").decode().rstrip("=")
    assert read_cursor(old) == (20, CursorPlace(datetime(2026, 11, 25, 14, 2, 3, 123456, UTC), None))


PLACE = "2026-11-25T14:02:03.1_1"


@pytest.mark.parametrize(
    "text",
    [
        f"0|{PLACE}|1",
        f"x|{PLACE}",
        f"-1|{PLACE}",
        f"{MOST_OFFSET + 1}|{PLACE}",
        PLACE,
        "0|4711",
        "0|",
        "",
        f"0|{PLACE}x",
        f"0|{PLACE[:-1]}",
    ],
)
def test_what_no_list_has_given_is_refused(text: str) -> None:
    with pytest.raises(ApiRefusal, match="cursor: is not one that this list gave"):
        read_cursor(base64.urlsafe_b64encode(text.encode()).decode())


def test_a_cursor_goes_before_an_offset() -> None:
    place = CursorPlace(datetime(2026, 11, 25, tzinfo=UTC), uuid4())
    asked = api_page(3, 99, write_cursor(6, place))
    assert (asked.limit, asked.offset, asked.end, asked.after) == (3, 6, 9, place)
