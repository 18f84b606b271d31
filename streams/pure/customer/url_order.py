"""What is asked of a test of a customer's service URL: where, as whom, and how long it may take.

Owns the order. Must not know how it is carried out."""

import secrets
from dataclasses import dataclass
from uuid import UUID

DEADLINE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class UrlOrder:
    """What is to be tested, and as whom."""

    url: str
    content_type: str
    auth_id: str
    tokens: tuple[str, ...]
    call_id: UUID
    stream_id: UUID


def recognisable_id() -> UUID:
    """An id that can be told at sight from a real one: it begins with 00000000-7e57-4."""
    return UUID(f"00000000-7e57-4{secrets.token_hex(2)[1:]}-8{secrets.token_hex(2)[1:]}-{secrets.token_hex(6)}")
