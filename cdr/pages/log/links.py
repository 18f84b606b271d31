"""The links to a stream's debug log as its page lists them: who made each, for whom, what it shows, until when, how often it was opened.

Must not know which links work (cdr.log_links), nor requests."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from cdr.models import LogLink
from cdr.pure.figures import NOTHING, counted, moment


class LinkLine(NamedTuple):
    """`works`: it was neither revoked nor is it over; whether its maker still may is asked when it is opened."""

    pk: int
    made: str
    by: str
    made_for: str
    shows: str
    opened: str
    state: str
    works: bool


def link_lines(stream: UUID, now: datetime) -> list[LinkLine]:
    """The newest first, in one query."""
    return [_line(link, now) for link in LogLink.objects.filter(stream__uuid=stream).select_related("owner")]


def _line(link: LogLink, now: datetime) -> LinkLine:
    state = _state(link, now)
    return LinkLine(
        pk=link.pk,
        made=moment(link.created_at),
        by=link.made_by,
        made_for=link.made_for or NOTHING,
        shows=shows_words(whole_numbers=link.whole_numbers, with_details=link.with_details),
        opened=f"{counted(link.opened, 'time')}, last at {moment(link.last_opened_at)}" if link.last_opened_at else "never",
        state=state or f"works until {moment(link.expires_at)}",
        works=not state,
    )


def shows_words(*, whole_numbers: bool, with_details: bool) -> str:
    return f"numbers {'whole' if whole_numbers else 'masked'}, {'with' if with_details else 'without'} payloads"


def _state(link: LogLink, now: datetime) -> str:
    """Why it works no more; "" when it works."""
    if link.revoked_at:
        return f"revoked by {link.revoked_by} at {moment(link.revoked_at)}"
    if link.expires_at <= now:
        return f"over since {moment(link.expires_at)}"
    if link.owner is None or not link.owner.is_active:
        return f"works no more: {link.made_by} has no account any more"
    return ""
