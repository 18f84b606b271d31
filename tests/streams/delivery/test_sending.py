"""One try at one callback: what the endpoint gets, and what is written down of its answer."""

import socket
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from django.utils import timezone
from plivo.utils import validate_signature
from plivo.utils.signature_v3 import validate_v3_signature
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook
from werkzeug import Request

from streams.delivery.sending import body_as_text, retry_after_seconds
from streams.models import CallbackState
from streams.pure.callback.signature import standard_webhook_secret
from tests.streams.callback_rows import TOKEN, due_again, endpoint, fresh, owed, received, stream
from tests.streams.delivering import DeliveryOutcome, deliver_next
from tests.streams.raw_server import dripping, hanging, resetting, saying, serving

pytestmark = pytest.mark.django_db


# What an endpoint gets -----------------------------------------------------------------------------------------------------
def test_a_callback_is_posted_as_a_form_that_every_published_validator_accepts(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 200) + "?tenant=7#rt=3000")
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED

    (request,) = received(httpserver)
    assert request.method == "POST"
    assert request.mimetype == "application/x-www-form-urlencoded"
    assert request.headers["User-Agent"] == "Streamdesk"
    assert [list(pair) for pair in parse_qsl(request.get_data(as_text=True), keep_blank_values=True)] == callback.parameters
    accepted_by_all(request)


def test_a_callback_by_get_carries_its_parameters_in_the_query(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 200) + "?tenant=7", method="GET")
    assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED

    (request,) = received(httpserver)
    assert request.method == "GET"
    assert list(request.args.items(multi=True)) == [("tenant", "7"), *map(tuple, callback.parameters)]
    assert request.get_data() == b""
    accepted_by_all(request)


def accepted_by_all(request: Request) -> None:
    headers, form = request.headers, request.form.to_dict()
    nonce = headers["X-Plivo-Signature-V3-Nonce"]
    assert validate_v3_signature(request.method, request.url, nonce, TOKEN, headers["X-Plivo-Signature-V3"], dict(form))
    assert validate_v3_signature(request.method, request.url, nonce, TOKEN, headers["X-Plivo-Signature-Ma-V3"], dict(form))
    assert validate_signature(request.url, headers["X-Plivo-Signature-V2-Nonce"], headers["X-Plivo-Signature-V2"], TOKEN)
    Webhook(standard_webhook_secret(TOKEN)).verify(request.get_data(), dict(headers.items()), json_parse=False)


def test_every_try_has_the_same_message_and_a_signature_of_its_own(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 500, 200))
    deliver_next(callback.stream_id)
    due_again(callback)
    deliver_next(callback.stream_id)

    first, second = received(httpserver)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == callback.message_id
    assert first.get_data() == second.get_data()
    assert first.headers["X-Plivo-Signature-V3-Nonce"] != second.headers["X-Plivo-Signature-V3-Nonce"]


# What is written down ------------------------------------------------------------------------------------------------------
def test_a_delivery_is_written_down(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 204))
    before = timezone.now()
    deliver_next(callback.stream_id)

    row, attempt = fresh(callback), callback.attempts.get()
    assert (row.state, row.tries, row.due_at, row.claimed_by, row.claimed_until) == (CallbackState.DELIVERED, 1, None, "", None)
    assert (attempt.number, attempt.status, attempt.error, attempt.address) == (1, 204, "", "127.0.0.1")
    assert row.finished_at is not None
    assert before <= attempt.started_at <= row.finished_at <= timezone.now()
    assert 0 <= attempt.duration_ms < 10_000


def test_the_head_of_the_answer_is_kept_and_cleaned(httpserver: HTTPServer):
    httpserver.expect_request("/status").respond_with_data(b"<p>No\r\n\x00way\xe2\x80\xae\xff" + b"x" * 10_000, status=500)
    callback = owed(stream(), httpserver.url_for("/status"))
    deliver_next(callback.stream_id)
    head = callback.attempts.get().response_head
    assert head.startswith("<p>No\n\ufffdway\ufffd\ufffdxxx")
    assert len(head) <= 4096


def test_the_head_of_an_answer_has_no_invisible_characters():
    assert body_as_text(b"one\r\ntwo\x1b[31m\x85three\xe2\x80\xa8four") == "one\ntwo\ufffd[31m\ufffdthree\nfour"


