"""What is asked of a test of a customer's service URL: where, as whom, and how long it may take.

Owns the order. Must not know how it is carried out."""

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
