"""Signatures of what we send to customers: Plivo's V2 and V3, and Standard Webhooks.

Owns what is signed, how, and the header names. Must not know where nonces, tokens and times come from."""

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from streams.pure.callback.auth_tokens import Tokens
from streams.pure.customer.service_url import DEFAULT_PORTS

Params = Sequence[tuple[str, str]]


def v2(url: str, nonce: str, token: str) -> str:
    """Base64 of HMAC-SHA256 over scheme://host[:port]/path and the nonce; the query is not signed (Plivo, signature validation)."""
    return _signed(_base(urlsplit(url)) + nonce, token)


def v3(method: str, url: str, params: Params, nonce: str, token: str) -> str:
    """Base64 of HMAC-SHA256 over URL, parameters and nonce, joined as Plivo's SDKs join them; values count URL-decoded.

    GET sorts the query and `params` together; POST puts the sorted query, a '.', and the sorted parameters run together."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if method.upper() == "GET":
        return _signed(f"{_with_query(parts, [*query, *params])}.{nonce}", token)
    if not params:
        return _signed(f"{_with_query(parts, query)}.{nonce}", token)
    sorted_query = _joined(query, "&", "=")
    text = f"{_base(parts)}?{sorted_query}{'.' if sorted_query else ''}{_joined(params, '', '')}"
    return _signed(f"{text}.{nonce}", token)


def callback_headers(method: str, url: str, params: Params, tokens: Tokens, nonce: str) -> dict[str, str]:
    """The signature headers of a status callback or an answer request. `url` is the URL without what a GET adds as `params`.

    V3 is a comma-separated list, one signature for each token. V2 has room for one only, the oldest token's (docs/decisions): who
    checks V2 alone takes the next one when that has ended. Without a token nothing is signed."""
    if not tokens:
        return {}
    of_v2 = v2(url, nonce, tokens[-1])
    of_v3 = ",".join(v3(method, url, params, nonce, token) for token in tokens)
    return {
        "X-Plivo-Signature-V2": of_v2,
        "X-Plivo-Signature-Ma-V2": of_v2,
        "X-Plivo-Signature-V2-Nonce": nonce,
        "X-Plivo-Signature-V3": of_v3,
        "X-Plivo-Signature-Ma-V3": of_v3,
        "X-Plivo-Signature-V3-Nonce": nonce,
    }


def upgrade_headers(url: str, tokens: Tokens, nonce: str) -> dict[str, str]:
    """The signature headers of a WebSocket upgrade: a comma-separated list, by each token one signature for each URL a service may
    verify."""
    if not tokens:
        return {}
    signatures = ",".join(v3("GET", form, (), nonce, token) for token in tokens for form in _verified_urls(url))
    return {
        "X-Plivo-Signature-V3": signatures,
        "X-Plivo-Signature-Ma-V3": signatures,
        "X-Plivo-Signature-V3-Nonce": nonce,
    }


def standard_webhook_headers(message_id: str, timestamp_seconds: int, body: bytes, tokens: Tokens) -> dict[str, str]:
    """The three headers of Standard Webhooks 1.0.0 (v1: HMAC-SHA256 over id.timestamp.body, one for each token, separated by a
    blank). They are verified with `standard_webhook_secret`; the message id is the receiver's idempotency key."""
    signed = f"{message_id}.{timestamp_seconds}.".encode() + body
    if not tokens:
        return {"webhook-id": message_id, "webhook-timestamp": str(timestamp_seconds)}
    digests = (hmac.digest(token.encode(), signed, hashlib.sha256) for token in tokens)
    signatures = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp_seconds), "webhook-signature": signatures}


def standard_webhook_secret(token: str) -> str:
    """The account's token in the form that Standard Webhooks libraries take."""
    return f"whsec_{base64.b64encode(token.encode()).decode()}"


def _signed(text: str, token: str) -> str:
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha256)).decode()


def _base(parts: SplitResult) -> str:
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _with_query(parts: SplitResult, params: Params) -> str:
    query = _joined(params, "&", "=")
    return f"{_base(parts)}?{query}" if query else _base(parts)


def _joined(params: Params, between: str, inside: str) -> str:
    """Sorted by name, several values of one name sorted among themselves."""
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in params:
        values[name].append(value)
    return between.join(f"{name}{inside}{value}" for name in sorted(values) for value in sorted(values[name]))


def _verified_urls(url: str) -> Iterable[str]:
    """The URL as dialled and as services rebuild it, because no two clients agree on which one is signed.

    Python's helper takes http(s) only; behind a proxy that ends TLS a service sees http; the streaming SDK's FastAPI handler
    verifies the http form with /websocket behind everything."""
    parts = urlsplit(url)
    # A server always sees a path, so that is what it signs.
    dialled = parts if parts.path else parts._replace(path="/")
    secure = dialled.scheme in ("wss", "https")
    forms = [url, urlunsplit(dialled)]
    # First as it was written; then as the Host header has it.
    for netloc in (dialled.netloc, netloc_seen(dialled)):
        plain = urlunsplit(dialled._replace(scheme="http", netloc=netloc))
        forms += [urlunsplit(dialled._replace(scheme="https", netloc=netloc))] if secure else []
        forms += [plain, f"{plain}/websocket"]
    return dict.fromkeys(forms)


def netloc_seen(parts: SplitResult) -> str:
    """Host and port as a client names them in the Host header: in small letters, without the port that is the scheme's own."""
    host, _, port = parts.netloc.lower().rpartition(":")
    return host if port == str(DEFAULT_PORTS.get(parts.scheme.lower())) else parts.netloc.lower()
