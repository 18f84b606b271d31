"""What the journal's parts share: moments as rows have them, and saving what changed of a stream."""

from datetime import UTC, datetime
from typing import Any

from streams.models import Stream


def utc_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def save(stream: Stream, **values: Any) -> None:
    for name, value in values.items():
        setattr(stream, name, value)
    stream.save(update_fields=list(values))
