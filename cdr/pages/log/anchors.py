"""The name that each line of a debug log has in addresses, made of what its reader knows: its number in the call, a callback's message id,
a stream's uuid. Never of a number of a table, which would tell customers how much the whole platform does.

Owns these names, and which row one names. Must not know which rows belong to a log."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.crypto import salted_hmac

from cdr.pure.log.rows import ATTEMPTS, CALLBACKS, CHARGES, EVENTS
from streams.models import StreamEvent

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FORMS = (
    (EVENTS, re.compile(r"n(?P<number>\d{1,9})", re.ASCII)),
    (EVENTS, re.compile(r"w(?P<at>\d{1,16})-[0-9a-f]{12}", re.ASCII)),
    (CHARGES, re.compile(r"charge-(?P<stream>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")),
    (ATTEMPTS, re.compile(r"a(?P<message_id>[-\w]{1,40})-(?P<number>\d{1,4})", re.ASCII)),
    (CALLBACKS, re.compile(r"c(?P<message_id>[-\w]{1,40})", re.ASCII)),
)
"""A charge's before a callback's, which begins alike."""


class NamedRow(NamedTuple):
    """Where to look for a row: its rank, and what of its columns the name says. More than one row may be of that, and one has the name."""

    rank: int
    columns: dict[str, Any]


def event_anchor(event: StreamEvent) -> str:
    """`n17`, its number in its call; of what another process wrote, which has none, when that was and a digest that tells it apart."""
    if event.number is not None:
        return f"n{event.number}"
    return f"w{(event.at - _EPOCH) // _MICROSECOND}-{salted_hmac('cdr.pages.log.anchors', str(event.pk)).hexdigest()[:12]}"


def callback_anchor(message_id: str) -> str:
    return f"c{message_id}"


def attempt_anchor(message_id: str, number: int) -> str:
    return f"a{message_id}-{number}"


def charge_anchor(stream: UUID) -> str:
    return f"charge-{stream}"


def sought_by(anchor: str) -> NamedRow | None:
    """None for what is no line's name."""
    for rank, form in _FORMS:
        if said := form.fullmatch(anchor):
            return NamedRow(rank, _columns(rank, said.groupdict()))
    return None


def _columns(rank: int, said: dict[str, str]) -> dict[str, Any]:
    if rank == EVENTS:
        return {"number": int(said["number"])} if "number" in said else {"number": None, "at": _EPOCH + int(said["at"]) * _MICROSECOND}
    if rank == ATTEMPTS:
        return {"callback__message_id": said["message_id"], "number": int(said["number"])}
    return said
