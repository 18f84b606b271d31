"""A place in a sorted list: where a row stands, by the columns the list is sorted by, so that a page can begin behind it. Stays right
while rows are added.

Owns what a place is, for the console's lists, the debug log and the API, and its form in an address. Must not know which list, or how
rows are found."""

from datetime import UTC, datetime
from typing import NamedTuple

LARGEST_KEY = 2**63 - 1


class Place(NamedTuple):
    """Places of one list compare as its rows do. `at`: the row's time, in lists that are sorted by one. Of one instant, lists that hold
    more than one kind of row go by `rank` and `number`. `key` tells apart what is equal in all that."""

    at: datetime | None
    rank: int = 0
    number: int = 0
    key: int = 0


def written(place: Place) -> str:
    """`2026-11-25T14:02:03.123456_4711`, or `4711`: of lists with one kind of row."""
    return f"{place.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}_{place.key}" if place.at else str(place.key)


def read_place(text: str, *, timed: bool) -> Place:
    """Raises ValueError with a sentence for what no list has written."""
    time, _, key = text.rpartition("_")
    try:
        if not (key.isascii() and key.isdigit() and int(key[:20]) <= LARGEST_KEY and bool(time) == timed):
            raise ValueError
        return Place(datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC) if timed else None, key=int(key))
    except ValueError:
        raise ValueError(f"“{text[:60]}” is no place in this list, so its newest page is shown. Use the links below the list.") from None
