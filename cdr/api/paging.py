"""A page of a list: by offset, or by a cursor that stays right while rows are added at the top.

Owns the cursor's form, and the relative URLs of `meta`. Must not know what is listed."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from ninja import Schema
from pydantic import BeforeValidator, Field

from cdr.api.errors import Refused
from cdr.api.schemas import Meta

MOST_PER_PAGE = 20
MOST_OFFSET = 1_000_000_000
Blank = BeforeValidator(lambda value: None if value == "" else value)
"""An empty parameter is one that is missing."""


class PageAsked(Schema):
    """The parameters of every list."""

    limit: Annotated[int | None, Field(ge=1, le=MOST_PER_PAGE), Blank] = None
    offset: Annotated[int | None, Field(ge=0, le=MOST_OFFSET), Blank] = None


class Position(NamedTuple):
    """Where the next page begins: after how many rows, and in a list of calls, after the one with this end and key."""

    offset: int
    ended_at: datetime
    pk: int


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows are asked for: `limit` of them after `after`, or where that is None, after the first `offset`."""

    limit: int
    offset: int
    after: Position | None = None


def page(limit: int | None, offset: int | None, cursor: str | None) -> Page:
    """A cursor supersedes an offset. Raises Refused for a cursor that is none of ours."""
    after = read_cursor(cursor) if cursor else None
    return Page(limit or MOST_PER_PAGE, after.offset if after else offset or 0, after)


def write_cursor(position: Position) -> str:
    text = f"{position.offset}|{position.ended_at.astimezone(UTC).isoformat()}|{position.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Position:
    try:
        offset, ended_at, pk = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
        position = Position(int(offset), datetime.fromisoformat(ended_at).astimezone(UTC), int(pk))
    except (ValueError, binascii.Error, OverflowError) as error:
        raise _foreign_cursor() from error
    if not (0 <= position.pk < 2**63 and 0 <= position.offset <= MOST_OFFSET):
        raise _foreign_cursor()
    return position


def _foreign_cursor() -> Refused:
    return Refused(400, "cursor: is not one that this list gave. Take it from meta.next, or leave it out.")


def meta(path: str, query: Mapping[str, str], asked: Page, total_count: int, next_page: Position | int | None) -> Meta:
    """`query` is what was asked with, filters and all. `next_page`: where it begins, or after how many rows; None for the last page."""
    kept = {name: value for name, value in query.items() if name not in ("limit", "offset", "cursor")} | {"limit": str(asked.limit)}
    before = {"offset": str(max(asked.offset - asked.limit, 0))}
    return Meta(
        limit=asked.limit,
        offset=asked.offset,
        next=None if next_page is None else _url(path, kept | _from(next_page)),
        previous=_url(path, kept | before) if asked.offset else None,
        total_count=total_count,
        count=total_count,
    )


def _from(begin: Position | int) -> dict[str, str]:
    """Both forms where there are both: a client takes the cursor when it knows what that is, else the offset."""
    if isinstance(begin, int):
        return {"offset": str(begin)}
    return {"offset": str(begin.offset), "cursor": write_cursor(begin)}


def _url(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}"
