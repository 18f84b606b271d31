"""Traces, as a collector has them: a call, its streams and each try at a callback, one below the other; and what is never told."""

import atexit
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from config import tracing
from streams.journal.ending import StreamEnd, end_calls, end_streams
from streams.models import Stream
from streams.pure.lifecycle import NORMAL_HANGUP, EndCause
from streams.signals import calls_ended, stream_ended, tries_ended
from tests.free_port import free_port
from tests.streams.callback_rows import endpoint, owed, received, stream
from tests.streams.delivering import deliver_next

pytestmark = pytest.mark.django_db
Spans = Callable[[], list[Any]]


@pytest.fixture
def begun(settings: Any) -> Iterator[None]:
    """This process traces; the test names the collector."""
    settings.TRACE_SHARE = 1.0
    tracing.begin_tracing()
    yield
    for signal, name in ((calls_ended, "trace_calls"), (stream_ended, "trace_streams"), (tries_ended, "trace_tries")):
        assert signal.disconnect(dispatch_uid=name)
    if tracing._queue.cache_info().currsize:
        queue = tracing._queue()
        atexit.unregister(queue.shutdown)
        queue.shutdown()
    tracing._queue.cache_clear()
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)


@pytest.fixture
def spans(begun: None, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Spans:
    """What the collector has got, once all is sent."""
    requests: list[bytes] = []

    def take(request: Request) -> Response:
        requests.append(request.get_data())
        return Response(b"", content_type="application/x-protobuf")

    httpserver.expect_request("/v1/traces").respond_with_handler(take)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{httpserver.port}")
    monkeypatch.setenv("no_proxy", "*")

    def sent() -> list[Any]:
        tracing._queue().force_flush()
        groups = [group for body in requests for group in ExportTraceServiceRequest.FromString(body).resource_spans]
        return [span for group in groups for scope in group.scope_spans for span in scope.spans]

    return sent


def ended(of: Stream, cause: EndCause = EndCause.CALL_ENDED, words: str = "The call ended.") -> None:
    now = timezone.now()
    end_streams([StreamEnd(of, cause, now.timestamp(), words)])
    end_calls([(of.call, now)], NORMAL_HANGUP)


def told(span: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


def test_a_call_its_stream_and_the_try_that_told_of_it(
    spans: Spans, httpserver: HTTPServer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    one = stream()
    with django_capture_on_commit_callbacks(execute=True):
        callback = owed(one, endpoint(httpserver, 200))
        deliver_next(one.pk)
        ended(one)
    by_name = {span.name: span for span in spans()}
    call, of_stream, of_try = by_name["call"], by_name["stream"], by_name["callback StartStream"]
    assert {span.trace_id.hex() for span in by_name.values()} == {one.call.uuid.hex}
    assert (call.parent_span_id, of_stream.parent_span_id, of_try.parent_span_id) == (b"", call.span_id, of_stream.span_id)
    assert told(of_stream)["server.address"] == "bot.example" and told(of_stream)["streamdesk.hangup.reason"] == "Call hangup"
    assert told(of_try)["http.response.status_code"] == 200 and told(of_try)["streamdesk.callback.id"] == callback.message_id
    assert told(call)["streamdesk.hangup.cause"] == "Normal Hangup"
    (request,) = [each for each in received(httpserver) if each.path != "/v1/traces"]
    assert request.headers["traceparent"] == f"00-{one.call.uuid.hex}-{of_try.span_id.hex()}-01"


def test_what_went_wrong_is_said_without_numbers(spans: Spans, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    one = stream()
    with django_capture_on_commit_callbacks(execute=True):
        ended(one, EndCause.CUSTOMER_CLOSED, "Closed with 1011, “no agent for +49 170 1234567”.")
    (of_stream,) = [span for span in spans() if span.name == "stream"]
    assert of_stream.status.code == 2 and "no agent for (a number)" in of_stream.status.message


def test_what_is_undone_is_not_told(spans: Spans, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    with django_capture_on_commit_callbacks(execute=False):
        ended(stream())
    assert spans() == []


@pytest.mark.usefixtures("begun")
def test_a_collector_that_is_away_costs_a_line_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setattr(tracing, "SENT_WITHIN_SECONDS", 0.2)
    with django_capture_on_commit_callbacks(execute=True):
        ended(stream())
    tracing._queue().force_flush()
    assert [record.getMessage() for record in caplog.records if "traces" in record.getMessage()] == [
        "Sending traces failed (the collector did not take them); traces are dropped, and nothing else waits for them."
    ]


def test_a_stream_whose_span_cannot_be_made_ends_all_the_same(
    spans: Spans,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def broken(piece: Any) -> None:
        raise RuntimeError("no span")

    monkeypatch.setattr(tracing, "span_of", broken)
    one = stream()
    with django_capture_on_commit_callbacks(execute=True):
        ended(one)
    assert Stream.objects.get().state == "ended" and spans() == []


def test_without_a_collector_nothing_is_said_to_customers(httpserver: HTTPServer) -> None:
    one = stream()
    owed(one, endpoint(httpserver, 200))
    deliver_next(one.pk)
    (request,) = received(httpserver)
    assert "traceparent" not in request.headers
