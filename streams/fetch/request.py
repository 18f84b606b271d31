"""Asks once: look up, judge, connect, send, read, all before one deadline.

Owns the order of these steps and our own request headers. Must not know how a failure is worded."""

import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache
from http.client import responses
from typing import NamedTuple

import httpcore2

from streams import guard, name_lookup
from streams.descriptors import in_words, keep_back
from streams.fetch.attempt import ASKING, CONNECT_SECONDS, READING, SECURING, Attempt, TooLarge
from streams.fetch.wire import Wire
from streams.pure.foreign_text import cleaned

SCHEMES = ("http", "https")


class Reply(NamedTuple):
    """An answer, a redirect included. Header names are in small letters; header values and `body` are foreign text. `cut_short`: why the
    body is not whole, in a sentence; "" when it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str
    duration_ms: int
    truncated: bool
    cut_short: str = ""

    @property
    def status_words(self) -> str:
        """'404 Not Found', in the standard's words, not the peer's."""
        return f"{self.status} {responses.get(self.status, '')}".strip()

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
    reach: guard.Reach,
    resolve: guard.Resolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> Reply:
    """Asks once and reads at most `max_bytes` of the answer's body (`truncated` says that there was more).

    The deadline covers the look-up, the connection, TLS, head and body. Once the head is there, what becomes of the body is told and not
    raised: who asks for the status only has it. Blocks; raises FetchFailed and nothing else."""
    attempt = Attempt(deadline_seconds)
    try:
        attempt.place = guard.destination(url, reach, SCHEMES, resolve or name_lookup.system().within(deadline_seconds))
        with _connect(attempt, tls) as sock:
            return _reply(attempt, _ask(attempt, sock, method, headers, body), max_bytes)
    except (guard.AddressRefused, guard.Unresolvable, OSError, httpcore2.ProtocolError, TooLarge) as error:
        raise attempt.failure(error) from error


def _connect(attempt: Attempt, tls: ssl.SSLContext | None) -> socket.socket:
    """An open socket to one of the judged addresses. With TLS the certificate must be for the URL's host, not for the address."""
    sock = _dial(attempt)
    if not attempt.place.tls:
        return sock
    attempt.step = SECURING
    try:
        sock.settimeout(attempt.left())
        return (tls or _system_tls()).wrap_socket(sock, server_hostname=attempt.place.host)
    except BaseException:
        sock.close()
        raise


def _dial(attempt: Attempt) -> socket.socket:
    """The first address that accepts; raises the OSError of the last one."""
    problem = OSError("no address")
    for address in attempt.place.addresses:
        attempt.address = address
        try:
            sock = socket.create_connection((address, attempt.place.port), min(CONNECT_SECONDS, attempt.left()))
        except OSError as error:
            problem = in_words(error)
            continue
        try:
            keep_back(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as error:
            sock.close()
            problem = error
    raise problem


@lru_cache(maxsize=1)
def _system_tls() -> ssl.SSLContext:
    """The system's authorities, or those of SSL_CERT_FILE. Made once: reading them takes longer than a request."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _ask(attempt: Attempt, sock: socket.socket, method: str, headers: Mapping[str, str], body: bytes) -> httpcore2.Response:
    """Sends the request and reads the answer's head.

    The library's own way to dial sets ALPN on the TLS context of all threads for each request; so it is given an open connection."""
    attempt.step = ASKING
    own = {"Host": attempt.place.authority, "User-Agent": "Streamdesk", "Accept-Encoding": "identity", "Connection": "close"}
    if method != "GET":
        own["Content-Length"] = str(len(body))
    url = httpcore2.URL(scheme=attempt.place.scheme, host=attempt.place.host, port=attempt.place.port, target=attempt.place.target)
    connection = httpcore2.HTTP11Connection(url.origin, Wire(sock, attempt))
    return connection.handle_request(httpcore2.Request(method, url, headers=list({**own, **headers}.items()), content=body))


def _reply(attempt: Attempt, response: httpcore2.Response, max_bytes: int) -> Reply:
    attempt.step = READING
    body, cut_short = bytearray(), ""
    try:
        for piece in response.iter_stream():
            body += piece
            if len(body) > max_bytes:
                break
    except (OSError, httpcore2.ProtocolError) as error:
        cut_short = attempt.failure(error).problem
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Reply(response.status, headers, bytes(body[:max_bytes]), attempt.address, attempt.duration_ms, len(body) > max_bytes, cut_short)
