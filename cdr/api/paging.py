"""A page of a list: by offset, or by a cursor that stays right while rows are added at the top.

Owns the cursor's form, and the relative URLs of `meta`. Must not know what is listed."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple, cast
from urllib.parse import urlencode
from uuid import UUID

from ninja import Schema
from pydantic import BeforeValidator, Field

from cdr.api.errors import ApiRefusal
from cdr.api.schemas import Meta
from cdr.pure import keyset
from cdr.pure.keyset import Place

MOST_PER_PAGE = 20
MOST_OFFSET = 1_000_000_000
PLACES = ("limit", "offset", "cursor", "after")
"""What of a query says which page is asked for; the rest of it is about the list."""
Blank = BeforeValidator(lambda value: None if value == "" else value)
"""An empty parameter is one that is missing."""


class PageAsked(Schema):
    """The parameters of every list."""

    limit: Annotated[int | None, Field(ge=1, le=MOST_PER_PAGE), Blank] = None
    offset: Annotated[int | None, Field(ge=0, le=MOST_OFFSET), Blank] = None


class CursorPlace(NamedTuple):
    """Where a page's last row stands: by its time, and the uuid that its account knows it by. None in one of an older version, which wrote
    the row's number in its table: that counts the rows of all accounts, so it is not written any more, and nothing is found by it."""

    at: datetime
    uuid: UUID | None


@dataclass(frozen=True, slots=True)
class ApiPage:
    """Which rows are asked for: `limit` of them after `after`, or where that is None, after the first `offset`."""

    limit: int
    offset: int
    after: CursorPlace | None = None

    @property
    def end(self) -> int:
        """The offset of the next page."""
        return self.offset + self.limit


def api_page(limit: int | None, offset: int | None, cursor: str | None) -> ApiPage:
    """A cursor supersedes an offset. Raises Refused for a cursor that is none of ours."""
    begin, after = read_cursor(cursor) if cursor else (offset or 0, None)
    return ApiPage(limit or MOST_PER_PAGE, begin, after)


def write_cursor(offset: int, after: CursorPlace) -> str:
    """A page that begins after `offset` rows, the last of which stands at `after`."""
    time, _, _ = keyset.written(Place(after.at)).partition("_")
    return base64.urlsafe_b64encode(f"{offset}|{time}_{after.uuid}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[int, CursorPlace]:
    try:
        offset, place = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("|")
        time, _, name = place.partition("_")
        at = keyset.read_place(f"{time}_0", timed=True).at
        begin, after = int(offset), CursorPlace(cast(datetime, at), None if name.isdigit() else UUID(name))
    except (ValueError, binascii.Error) as error:
        raise _foreign_cursor() from error
    if not 0 <= begin <= MOST_OFFSET:
        raise _foreign_cursor()
    return begin, after


def _foreign_cursor() -> ApiRefusal:
    return ApiRefusal(400, "cursor: is not one that this list gave. Take it from meta.next, or leave it out.")


def meta(path: str, query: Mapping[str, str], asked: ApiPage, total_count: int, *, more: bool, last: CursorPlace | None = None) -> Meta:
    """`query` is what was asked with, filters and all. `more`: whether another page follows. `last`: where the last row of this one
    stands, in lists that have a cursor."""
    kept = {name: value for name, value in query.items() if name not in PLACES} | {"limit": str(asked.limit)}
    before = {"offset": str(max(asked.offset - asked.limit, 0))}
    return Meta(
        limit=asked.limit,
        offset=asked.offset,
        next=_url(path, kept | _following(asked.end, last)) if more else None,
        previous=_url(path, kept | before) if asked.offset else None,
        total_count=total_count,
        count=total_count,
    )


def _following(offset: int, last: CursorPlace | None) -> dict[str, str]:
    """Both forms where there are both: a client takes the cursor when it knows what that is, else the offset."""
    return {"offset": str(offset)} | ({"cursor": write_cursor(offset, last)} if last else {})


def _url(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}"
