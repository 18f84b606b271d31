"""Traces for an OpenTelemetry collector: a call, its streams, and each try at a callback; off unless OTEL_EXPORTER_OTLP_ENDPOINT is set.

Owns what a span tells, when it leaves (when its rows are committed), and that its sending disturbs nothing: a thread of its own, a bounded
queue, and what cannot be sent is dropped. No number and no URL is told. The library is imported only when it is used."""

import atexit
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.error_reports import tellable_words
from config.metrics.version import version
from streams.models import Call, CallbackAttempt, Stream
from streams.outages import Outage
from streams.pure.lifecycle import HangupReason
from streams.pure.trace_context import is_taken, span_id, trace_id
from streams.signals import calls_ended, stream_ended, tries_ended

log = logging.getLogger(__name__)

SENT_WITHIN_SECONDS = 5.0
MOST_WAITING = 2048
MEANWHILE = "traces are dropped, and nothing else waits for them"


def begin_tracing() -> None:
    """From now on, in this process."""
    calls_ended.connect(trace_calls, dispatch_uid="trace_calls")
    stream_ended.connect(trace_streams, dispatch_uid="trace_streams")
    tries_ended.connect(trace_tries, dispatch_uid="trace_tries")


# What is told ----------------------------------------------------------------------------------------------------------
def trace_calls(sender: Any, calls: Sequence[Call], **kwargs: Any) -> None:
    _send([partial(piece_of_call, call) for call in calls if is_taken(call.uuid, settings.TRACE_SHARE)])


def trace_streams(sender: Any, streams: Sequence[Stream], **kwargs: Any) -> None:
    _send([partial(piece_of_stream, stream) for stream in streams if is_taken(stream.call.uuid, settings.TRACE_SHARE)])


def trace_tries(sender: Any, attempts: Sequence[CallbackAttempt], **kwargs: Any) -> None:
    """Each that was made, whatever came of it."""
    _send([partial(piece_of_try, attempt) for attempt in attempts if is_taken(_call_of(attempt), settings.TRACE_SHARE)])


class Piece(NamedTuple):
    """What a span is made of: `own` and `above` are the names that its id and that of the span above it are made of; a `problem` says that
    it went wrong."""

    name: str
    call_id: UUID
    own: tuple[object, ...]
    above: tuple[object, ...]
    began_at: datetime
    ended_at: datetime
    told: dict[str, Any]
    problem: str = ""


def piece_of_call(call: Call) -> Piece:
    told = {
        "streamdesk.account.auth_id": call.account.auth_id,
        "streamdesk.gateway": call.gateway.name if call.gateway else "",
        "streamdesk.direction": call.direction,
        "streamdesk.hangup.cause": call.hangup_cause_name,
        "streamdesk.hangup.source": call.hangup_source,
    }
    return Piece("call", call.uuid, ("call",), (), call.started_at, call.ended_at or call.started_at, told)


def piece_of_stream(stream: Stream) -> Piece:
    told = {
        "streamdesk.account.auth_id": stream.account.auth_id,
        "streamdesk.stream.uuid": str(stream.uuid),
        "streamdesk.hangup.reason": stream.hangup_reason,
        "streamdesk.end.cause": stream.end_cause,
        "server.address": stream.service_host,
    }
    problem = stream.end_details if stream.hangup_reason == HangupReason.CONNECTION_ERROR else ""
    own, ended_at = ("stream", stream.uuid), stream.ended_at or stream.requested_at
    return Piece("stream", stream.call.uuid, own, ("call",), stream.requested_at, ended_at, told, problem)


def piece_of_try(attempt: CallbackAttempt) -> Piece:
    callback = attempt.callback
    told = {
        "streamdesk.stream.uuid": str(callback.stream.uuid),
        "streamdesk.callback.id": callback.message_id,
        "streamdesk.callback.try": attempt.number,
        "http.request.method": callback.method,
        "server.address": urlsplit(callback.url).hostname or "",
        **({"http.response.status_code": attempt.status} if attempt.status else {}),
    }
    own, above = ("try", callback.message_id, attempt.number), ("stream", callback.stream.uuid)
    ended_at = attempt.started_at + timedelta(milliseconds=attempt.duration_ms)
    return Piece(f"callback {callback.event}", _call_of(attempt), own, above, attempt.started_at, ended_at, told, attempt.error)


def _call_of(attempt: CallbackAttempt) -> UUID:
    """As the callback itself says; its rows need not be asked."""
    return UUID(dict(attempt.callback.parameters)["CallUUID"])


def span_of(piece: Piece) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - only where traces are on
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags  # noqa: PLC0415

    def context(names: tuple[object, ...]) -> SpanContext:
        return SpanContext(trace_id(piece.call_id), span_id(*names), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    return ReadableSpan(
        piece.name,
        context(piece.own),
        parent=context(piece.above) if piece.above else None,
        resource=_resource(),
        attributes={"streamdesk.call.uuid": str(piece.call_id), **piece.told},
        kind=SpanKind.CLIENT if piece.above else SpanKind.SERVER,
        status=Status(StatusCode.ERROR, tellable_words(piece.problem)) if piece.problem else Status(StatusCode.UNSET),
        start_time=_nanoseconds(piece.began_at),
        end_time=_nanoseconds(piece.ended_at),
    )


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1000


# How it leaves -----------------------------------------------------------------------------------------------------------
def _send(pieces: Iterable[Callable[[], Piece]]) -> None:
    """When what they tell is committed. What they are made of is read now, in the transaction; a fault in it undoes no end of a call."""
    try:
        made = [span_of(piece()) for piece in pieces]
    except Exception:
        log.exception("A span could not be made.")
        return
    if made:
        transaction.on_commit(partial(_hand_over, made))


def _hand_over(spans: Sequence[Any]) -> None:
    queue = _queue()
    for span in spans:
        queue.on_end(span)


@cache
def _resource() -> Any:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415 - only where traces are on

    said = OTELResourceDetector().detect()  # by OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES
    return Resource({"service.name": "streamdesk", "service.version": version()}).merge(said)


@cache
def _queue() -> Any:
    """Begun with the first span: a process that ends no call has no thread for it."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - only where traces are on
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult  # noqa: PLC0415

    class Watched(SpanExporter):
        """Says in a line when the collector is away, and in one when it is back."""

        def __init__(self) -> None:
            self._exporter, self._outage = OTLPSpanExporter(timeout=SENT_WITHIN_SECONDS), Outage(log, "Sending traces")

        def export(self, spans: Any) -> SpanExportResult:
            result = self._exporter.export(spans)
            if result is SpanExportResult.SUCCESS:
                self._outage.worked()
            else:
                self._outage.failed("the collector did not take them", MEANWHILE)
            return result

        def shutdown(self) -> None:
            self._exporter.shutdown()  # type: ignore[no-untyped-call]

    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
    queue = BatchSpanProcessor(Watched(), max_queue_size=MOST_WAITING, schedule_delay_millis=1000)
    atexit.register(queue.shutdown)
    return queue
