"""One request, one deadline: what is sent, and every way in which a peer can fail to answer."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.fetch import FailureKind, FetchFailed, Reply, fetch
from streams.guard import Reach
from tests.streams.few_descriptors import few_descriptors_left
from tests.streams.name_server import looking_up, name_server
from tests.streams.raw_server import OK, Behaviour, dripping, flooding, hanging, mute, resetting, saying, serving, whole_request

LOOPBACK = Reach((ip_network("127.0.0.0/8"), ip_network("::1/128")))
DEADLINE_SECONDS = 0.4
IN_TIME_SECONDS = 10
"""Without a deadline each of these would take until the test is over; a machine that is busy may be late by much."""


def asked(url: str, **changes: Any) -> Reply:
    given: dict[str, Any] = {"body": b"", "headers": {}, "deadline_seconds": DEADLINE_SECONDS, "max_bytes": 8192, "reach": LOOPBACK}
    return fetch(changes.pop("method", "GET"), url, **{**given, **changes})


def failure(url: str, **changes: Any) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        asked(url, **changes)
    assert caught.value.problem.endswith(".")
    return caught.value


def test_without_a_descriptor_it_fails_in_words() -> None:
    with serving(saying(OK)) as server, few_descriptors_left(4):
        assert "this process has no descriptor left for it" in failure(server.url).problem


def head(connection: socket.socket, over: Event) -> None:
    """Answers with the request as it came, so that a test can look at it."""
    request = whole_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(request), request))


# What is sent and what comes back ------------------------------------------------------------------------------------------
def test_a_request_is_sent_as_given_with_our_own_headers():
    with serving(head) as server:
        reply = asked(server.url, method="POST", body=b"a=1", headers={"X-One": "1", "Content-Type": "text/plain"})
    assert reply.body == (
        b"POST /path?q=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: Streamdesk\r\nAccept-Encoding: identity\r\n"
        b"Connection: close\r\nContent-Length: 3\r\nX-One: 1\r\nContent-Type: text/plain\r\n\r\na=1" % server.port
    )


def test_a_get_has_no_body_and_no_length():
    with serving(head) as server:
        assert b"Content-Length" not in asked(server.url).body


def test_a_reply_carries_status_headers_body_address_and_duration():
    with serving(saying(b"HTTP/1.1 404 Nope\r\nX-Why: gone\r\nContent-Length: 4\r\n\r\nbody and more")) as server:
        reply = asked(server.url)
    assert (reply.status, reply.headers["x-why"], reply.body, reply.address, reply.truncated) == (404, "gone", b"body", "127.0.0.1", False)
    assert 0 <= reply.duration_ms < 10_000
    assert reply.status_words == "404 Not Found"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ],
)
def test_a_body_is_read_however_it_is_framed(answer):
    with serving(saying(answer)) as server:
        assert asked(server.url).body == b"abcde"


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"],
    ids=["until closed", "1 GB announced"],
)
def test_a_huge_body_is_read_to_the_limit_and_no_further(start):
    with serving(flooding(start, b"x")) as server:
        reply = asked(server.url, max_bytes=100)
    assert (reply.status, reply.body, reply.truncated) == (200, b"x" * 100, True)


def test_a_long_head_is_taken():
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (number, b"v" * 100) for number in range(500))
    with serving(saying(head + b"Content-Length: 100000\r\n\r\n", b"x" * 100_000)) as server:
        reply = asked(server.url, max_bytes=100_000, deadline_seconds=IN_TIME_SECONDS)
    assert (len(reply.headers), len(reply.body), reply.truncated) == (501, 100_000, False)


def test_a_body_of_exactly_the_limit_is_whole():
    with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"x" * 100)) as server:
        assert not asked(server.url, max_bytes=100).truncated


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status):
    with serving(saying(OK)) as target:
        location = target.url.encode()
        with serving(saying(b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, location))) as server:
            reply = asked(server.url)
    assert (reply.status, reply.redirect, target.connections) == (status, target.url, 0)


def test_the_environments_proxy_is_not_asked(monkeypatch):
    with serving(saying(OK)) as proxy, serving(saying(OK)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert asked(server.url).status == 200
    assert proxy.connections == 0


def test_the_next_address_is_tried_when_one_refuses():
    with serving(saying(OK)) as server:
        reply = asked(f"http://two.example:{server.port}/", resolve=lambda *_: ["127.0.0.2", "127.0.0.1"])
    assert (reply.status, reply.address) == (200, "127.0.0.1")


# Who may not be dialled ----------------------------------------------------------------------------------------------------
def test_a_denied_address_sees_no_connection():
    with serving(saying(OK)) as server:
        refused = failure(server.url, reach=Reach())
        by_name = failure(f"http://evil.example:{server.port}/", reach=Reach(), resolve=lambda *_: ["127.0.0.1"])
    assert (refused.kind, by_name.kind, server.connections) == (FailureKind.REFUSED_ADDRESS, FailureKind.REFUSED_ADDRESS, 0)
    assert refused.address == ""
    assert "may not be dialled: this machine" in refused.problem


def test_a_url_of_another_scheme_is_refused():
    assert failure("ftp://example.com/").kind is FailureKind.REFUSED_ADDRESS


def test_a_name_that_hangs_in_the_resolver_costs_the_deadline_and_no_more():
    started = time.monotonic()
    with name_server({}) as server, looking_up(server) as lookup:
        problem = failure("http://slow.swallowed/", resolve=lookup.within(DEADLINE_SECONDS))
    assert problem.kind is FailureKind.DNS
    assert time.monotonic() - started < IN_TIME_SECONDS


# How a peer can fail to answer ---------------------------------------------------------------------------------------------
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
FAILURES: dict[str, tuple[Behaviour, FailureKind, str]] = {
    "never reads": (mute, FailureKind.TIMEOUT, "did not answer within 0.4 s"),
    "hangs": (hanging(), FailureKind.TIMEOUT, "did not answer within 0.4 s"),
    "hangs after its status": (hanging(b"HTTP/1.1 200 OK\r\n"), FailureKind.TIMEOUT, "did not answer within"),
    "drips its status": (dripping(b"HTTP/1.1 200 ", b"O"), FailureKind.TIMEOUT, "did not answer within"),
    "drips its head": (dripping(HEAD + b"X-Long: "), FailureKind.TIMEOUT, "did not answer within"),
    "drips headers": (dripping(HEAD, b"A: b\r\n", 0.05), FailureKind.TIMEOUT, "did not answer within"),
    "drips 100 Continue": (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), FailureKind.TIMEOUT, "did not answer within"),
    "100 Continue without end": (flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), FailureKind.TOO_LARGE, "more headers than"),
    "headers without end": (flooding(HEAD, b"A: b\r\n"), FailureKind.TOO_LARGE, "more headers than"),
    "a header without end": (flooding(HEAD + b"A: ", b"b"), FailureKind.TOO_LARGE, "more headers than"),
    "a body in an unknown encoding": (
        saying(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        FailureKind.MALFORMED,
        "did not answer in HTTP (Only Transfer-Encoding: chunked is supported)",
    ),
    "says two lengths": (
        saying(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
        FailureKind.MALFORMED,
        "did not answer in HTTP (conflicting Content-Length headers)",
    ),
    "closes": (saying(b""), FailureKind.RESET, "closed the connection without an answer"),
    "closes after its status": (saying(b"HTTP/1.1 200 OK\r\n"), FailureKind.RESET, "closed the connection without an answer"),
    "closes in its status": (saying(b"HTTP/1.1 200"), FailureKind.RESET, "closed the connection without an answer"),
    "closes in its head": (saying(HEAD), FailureKind.RESET, "closed the connection without an answer"),
    "resets": (resetting(), FailureKind.RESET, "closed the connection without an answer"),
    "speaks another protocol": (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), FailureKind.MALFORMED, "did not answer in HTTP"),
    "greets in another protocol and waits": (
        hanging(b"220 mail.example\r\n"),
        FailureKind.MALFORMED,
        "did not answer in HTTP (220 mail.example)",
    ),
    "says an empty line": (saying(b"\r\n\r\n"), FailureKind.MALFORMED, "did not answer in HTTP (an empty line)"),
    "says an unknown version": (saying(b"HTTP/2.0 200 OK\r\n\r\n"), FailureKind.MALFORMED, "did not answer in HTTP"),
    "says no status": (saying(b"HTTP/1.1 OK\r\n\r\n"), FailureKind.MALFORMED, "did not answer in HTTP"),
}


@pytest.mark.parametrize(("behaviour", "kind", "words"), FAILURES.values(), ids=FAILURES.keys())
def test_a_peer_that_fails_is_a_failure_within_the_deadline(behaviour, kind, words):
    with serving(behaviour) as server:
        started = time.monotonic()
        # A machine that is busy must not make a time-out of another failure.
        deadline_seconds = DEADLINE_SECONDS if kind is FailureKind.TIMEOUT else IN_TIME_SECONDS
        problem = failure(server.url, method="POST", body=b"a=1", deadline_seconds=deadline_seconds)
        seconds = time.monotonic() - started
    assert (problem.kind, problem.address) == (kind, "127.0.0.1")
    assert words in problem.problem
    assert seconds < IN_TIME_SECONDS
    assert (390 if kind is FailureKind.TIMEOUT else 0) <= problem.duration_ms <= seconds * 1000 + 1


CUT_SHORT: dict[str, tuple[Behaviour, FailureKind, str]] = {
    "hangs in its body": (hanging(HEAD + b"Content-Length: 9\r\n\r\nabc"), FailureKind.TIMEOUT, "did not finish its answer within"),
    "drips its body": (dripping(HEAD + b"Content-Length: 9999\r\n\r\n"), FailureKind.TIMEOUT, "did not finish its answer within"),
    "drips a body without length": (dripping(HEAD + b"\r\n"), FailureKind.TIMEOUT, "did not finish its answer within"),
    "drips chunks": (dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), FailureKind.TIMEOUT, "did not finish"),
    "a chunk size without end": (
        flooding(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1"),
        FailureKind.MALFORMED,
        "did not answer in HTTP (Receive buffer too long)",
    ),
    "trailers without end": (
        flooding(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
        FailureKind.MALFORMED,
        "did not answer in HTTP (Receive buffer too long)",
    ),
    "closes in its body": (saying(HEAD + b"Content-Length: 9\r\n\r\nabc"), FailureKind.RESET, "in the middle of its answer"),
    "closes before its body": (saying(HEAD + b"Content-Length: 9\r\n\r\n"), FailureKind.RESET, "in the middle of its answer"),
    "closes in a chunk": (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"), FailureKind.RESET, "in the middle of its answer"),
    "closes between chunks": (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"), FailureKind.RESET, "in the middle of"),
    "resets in its body": (resetting(HEAD + b"Content-Length: 9\r\n\r\nabc"), FailureKind.RESET, "closed the connection"),
    "a chunk of negative size": (
        flooding(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"x"),
        FailureKind.MALFORMED,
        "did not answer in HTTP (illegal chunk header)",
    ),
}
"""Peers that break off once their head is there: the kind says why, which is told with the reply."""


@pytest.mark.parametrize(("behaviour", "kind", "words"), CUT_SHORT.values(), ids=CUT_SHORT.keys())
def test_a_body_that_breaks_off_leaves_the_status_and_says_so_within_the_deadline(behaviour, kind, words):
    with serving(behaviour) as server:
        started = time.monotonic()
        deadline_seconds = DEADLINE_SECONDS if kind is FailureKind.TIMEOUT else IN_TIME_SECONDS
        reply = asked(server.url, method="POST", body=b"a=1", deadline_seconds=deadline_seconds)
        seconds = time.monotonic() - started
    assert (reply.status, reply.address) == (200, "127.0.0.1")
    assert words in reply.cut_short
    assert seconds < IN_TIME_SECONDS
    assert (390 if kind is FailureKind.TIMEOUT else 0) <= reply.duration_ms <= seconds * 1000 + 1


def test_a_peer_that_takes_no_request_body_is_cut_at_the_deadline():
    with serving(mute) as server:
        assert failure(server.url, method="POST", body=b"x" * 20_000_000).kind is FailureKind.TIMEOUT


def test_nobody_listening_is_a_refused_connection():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    problem = failure(f"http://127.0.0.1:{port}/")
    assert problem.kind is FailureKind.CONNECT
    assert problem.problem == (
        f"127.0.0.1 cannot be reached at 127.0.0.1 port {port}: the connection was refused, so nothing listens there."
    )


def test_a_connection_that_is_not_accepted_is_given_up():
    with closing(socket.socket()) as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        with closing(socket.create_connection(address)), closing(socket.socket()) as second:
            second.setblocking(False)
            second.connect_ex(address)  # the queue of one is full now: further SYNs are dropped
            problem = failure(f"http://127.0.0.1:{address[1]}/")
    assert (problem.kind, problem.problem) == (FailureKind.TIMEOUT, "127.0.0.1 did not accept a connection within 0.4 s.")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", HEAD + b"\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"]))
def test_no_answer_raises_anything_but_fetch_failed(server_with_script, noise, start):
    server, script = server_with_script
    script[:] = [start + noise]
    try:
        reply = asked(server.url)
    except FetchFailed as problem:
        assert problem.problem.isprintable()
    else:
        assert 100 <= reply.status <= 999


@pytest.fixture(scope="module")
def server_with_script() -> Iterator[tuple[Any, list[bytes]]]:
    script = [b""]

    def behave(connection: socket.socket, _over: Event) -> None:
        whole_request(connection)
        connection.sendall(script[0])

    with serving(behave) as server:
        yield server, script


# TLS -----------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for("localhost", tmp_path_factory.mktemp("tls") / "good.pem", timedelta(days=1))


def certificate_for(name: str, file: Path, ends_in: timedelta) -> Path:
    """A certificate that is its own authority, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), now - timedelta(days=9), now + ends_in
    )
    made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def local(*_args: Any) -> list[str]:
    return ["127.0.0.1"]


