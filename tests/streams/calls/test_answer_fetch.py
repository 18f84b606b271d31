"""The answer URL: what it is asked, and every way in which it gives no document."""

import socket
from contextlib import closing
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest
from plivo.utils import validate_signature
from plivo.utils.signature_v3 import validate_v3_signature
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from streams.calls.answer_fetch import AnswerUnreachable, Fetched, answer_parameters, fetch_answer
from streams.guard import Reach
from tests.streams.raw_server import dripping, hanging, serving

CALL = UUID("7aea0680-1f8c-46c2-a04f-990e2e0d52eb")
TOKEN, AUTH_ID = "testAuthToken0123456789", "MAXXXXXXXXXXXXXXXXXX"
XML = b"<Response><Stream>wss://bot.example/audio</Stream></Response>"
ASKED = {
    "CallUUID": str(CALL),
    "From": "14155550123",
    "To": "sip:bot@phone.example",
    "Direction": "inbound",
    "CallStatus": "in-progress",
    "Event": "StartApp",
    "ParentAuthID": AUTH_ID,
}


def fetched(url: str, method: str = "POST", **changes: Any) -> Fetched:
    given: dict[str, Any] = {
        "parameters": answer_parameters(str(CALL), "+14155550123", "sip:bot@phone.example", "inbound", AUTH_ID),
        "auth_tokens": (TOKEN,),
        "reach": Reach((ip_network("127.0.0.0/8"), ip_network("::1/128"))),
        "timeout_seconds": 5,
    }
    return fetch_answer(url, method, **{**given, **changes})


def unreachable(url: str, **changes: Any) -> AnswerUnreachable:
    with pytest.raises(AnswerUnreachable) as caught:
        fetched(url, **changes)
    assert str(caught.value) == caught.value.problem
    return caught.value


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_application_is_asked_with_the_calls_facts_and_signed(httpserver: HTTPServer, method):
    seen: list[Request] = []

    def application(request: Request) -> Response:
        seen.append(request)
        return Response(XML, content_type="application/xml")

    httpserver.expect_request("/answer", method=method).respond_with_handler(application)
    answer = fetched(httpserver.url_for("/answer?tenant=7"), method)
    assert answer.document == XML
    assert answer.facts.pop("duration_ms") < 5000
    url, document = httpserver.url_for("/answer?tenant=***"), XML.decode()
    assert answer.facts == {"url": url, "method": method, "status": 200, "address": "127.0.0.1", "document": document}

    (request,) = seen
    sent = request.form.to_dict() if method == "POST" else {name: value for name, value in request.args.items() if name != "tenant"}
    assert sent == ASKED
    assert request.args["tenant"] == "7"
    headers, form = request.headers, request.form.to_dict()
    nonce = headers["X-Plivo-Signature-V3-Nonce"]
    assert validate_v3_signature(method, request.url, nonce, TOKEN, headers["X-Plivo-Signature-V3"], form)
    assert validate_signature(request.url, headers["X-Plivo-Signature-V2-Nonce"], headers["X-Plivo-Signature-V2"], TOKEN)


def test_each_request_has_a_nonce_of_its_own(httpserver: HTTPServer):
    httpserver.expect_request("/answer").respond_with_data(XML)
    fetched(httpserver.url_for("/answer"))
    fetched(httpserver.url_for("/answer"))
    assert len({request.headers["X-Plivo-Signature-V3-Nonce"] for request, _ in httpserver.log}) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "The answer URL answered 404 Not Found; it should answer 200 with XML."),
        (500, "The answer URL answered 500 Internal Server Error; it should answer 200 with XML."),
        (799, "The answer URL answered 799; it should answer 200 with XML."),
    ],
)
def test_an_answer_that_is_not_2xx_is_named(httpserver: HTTPServer, status, words):
    httpserver.expect_request("/answer").respond_with_data("out of order", status=status)
    problem = unreachable(httpserver.url_for("/answer"))
    assert problem.problem == words
    assert (problem.facts["status"], problem.facts["document"]) == (status, "out of order")


def test_a_redirect_is_named_and_not_followed(httpserver: HTTPServer):
    httpserver.expect_request("/answer").respond_with_data("", status=302, headers={"Location": "/elsewhere\u202e"})
    problem = unreachable(httpserver.url_for("/answer")).problem
    assert problem.startswith("The answer URL answered 302, a redirect to /elsewhere")
    assert problem.endswith("Redirects are not followed: set the final URL.")
    assert problem.isprintable()
    assert len(httpserver.log) == 1


def test_a_document_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(httpserver: HTTPServer):
    httpserver.expect_request("/just").respond_with_data(b"x" * 100_000)
    httpserver.expect_request("/more").respond_with_data(b"x" * 100_001)
    assert len(fetched(httpserver.url_for("/just")).document) == 100_000
    assert unreachable(httpserver.url_for("/more")).problem == "The answer URL sent more than 100 kB; an answer is a short XML document."


@pytest.mark.parametrize("behaviour", [hanging(), dripping(b"HTTP/1.1 200 OK\r\n\r\n<Response>")], ids=["hangs", "drips"])
def test_a_slow_application_is_given_up_at_the_time_limit(behaviour):
    with serving(behaviour) as server:
        problem = unreachable(server.url, timeout_seconds=0.3)
    assert problem.problem.startswith("The answer URL gave no document: 127.0.0.1 did not ")
    assert problem.problem.endswith(" within 0.3 s.")
    assert problem.facts["address"] == "127.0.0.1"
    assert 300 <= problem.facts["duration_ms"] < 10_000


def test_nobody_there_is_named():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    assert "nothing listens there" in unreachable(f"http://127.0.0.1:{port}/").problem


def test_a_forbidden_address_is_named_and_not_dialled(httpserver: HTTPServer):
    assert "may not be dialled: this machine" in unreachable(httpserver.url_for("/answer"), reach=Reach()).problem
    assert httpserver.log == []


def test_a_password_in_the_url_reaches_neither_the_facts_nor_the_problem():
    problem = unreachable("http://user:s3cr3t@127.0.0.1/answer")
    assert "s3cr3t" not in f"{problem.problem} {problem.facts}"
    assert "Leave it out" in problem.problem


def test_an_application_whose_call_is_traced_is_told_of_the_trace(httpserver: HTTPServer, settings: Any) -> None:
    settings.TRACE_SHARE = 1.0
    httpserver.expect_request("/answer").respond_with_data(XML)
    fetched(httpserver.url_for("/answer"))
    ((request, _),) = httpserver.log
    assert request.headers["traceparent"].startswith(f"00-{CALL.hex}-")
