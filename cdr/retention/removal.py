"""Takes numbers, payloads or events out of the rows of some ended calls, and marks the calls.

Owns where those things are. One transaction; must not know which calls are old enough. Charges are never touched, nor any time, state
or reason of a call or a stream; of callbacks the state alone of those that would wait for ever."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from cdr.models import LogLink
from cdr.pure.retention import Kind, kept_details, wiping
from streams import host_blocks
from streams.models import Call, Callback, CallbackAttempt, CallbackState, ControlRequest, Stream, StreamConversation, StreamEvent

ROWS_AT_ONCE = 100


def remove(kind: Kind, calls: list[Call], now: datetime) -> int:
    """Returns of how many calls. A call is left for later while a callback of it waits: that has to go out as it is. One that waits for a
    blocked host may wait for ever, and is given up."""
    with transaction.atomic():
        free = _without_pending(calls, now)
        _REMOVERS[kind](free)
        Call.objects.filter(pk__in=_keys(free)).update(**{f"{kind}_removed_at": now})
    return len(free)


def _without_pending(calls: list[Call], now: datetime) -> list[Call]:
    """Their callbacks are locked until the end of the transaction: nobody can have one sent again meanwhile."""
    callbacks = Callback.objects.select_for_update(of=("self",)).filter(stream__call__in=_keys(calls)).order_by("pk")
    told = callbacks.annotate(blocked=host_blocks.is_blocked()).values_list("pk", "stream__call_id", "state", "blocked", "claimed_by")
    pending = [(pk, call, blocked and not claimed_by) for pk, call, state, blocked, claimed_by in told if state == CallbackState.PENDING]
    waiting = {call for _, call, for_ever in pending if not for_ever}
    given_up = [pk for pk, call, _ in pending if call not in waiting]
    Callback.objects.filter(pk__in=given_up).update(state=CallbackState.GIVEN_UP, due_at=None, finished_at=now)
    return [call for call in calls if call.pk not in waiting]


# Numbers ---------------------------------------------------------------------------------------------------------------
TEXTS: dict[type[Model], tuple[str, tuple[str, ...]]] = {
    Call: ("pk", ("from_number", "to_number", "gateway_call_id")),
    Stream: ("call", ("service_url", "status_callback_url", "extra_headers", "end_details")),
    StreamEvent: ("call", ("details",)),
    ControlRequest: ("call", ("details", "extra_headers")),
    Callback: ("stream__call", ("url", "parameters")),
    CallbackAttempt: ("callback__stream__call", ("error", "response_head")),
}
"""How a row leads to its call, and the columns that may hold a number of it."""


def _remove_numbers(calls: list[Call]) -> None:
    wipes = {call.pk: wiping((call.from_number, call.to_number)) for call in calls}
    for model, (to_call, columns) in TEXTS.items():
        path = to_call if to_call == "pk" else f"{to_call}_id"
        found = model._default_manager.filter(**{f"{to_call}__in": list(wipes)}).values_list("pk", path, *columns)
        changed = [model(pk=pk, **dict(zip(columns, new, strict=True))) for pk, new in _wiped(found, wipes)]
        model._default_manager.bulk_update(changed, columns, batch_size=ROWS_AT_ONCE)
    _remove_keys(calls, wipes)


def _remove_keys(calls: list[Call], wipes: dict[int, Callable[[Any], Any]]) -> None:
    """What a number that was wiped is found by goes with it."""
    for side in ("from", "to"):
        wiped = [call.pk for call in calls if wipes[call.pk](number := getattr(call, f"{side}_number")) != number]
        Call.objects.filter(pk__in=wiped).update(**{f"{side}_key": "", f"{side}_reversed": ""})


def _wiped(rows: Iterable[tuple[Any, ...]], wipes: dict[int, Callable[[Any], Any]]) -> Iterable[tuple[int, list[Any]]]:
    """Of those rows that change, the key and the new values."""
    for pk, call, *values in rows:
        new = [wipes[call](value) for value in values]
        if new != values:
            yield pk, new


# Payloads --------------------------------------------------------------------------------------------------------------
def _remove_payloads(calls: list[Call]) -> None:
    keys = _keys(calls)
    events = StreamEvent.objects.filter(call__in=keys).only("kind", "details")
    changed = []
    for event in events:
        kept = kept_details(event.kind, event.details)
        if kept != event.details:
            event.details = kept
            changed.append(event)
    StreamEvent.objects.bulk_update(changed, ["details"], batch_size=ROWS_AT_ONCE)
    ControlRequest.objects.filter(call__in=keys).exclude(details={}).update(details={}, extra_headers="")
    Stream.objects.filter(call__in=keys).exclude(extra_headers="").update(extra_headers="")
    Callback.objects.filter(stream__call__in=keys).update(parameters=[])
    CallbackAttempt.objects.filter(callback__stream__call__in=keys).exclude(response_head="").update(response_head="")


# Events ----------------------------------------------------------------------------------------------------------------
def _remove_events(calls: list[Call]) -> None:
    keys = _keys(calls)
    LogLink.objects.filter(stream__call__in=keys).delete()  # to a log of which nothing is left
    StreamEvent.objects.filter(call__in=keys).delete()
    ControlRequest.objects.filter(call__in=keys).delete()
    StreamConversation.objects.filter(stream__call__in=keys).delete()


_REMOVERS: dict[Kind, Callable[[list[Call]], None]] = {
    Kind.NUMBERS: _remove_numbers,
    Kind.PAYLOADS: _remove_payloads,
    Kind.EVENTS: _remove_events,
}


def _keys(calls: list[Call]) -> list[int]:
    return [call.pk for call in calls]