NOT_DELIVERED: dict[str, tuple[Callable[..., None], int | None, str]] = {
    "hangs": (hanging(), None, "127.0.0.1 did not answer within 0.5 s."),
    "drips a 200": (dripping(b"HTTP/1.1 200 OK\r\nX-Long: "), None, "127.0.0.1 did not answer within 0.5 s."),
    "drips the body of a 503": (
        dripping(b"HTTP/1.1 503 Full\r\n\r\n"),
        503,
        "The endpoint answered 503 Service Unavailable; a callback counts as delivered when the answer is 2xx.",
    ),
    "resets": (resetting(), None, "127.0.0.1 closed the connection without an answer."),
    "no HTTP": (saying(b"220 mail.example ESMTP\r\n"), None, "127.0.0.1 did not answer in HTTP (220 mail.example ESMTP)."),
    "404": (
        saying(b"HTTP/1.1 404 gone fishing\r\n\r\n"),
        404,
        "The endpoint answered 404 Not Found; a callback counts as delivered when the answer is 2xx.",
    ),
    "redirect": (
        saying(b"HTTP/1.1 301 Moved\r\nLocation: https://new.example/\r\n\r\n"),
        301,
        "The endpoint answered 301, a redirect to https://new.example/. Redirects are not followed: give the final URL.",
    ),
}


DELIVERED: dict[str, tuple[Callable[..., None], int]] = {
    "a body shorter than said": (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok"), 200),
    "a body that drips": (dripping(b"HTTP/1.1 200 OK\r\n\r\n"), 200),
    "no body at all": (saying(b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\n"), 202),
    "a broken chunk": (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 200),
    "a reset in the body": (resetting(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), 200),
    "early hints before it": (saying(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 200),
    "other words before it": (saying(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"), 204),
    "HTTP/1.0": (saying(b"HTTP/1.0 200 OK\r\n\r\nok"), 200),
}


@pytest.mark.parametrize(("behaviour", "status"), DELIVERED.values(), ids=DELIVERED.keys())
def test_2xx_is_delivered_whatever_becomes_of_the_body(behaviour, status):
    with serving(behaviour) as server:
        callback = owed(stream(), server.url)
        assert deliver_next(callback.stream_id) is DeliveryOutcome.DELIVERED
    assert callback.attempts.get().status == status
    assert fresh(callback).state == CallbackState.DELIVERED


@pytest.mark.parametrize(("behaviour", "status", "words"), NOT_DELIVERED.values(), ids=NOT_DELIVERED.keys())
def test_a_failure_is_written_down_in_words(behaviour, status, words):
    with serving(behaviour) as server:
        callback = owed(stream(), server.url)
        assert deliver_next(callback.stream_id) is DeliveryOutcome.FAILED
    attempt = callback.attempts.get()
    assert (attempt.status, attempt.error, attempt.address) == (status, words, "127.0.0.1")
    assert fresh(callback).state == CallbackState.PENDING


def test_an_endpoint_that_is_not_there_is_written_down_in_words():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    callback = owed(stream(), f"http://127.0.0.1:{port}/")
    assert deliver_next(callback.stream_id) is DeliveryOutcome.FAILED
    assert callback.attempts.get().error.endswith(f"port {port}: the connection was refused, so nothing listens there.")


def test_a_name_that_does_not_resolve_is_retried():
    callback = owed(stream(), "http://nowhere.invalid/status")
    assert deliver_next(callback.stream_id) is DeliveryOutcome.FAILED
    assert "nowhere.invalid" in callback.attempts.get().error


@pytest.mark.parametrize("url", ["http://10.0.0.1/status", "ftp://example.com/", "http://u:p@127.0.0.1/"])
def test_an_address_that_may_not_be_dialled_is_given_up_at_once(url):
    callback = owed(stream(), url)
    assert deliver_next(callback.stream_id) is DeliveryOutcome.GIVEN_UP
    row = fresh(callback)
    assert (row.state, row.tries, row.due_at, row.claimed_by) == (CallbackState.GIVEN_UP, 1, None, "")
    assert row.finished_at is not None
    assert callback.attempts.get().address == ""


def test_a_row_that_cannot_be_sent_uses_up_its_tries_like_any_other(httpserver: HTTPServer):
    callback = owed(stream(), endpoint(httpserver, 200), parameters=["not a pair at all"])
    assert deliver_next(callback.stream_id) is DeliveryOutcome.FAILED
    assert callback.attempts.get().error == "Streamdesk could not send this callback; the worker's log says why."


# Retry-After -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("9" * 400, 999_999_999.0),
        ("Wed, 21 Oct 2026 07:28:30", None),
        ("Wed, 99 Foo 99999 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(text, seconds):
    assert retry_after_seconds({"retry-after": text}, datetime(2026, 10, 21, 7, 28, tzinfo=UTC)) == seconds
