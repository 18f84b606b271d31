"""Where a page of a list begins: after a row, named by the columns the list is sorted by. Stays right while rows are added.

Owns the form of that name in an address. Must not know which list, or how rows are found."""

from datetime import UTC, datetime
from typing import NamedTuple

LARGEST_KEY = 2**63 - 1


class Place(NamedTuple):
    """A row of a list: its time, in lists that are sorted by one, and its key."""

    at: datetime | None
    key: int


def written(place: Place) -> str:
    """`2026-11-25T14:02:03.123456_4711`, or `4711`."""
    return f"{place.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}_{place.key}" if place.at else str(place.key)


def read(text: str, *, timed: bool) -> Place:
    """Raises ValueError with a sentence for what no list has written."""
    time, _, key = text.rpartition("_")
    try:
        if not (key.isascii() and key.isdigit() and int(key[:20]) <= LARGEST_KEY and bool(time) == timed):
            raise ValueError
        return Place(datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC) if timed else None, int(key))
    except ValueError:
        raise ValueError(f"“{text[:60]}” is no place in this list, so its newest page is shown. Use the links below the list.") from None
