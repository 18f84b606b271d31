"""How parameters travel to a customer's HTTP endpoint: as a form in the body (POST) or merged into the query (GET), signed either way.

Owns that choice. Must not know what the parameters mean, nor send anything."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

from streams.pure.callback import signature
from streams.pure.callback.auth_tokens import Tokens
from streams.pure.customer.host_name import canonical_host

_HOST = re.compile(r"\A(?:\[[^]]*\]|[^:]*)")


class FormRequest(NamedTuple):
    """`url` is what is requested and signed, as the server sees it; for GET with the parameters in its query."""

    url: str
    body: bytes
    headers: dict[str, str]


def signed_form(method: str, url: str, parameters: Sequence[tuple[str, str]], tokens: Tokens, nonce: str) -> FormRequest:
    """`method` is GET or POST; `tokens` are the account's, the keys of the V2 and V3 signatures (Plivo request validation)."""
    bare = _as_the_server_sees_it(url)
    headers = signature.callback_headers(method, bare, parameters, tokens, nonce)
    form = urlencode(parameters)
    if method == "GET":
        return FormRequest(_with_query(bare, form), b"", headers)
    return FormRequest(bare, form.encode(), {**headers, "Content-Type": "application/x-www-form-urlencoded"})


def _as_the_server_sees_it(url: str) -> str:
    """What its framework rebuilds from request line and Host header, and verifies signatures over: with a path, without the scheme's own
    port, the host in small letters and as it is looked up (no final dot, an IPv6 address in its short form)."""
    parts = urlsplit(url)
    netloc = _HOST.sub(_looked_up, signature.netloc_seen(parts))
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, ""))


def _looked_up(written: re.Match[str]) -> str:
    try:
        host = canonical_host(written[0])
    except ValueError:
        return written[0]
    return f"[{host}]" if ":" in host else host


def _with_query(url: str, query: str) -> str:
    if not query:
        return url
    joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return url + joint + query
