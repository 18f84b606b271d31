"""The timing of calls and streams in their rows: every few seconds for all live calls of a process, and once at the end of each, with how
its conversation went.

Owns those rows: what is written again replaces what was there, so nothing waits for a database that is away. Must not know who
measures."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from streams.journal.rows import rows_by_key, utc_of
from streams.models import Call, CallMeasure, Stream, StreamConversation, StreamMeasure
from streams.pure.call.measure import Measured
from streams.pure.call.notes import CallKey
from streams.pure.lifecycle import LIVE_STATES, CallState


def keep_measures(owner: str, seconds: float, measured: Mapping[CallKey, Measured]) -> None:
    """The timing of some live calls of `owner` and of their live streams, as of `seconds`: four statements for all of them.

    A call whose notes are being written just now is passed over, and so is a stream that has ended: its last timing is in its row."""
    with transaction.atomic():
        mine = Call.objects.select_for_update(skip_locked=True).filter(owner=owner, state=CallState.LIVE)
        mine = mine.filter(uuid__in=[key.call_id for key in measured])
        calls = {key: pk for key, pk in rows_by_key(mine).items() if key in measured}
        live = Stream.objects.filter(call__in=calls.values(), state__in=LIVE_STATES)
        streams = dict(live.values_list("uuid", "pk"))
        _keep_calls({pk: measured[key].arrivals for key, pk in calls.items()}, seconds)
        of_streams = {uuid: kept for key in calls for uuid, kept in measured[key].streams.items()}
        _keep_streams({pk: of_streams[uuid] for uuid, pk in streams.items() if uuid in of_streams}, seconds)


def keep_of_call(call: Call, seconds: float, arrivals: dict[str, Any]) -> None:
    """The last timing of a call. Must run in the transaction that ends it."""
    _keep_calls({call.pk: arrivals}, seconds)


def keep_of_stream(stream: Stream, seconds: float, kept: dict[str, Any]) -> None:
    """The last timing of a stream, and how its conversation went. Must run in the transaction that ends it."""
    conversation = kept.get("conversation")
    _keep_streams({stream.pk: {name: value for name, value in kept.items() if name != "conversation"}}, seconds)
    if conversation:
        row = StreamConversation(stream=stream, **conversation)
        fields = [*StreamConversation.FIGURES, "course"]
        StreamConversation.objects.bulk_create([row], update_conflicts=True, unique_fields=["stream"], update_fields=fields)


def _keep_calls(arrivals: Mapping[int, dict[str, Any]], seconds: float) -> None:
    rows = [CallMeasure(call_id=pk, measured_at=utc_of(seconds), arrivals=kept) for pk, kept in arrivals.items()]
    CallMeasure.objects.bulk_create(rows, update_conflicts=True, unique_fields=["call"], update_fields=["measured_at", "arrivals"])


def _keep_streams(measured: Mapping[int, dict[str, Any]], seconds: float) -> None:
    rows = [StreamMeasure(stream_id=pk, measured_at=utc_of(seconds), **kept) for pk, kept in measured.items()]
    fields = ["measured_at", "latency", "levels", "noise"]
    StreamMeasure.objects.bulk_create(rows, update_conflicts=True, unique_fields=["stream"], update_fields=fields)
