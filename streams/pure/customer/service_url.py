"""Which URLs a customer may name: WebSocket services and HTTP callbacks, judged by their text alone.

Owns the rules of form and their sentences. Must not know addresses: whether a host may be dialled is another's question."""

import re
from urllib.parse import SplitResult, urlsplit

from streams.pure.customer.host_name import canonical_host, folded_host

URL_CHARACTERS, HOST_CHARACTERS = 2048, 255
WEBSOCKET_SCHEMES = ("ws", "wss")
HTTP_SCHEMES = ("http", "https")
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

# Before anything is split, because urlsplit drops line breaks and tabs without a word.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def url_problem(url: str, schemes: tuple[str, ...]) -> str:
    """What is wrong with `url`, as the rest of a sentence that begins with its name; '' when nothing is."""
    if len(url) > URL_CHARACTERS:
        return f"has {len(url)} characters; a URL may have at most {URL_CHARACTERS}"
    if _FORBIDDEN.search(url):
        return "holds a space, a backslash or a control character; such characters have to be percent-encoded"
    if not url.isascii():
        return "holds characters outside of ASCII; they have to be percent-encoded, in a host name as punycode (xn--)"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "cannot be read as a URL: its host or its port is malformed; a port is a number from 1 to 65535"
    return _parts_problem(parts, port, schemes)


def _parts_problem(parts: SplitResult, port: int | None, schemes: tuple[str, ...]) -> str:
    if parts.scheme not in schemes or not parts.netloc:
        return f"has to begin with {' or '.join(f'{scheme}://' for scheme in schemes)} and a host"
    if "@" in parts.netloc:
        return "must not carry a user name or a password"
    if not _HOST.fullmatch(_host(parts)):
        return "has no host name that can be read"
    try:
        canonical_host(_host(parts))
    except ValueError as problem:
        return f"has a host that cannot be dialled: {str(problem).rstrip('.')}"
    if port == 0 or parts.netloc.endswith(":"):
        return "has no port after the colon; a port is a number from 1 to 65535"
    if parts.fragment and schemes == WEBSOCKET_SCHEMES:
        return "has a fragment (#...), which WebSocket URLs cannot have (RFC 6455)"
    return ""


def host_of(url: str) -> str:
    """The host that `url` names, as `folded_host` has it, without a port; "" when it names none."""
    try:
        return folded_host(urlsplit(url).hostname or "")[:HOST_CHARACTERS]
    except ValueError:
        return ""


def _host(parts: SplitResult) -> str:
    """The host as it is written, with the brackets of an IPv6 address and without the port."""
    host, colon, port = parts.netloc.rpartition(":")
    return host if colon and not port.endswith("]") else parts.netloc