def test_https_is_spoken_with_the_name_and_dialled_to_the_judged_address(certificate):
    with serving(head, server_side(certificate)) as server:
        reply = asked(f"https://localhost:{server.port}/", tls=trusting(certificate), resolve=local, deadline_seconds=5)
    assert (reply.status, reply.address) == (200, "127.0.0.1")
    assert b"Host: localhost:%d\r\n" % server.port in reply.body


def test_a_certificate_nobody_vouches_for_is_refused(certificate):
    with serving(head, server_side(certificate)) as server:
        problem = failure(f"https://localhost:{server.port}/", resolve=local, deadline_seconds=5)
    assert (problem.kind, problem.problem) == (FailureKind.TLS, "The TLS connection to localhost failed: self-signed certificate.")


def test_a_certificate_for_another_host_is_refused(certificate):
    with serving(head, server_side(certificate)) as server:
        url = f"https://other.example:{server.port}/"
        problem = failure(url, tls=trusting(certificate), resolve=local, deadline_seconds=5)
    assert problem.kind is FailureKind.TLS
    assert "certificate is not valid for 'other.example'" in problem.problem


def test_an_expired_certificate_is_refused(tmp_path):
    expired = certificate_for("localhost", tmp_path / "expired.pem", timedelta(days=-1))
    with serving(head, server_side(expired)) as server:
        problem = failure(f"https://localhost:{server.port}/", tls=trusting(expired), resolve=local, deadline_seconds=5)
    assert (problem.kind, problem.problem) == (FailureKind.TLS, "The TLS connection to localhost failed: certificate has expired.")


