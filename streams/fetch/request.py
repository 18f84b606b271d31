"""Asks once: look up, judge, connect, send, read, all before one deadline.

Owns the order of these steps and our own request headers. Must not know how a failure is worded."""

import http.client
import socket
import ssl
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NamedTuple, cast

from streams import guard
from streams.fetch.attempt import ASKING, CONNECT_SECONDS, READING, SECURING, Attempt
from streams.fetch.wire import Wire
from streams.pure.foreign_text import cleaned

SCHEMES = ("http", "https")


class Reply(NamedTuple):
    """A whole answer, a redirect included. Header names are in small letters; header values and `body` are foreign text."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str
    duration_ms: int
    truncated: bool

    @property
    def status_words(self) -> str:
        """'404 Not Found', in the standard's words, not the peer's."""
        return f"{self.status} {http.client.responses.get(self.status, '')}".strip()

    @property
    def redirect(self) -> str:
        """Where the peer wants us to go instead, fit to be shown; '' when this is no redirect."""
        return cleaned(self.headers.get("location", "elsewhere"), 200) if 300 <= self.status < 400 else ""


def fetch(
    method: str,
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    deadline_seconds: float,
    max_bytes: int,
    allow: Collection[guard.Network],
    resolve: guard.Resolver = guard.resolved,
    tls: ssl.SSLContext | None = None,
) -> Reply:
    """Asks once and reads at most `max_bytes` of the answer's body (`truncated` says that there was more).

    The deadline covers the look-up, the connection, TLS, head and body. Blocks; raises FetchFailed and nothing else."""
    attempt = Attempt(deadline_seconds)
    try:
        attempt.place = guard.destination(url, allow, SCHEMES, guard.resolved_within(deadline_seconds, resolve))
        with _connected(attempt, tls) as sock:
            connection = _sent(attempt, sock, method, headers, body)
            return _reply(attempt, connection, max_bytes)
    except (guard.Refused, guard.Unresolvable, OSError, http.client.HTTPException, ValueError) as error:
        raise attempt.failure(error) from error


def _connected(attempt: Attempt, tls: ssl.SSLContext | None) -> socket.socket:
    """An open socket to one of the judged addresses. With TLS the certificate must be for the URL's host, not for the address."""
    sock = _dialled(attempt)
    if not attempt.place.tls:
        return sock
    attempt.step = SECURING
    try:
        sock.settimeout(attempt.left())
        return (tls or _system_tls()).wrap_socket(sock, server_hostname=attempt.place.host)
    except BaseException:
        sock.close()
        raise


def _dialled(attempt: Attempt) -> socket.socket:
    """The first address that accepts; raises the OSError of the last one."""
    problem = OSError("no address")
    for address in attempt.place.addresses:
        attempt.address = address
        try:
            sock = socket.create_connection((address, attempt.place.port), min(CONNECT_SECONDS, attempt.left()))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as error:
            problem = error
    raise problem


@lru_cache(maxsize=1)
def _system_tls() -> ssl.SSLContext:
    """The system's authorities, or those of SSL_CERT_FILE. Made once: reading them takes longer than a request."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _sent(attempt: Attempt, sock: socket.socket, method: str, headers: Mapping[str, str], body: bytes) -> http.client.HTTPConnection:
    attempt.step = ASKING
    connection = http.client.HTTPConnection(attempt.place.host, attempt.place.port)
    connection.sock = cast(socket.socket, Wire(sock, attempt))
    connection.putrequest(method, attempt.place.target, skip_host=True, skip_accept_encoding=True)
    own = {"Host": attempt.place.authority, "User-Agent": "Streamdesk", "Accept-Encoding": "identity", "Connection": "close"}
    if method != "GET":
        own["Content-Length"] = str(len(body))
    for name, value in {**own, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body or None)
    return connection


def _reply(attempt: Attempt, connection: http.client.HTTPConnection, max_bytes: int) -> Reply:
    response = connection.getresponse()
    attempt.step = READING
    body, truncated = _body(response, max_bytes)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, body, attempt.address, attempt.duration_ms, truncated)


def _body(response: http.client.HTTPResponse, max_bytes: int) -> tuple[bytes, bool]:
    """At most `max_bytes`, and whether there was more. A body shorter than its Content-Length is a failure: http.client lets it pass."""
    body = response.read(max_bytes + 1)
    if response.length and len(body) <= max_bytes:
        raise http.client.IncompleteRead(body, response.length)
    return body[:max_bytes], len(body) > max_bytes
