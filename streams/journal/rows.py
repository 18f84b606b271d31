"""What the journal's parts share: moments as rows have them, which row a call has, and saving what
changed of a stream."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from streams.models import Call, Stream
from streams.pure.call.notes import CallKey


def utc_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def rows_by_key(calls: QuerySet[Call]) -> dict[CallKey, int]:
    return {CallKey(account_id, uuid): pk for account_id, uuid, pk in calls.values_list("account_id", "uuid", "pk")}


def save(stream: Stream, **values: Any) -> None:
    for name, value in values.items():
        setattr(stream, name, value)
    stream.save(update_fields=list(values))
