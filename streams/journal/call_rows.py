"""A call's row and those of its streams, while notes change them: read as Django would read them, and each saved once.

Owns what is asked for each batch of a call's notes, a few times in each call's life: so its SQL is written once. Must not know notes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from streams.models import Application, Call, Gateway, Stream, StreamEvent
from streams.ready_statement import ReadyStatement

_CALL = ReadyStatement(
    lambda account, uuid: Call.objects.filter(account=account, uuid=uuid).order_by().select_for_update(),
    int,
    UUID,
)
_STREAMS = ReadyStatement(lambda call: Stream.objects.filter(call=call).order_by("pk"), int)
_NUMBERS = ReadyStatement(
    lambda call, lowest, highest, first, last: (
        StreamEvent.objects.filter(call=call, number__gte=lowest, number__lte=highest, at__gte=first, at__lte=last)
        .order_by()
        .values_list("number")
    ),
    int,
    int,
    int,
    datetime,
    datetime,
)
_GATEWAY = ReadyStatement(lambda key: Gateway.objects.filter(pk=key).order_by().values_list("pk"), int)
_APPLICATION = ReadyStatement(lambda key: Application.objects.filter(pk=key).order_by().values_list("pk"), int)


class CallRows:
    """Those of a call that `is_new` have no streams yet, and no events."""

    def __init__(self, call: Call, is_new: bool = False) -> None:
        self.call = call
        self.streams = {} if is_new else {stream.uuid: stream for stream in _streams_of(call)}
        self.is_new = is_new
        self._changed: dict[Call | Stream, dict[str, None]] = {}

    def change(self, row: Call | Stream, **values: Any) -> None:
        """To be saved when all notes have said what they change."""
        for column, value in values.items():
            setattr(row, column, value)
        self._changed.setdefault(row, {}).update(dict.fromkeys(values))

    def save(self) -> None:
        for row, columns in self._changed.items():
            row.save(update_fields=list(columns))
        self._changed.clear()

    def numbers_written(self, lowest: int, highest: int, first: datetime, last: datetime) -> set[int]:
        """Of the notes between these, those that have a row. A note keeps its time however often it comes, and so it is told in which
        partition to look."""
        if self.is_new:
            return set()
        return {number for (number,) in _NUMBERS.ask(self.call.pk, lowest, highest, first, last)}


def locked_call(account_id: int, uuid: UUID) -> Call | None:
    """The row of the call, locked. Must run in a transaction."""
    return next(iter(_CALL.objects(Call, account_id, uuid)), None)


def _streams_of(call: Call) -> Iterator[Stream]:
    for stream in _STREAMS.objects(Stream, call.pk):
        stream.call = call
        yield stream


def gateway_key(key: int | None) -> int | None:
    """None of one that was deleted."""
    return key if key is not None and _GATEWAY.ask(key) else None


def application_key(key: int | None) -> int | None:
    return key if key is not None and _APPLICATION.ask(key) else None
