"""How a page's address names a row: by its uuid, which people send each other, or by its number in the table.

Owns the reading of that name. Must not know what the row is."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

Found = TypeVar("Found", bound=Model)

MOST_DIGITS = 18
"""What a 64-bit key can hold."""


def key_of(text: str) -> dict[str, Any] | None:
    """The look-up for a row, {"uuid": ...} or {"pk": ...}; None when the text names none."""
    if _is_number(text):
        return {"pk": int(text)}
    try:
        return {"uuid": UUID(text)}
    except ValueError:
        return None


def only_one(rows: QuerySet[Found], key: str) -> Found | None:
    """The row that an address names; None when it names none, or several: a call's uuid is its own within its account only."""
    lookup = key_of(key)
    found = list(rows.filter(**lookup)[:2]) if lookup else []
    return found[0] if len(found) == 1 else None


def names_several(rows: QuerySet[Any], key: str) -> bool:
    lookup = key_of(key)
    return lookup is not None and len(rows.filter(**lookup).values_list("pk")[:2]) > 1


def number_of(text: str) -> int:
    """For a look-up by the number alone; 0, which no row has, when the text is none."""
    return int(text) if _is_number(text) else 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
