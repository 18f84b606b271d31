"""Every parser of bytes that strangers send, as a function of bytes that may raise nothing but what its callers expect.

Owns which there are and what each may raise. Must not know who throws bytes at them: tests/fuzz/__main__.py does by the minute, steered by
what of the code an input reaches; tests/fuzz/test_parsers.py throws what is kept in corpus/, and changes of it."""

import os
import socket
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from itertools import zip_longest
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl

import django
import httpcore2

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation  # noqa: E402 - after the setup
from django.http.multipartparser import MultiPartParserError  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils import timezone  # noqa: E402
from pydantic import ValidationError  # noqa: E402
from websockets.speedups import apply_mask  # noqa: E402

from cdr.api.body import parameters  # noqa: E402
from cdr.api.call_filters import CallFilters  # noqa: E402
from cdr.api.errors import ApiRefusal  # noqa: E402
from cdr.pure import keyset, lookup, masking, period  # noqa: E402
from cdr.pure.log.filter import asked_by  # noqa: E402
from streams import admission  # noqa: E402
from streams.fetch import request as fetching  # noqa: E402
from streams.fetch.attempt import Attempt, TooLarge  # noqa: E402
from streams.guard import Destination  # noqa: E402
from streams.pure import number_key  # noqa: E402
from streams.pure.audio.wav_header import read_wav  # noqa: E402
from streams.pure.customer import answer_xml, protocol, service_url  # noqa: E402
from streams.pure.customer.play_format import playable  # noqa: E402
from streams.pure.customer.stream_request import InvalidRequest, check_request  # noqa: E402
from streams.pure.gateway.dialects import DIALECTS, dialect, filled_in, identity  # noqa: E402
from streams.pure.gateway.twilio_signature import signed_with  # noqa: E402
from streams.pure.messages import AudioFormat, Encoding, GatewayMessage, LateMetadata, Started  # noqa: E402
from streams.pure.ordinary_messages import ordinary_messages  # noqa: E402
from streams.pure.peer_address import counted_as, forwarded_for, peer_address  # noqa: E402
from streams.pure.provision_file import read_file  # noqa: E402

BETWEEN = b"\n\n"
"""Stands between messages of one connection; a message that begins with BINARY is a binary one."""
BINARY = b"\x00"
FORMATS = (AudioFormat(Encoding.MULAW, 8000), AudioFormat(Encoding.L16, 8000), AudioFormat(Encoding.L16, 16000))
PROXIES = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
ANSWER_BYTES = 60_000
"""As much as a socket of the operating system holds for its reader."""


class Parser(NamedTuple):
    """`read` may raise `refuses`, by which its callers know that something was wrong; anything else is a fault."""

    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...] = ()


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def parts(data: bytes, count: int) -> list[bytes]:
    """`count` parts, which lines separate; those that are not there are empty."""
    return [part for part, _ in zip_longest(data.split(b"\n", count - 1), range(count), fillvalue=b"")]


def gateway(name: str, data: bytes) -> None:
    """A connection from its URL's query to its end."""
    query, *messages = data.split(BETWEEN)
    asked = dict(parse_qsl(text_of(query)))
    spoken = dialect(name, asked)
    told: list[GatewayMessage] = []
    for message in messages:
        said = spoken.decode_binary(message[1:]) if message.startswith(BINARY) else spoken.decode_text(text_of(message))
        told += said
        assert spoken.hold_seconds >= 0
    told += spoken.waited()
    for one in told:
        if isinstance(one, Started):
            identity(asked, one.variables)
        if isinstance(one, LateMetadata):
            filled_in(asked, {"from": "", "to": "", "gateway_call_id": "", "direction": "inbound", "call_uuid": ""}, one)
    spoken.closed(1000, False)


def customer(data: bytes) -> None:
    for own in FORMATS:
        for message in (data, text_of(data)):
            said = protocol.decode(message, own)
            assert not isinstance(said, protocol.PlayAudio) or said.format