def plain_http(connection: socket.socket, _over: Event) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def closing_at_once(connection: socket.socket, _over: Event) -> None:
    connection.recv(65_536)


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (plain_http, FailureKind.TLS, "The TLS connection to 127.0.0.1 failed: wrong version number."),
        (mute, FailureKind.TIMEOUT, "127.0.0.1 did not finish the TLS handshake within 0.4 s."),
        (closing_at_once, FailureKind.RESET, "127.0.0.1 broke off the TLS handshake."),
    ],
    ids=["speaks plain HTTP", "hangs", "closes"],
)
def test_a_server_that_does_not_speak_tls_says_how(behaviour, kind, words):
    with serving(behaviour) as server:
        problem = failure(f"https://127.0.0.1:{server.port}/")
    assert (problem.kind, problem.problem) == (kind, words)


def test_the_deadline_holds_under_tls_too(certificate):
    with serving(dripping(HEAD + b"X-Long: "), server_side(certificate)) as server:
        started = time.monotonic()
        problem = failure(f"https://localhost:{server.port}/", tls=trusting(certificate), resolve=local)
        assert time.monotonic() - started < IN_TIME_SECONDS
    assert problem.kind is FailureKind.TIMEOUT


def test_the_deadline_holds_for_a_body_under_tls_too(certificate):
    with serving(dripping(HEAD + b"Content-Length: 999\r\n\r\n"), server_side(certificate)) as server:
        started = time.monotonic()
        reply = asked(f"https://localhost:{server.port}/", tls=trusting(certificate), resolve=local)
        assert time.monotonic() - started < IN_TIME_SECONDS
    assert "did not finish its answer within" in reply.cut_short
