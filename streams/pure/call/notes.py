"""A call's identity, and a note: one fact of a call's life, on its way from the session that saw it to the journal that writes it down.

Owns the shape of both. Must not know where it is written."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from streams.pure.lifecycle import EventKind, Level
from streams.pure.scrubbing import scrubbed_headers

Noted = Callable[..., None]
"""note(kind, level, stream_id, now, measured=None, **details)"""


@dataclass(frozen=True, slots=True)
class Note:
    """`number` counts a call's notes from 1; `at` is seconds since the epoch (UTC); `stream_id` is None for facts of the call.

    `details` holds JSON values only, already cleaned of hostile text, and no secrets but extra headers in a `request`.
    `measured`: the timing of what ended."""

    number: int
    kind: EventKind
    at: float
    level: Level = Level.INFO
    stream_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] | None = None


def shown_details(note: Note) -> dict[str, Any]:
    """What logs may have: extra headers are kept with their stream, where they are sealed; of them, here, the names."""
    request = note.details.get("request")
    if not request:
        return note.details
    return {**note.details, "request": {**request, "extra_headers": scrubbed_headers(request.get("extra_headers", ""))}}


def note_in_words(note: Note) -> str:
    return str(replace(note, details=shown_details(note)))


class CallKey(NamedTuple):
    """What tells a call from all others. Its uuid comes from the gateway, so two accounts may have the same, by chance or because one
    of them means to be in the other's way."""

    account_id: int
    call_id: UUID


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a call is from its first moment on; the ids are those of the tenants' rows. `started_at`: seconds since the epoch."""

    call_id: UUID
    account_id: int
    gateway_id: int
    application_id: int
    from_number: str
    to_number: str
    direction: str
    gateway_call_id: str
    started_at: float

    @property
    def key(self) -> CallKey:
        return CallKey(self.account_id, self.call_id)


@dataclass(frozen=True, slots=True)
class Identity:
    """The call as customers see it."""

    call_id: UUID
    auth_id: str
