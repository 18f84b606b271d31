"""How parameters travel to a customer's HTTP endpoint: as a form in the body (POST) or merged into the query (GET), signed either way.

Owns that choice. Must not know what the parameters mean, nor send anything."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from streams.pure.callback import signature
from streams.pure.callback.auth_tokens import Tokens


class FormRequest(NamedTuple):
    """`url` is what is requested: without fragment, and for GET with the parameters in its query."""

    url: str
    body: bytes
    headers: dict[str, str]


def signed_form(method: str, url: str, parameters: Sequence[tuple[str, str]], tokens: Tokens, nonce: str) -> FormRequest:
    """`method` is GET or POST; `tokens` are the account's, the keys of the V2 and V3 signatures (Plivo request validation)."""
    bare = url.partition("#")[0]
    headers = signature.callback_headers(method, bare, parameters, tokens, nonce)
    form = urlencode(parameters)
    if method == "GET":
        return FormRequest(_with_query(bare, form), b"", headers)
    return FormRequest(bare, form.encode(), {**headers, "Content-Type": "application/x-www-form-urlencoded"})


def _with_query(url: str, query: str) -> str:
    if not query:
        return url
    joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return url + joint + query