def played(data: bytes) -> None:
    content_type, rate, audio = parts(data, 3)
    playable(audio, text_of(content_type) or None, text_of(rate) or None, FORMATS[1])


def form(data: bytes) -> None:
    """A body of the API, as its first line says that it is; and the stream that it asks for."""
    content_type, body = parts(data, 2)
    kind = content_type.decode("latin-1").strip()
    check_request(parameters(RequestFactory().generic("POST", "/", body, content_type=kind)))


def upgrade(data: bytes) -> None:
    """What of a gateway's request is read before anybody knows whose it is: path, query and headers, line by line."""
    path, query, authorization, forwarded, signature = parts(data, 5)
    headers = [(b"authorization", authorization), (b"x-forwarded-for", forwarded), (b"x-twilio-signature", signature)]
    scope = {"query_string": query, "headers": headers, "client": ("127.0.0.1", 1), "url_route": {"kwargs": {}}}
    admission.credentials(scope, "gw")
    admission.loggable_path(text_of(path), ("pbx",))
    counted_as(forwarded_for("127.0.0.1", forwarded.decode("latin-1"), PROXIES))
    peer_address(text_of(path))
    signed_with("token", signature.decode("latin-1"), "host", text_of(path))


def asked_of_a_log(data: bytes) -> None:
    asked_by(parse_qs(text_of(data))).query()


def asked_of_the_api(data: bytes) -> None:
    CallFilters(**dict(parse_qsl(text_of(data))))


def typed(data: bytes) -> None:
    """What somebody types into the console's search and into its periods."""
    text = text_of(data)
    lookup.uuid_range(text)
    lookup.service_host(text)
    masking.masked(text)
    for find in (lookup.numbers_begun, lookup.numbers_sought, lookup.whole_numbers):
        find(text, ["GB", "US"])
    number_key.number_key(text, "DE")
    for timed in (True, False):
        try:
            keyset.read_place(text, timed=timed)
        except ValueError:
            continue
    first, last = map(text_of, parts(data, 2))
    period.between(first, last, timezone.now())


def url(data: bytes) -> None:
    written = text_of(data)
    problem = service_url.url_problem(written, ("ws", "wss"))
    assert problem or service_url.host_of(written)


def answer_over_http(data: bytes) -> None:
    """What a customer's server answers, whatever it is: head, body and end of it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data[:ANSWER_BYTES])
        theirs.shutdown(socket.SHUT_WR)
        attempt = Attempt(5)
        attempt.place = Destination("http", "customer.test", 80, "/", ("127.0.0.1",), False)
        fetching._reply(attempt, fetching._ask(attempt, ours, "GET", {}, b""), 10_000)


def provisioned(data: bytes) -> None:
    entries, _, problems = read_file(data)
    assert [str(problem) for problem in problems] or entries is not None


API_REFUSALS = (ApiRefusal, InvalidRequest, SuspiciousOperation, RequestDataTooBig, MultiPartParserError)
PARSERS: dict[str, Parser] = {
    **{f"gateway-{name}": Parser(partial(gateway, name)) for name in DIALECTS},
    "customer-message": Parser(customer),
    "play-audio": Parser(played, (ValueError,)),
    "wav-header": Parser(read_wav, (ValueError,)),
    "answer-xml": Parser(answer_xml.parse, (answer_xml.InvalidAnswer,)),
    "answer-over-http": Parser(answer_over_http, (OSError, httpcore2.ProtocolError, TooLarge)),
    "provision-file": Parser(provisioned),
    "api-body": Parser(form, API_REFUSALS),
    "api-query": Parser(asked_of_the_api, (ValidationError,)),
    "log-query": Parser(asked_of_a_log),
    "console-typed": Parser(typed, (ValueError,)),
    "upgrade-request": Parser(upgrade),
    "service-url": Parser(url),
    "websocket-messages": Parser(partial(ordinary_messages, unmask=apply_mask)),
}


def throw(name: str, data: bytes) -> None:
    """Lets the parser read; raises what is a fault."""
    parser = PARSERS[name]
    try:
        parser.read(data)
    except parser.refuses:
        return
