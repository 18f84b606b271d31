"""With HTTPS=1: what comes without TLS and brings a secret, or a form, is refused before it is read; anything else is led to https.

Owns that refusal. A redirect would be too late: the secret was on the wire, and the client would send it so again each time. Gateways are
streams.admission's."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from streams.pure.foreign_text import cleaned

log = logging.getLogger(__name__)

BRING_NOTHING = ("GET", "HEAD", "OPTIONS")
WORDS = "This came without TLS, and was refused unread: use https://. A password or token sent so may have been seen on the way: change it."

Scope = dict[str, Any]


class NoPlainSecrets:
    """An ASGI application around another one."""

    def __init__(self, application: Callable[..., Awaitable[Any]], *, https: bool) -> None:
        self.application, self.https = application, https

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        if self.https and scope["type"] == "http" and scope.get("scheme") != "https" and brings_secret(scope):
            log.warning("Refused unread, because it came without TLS: %s %s from %s", *described(scope))
            return await refuse(scope, send)
        return await self.application(scope, receive, send)


def brings_secret(scope: Scope) -> bool:
    """Cookies are none: browsers send ours by TLS only, and others' are not ours to judge."""
    return scope["method"] not in BRING_NOTHING or any(name == b"authorization" for name, _ in scope["headers"])


def described(scope: Scope) -> tuple[str, str, str]:
    """Without the query, which may hold a secret as well."""
    return cleaned(scope["method"], 10), cleaned(scope.get("path", ""), 100), str((scope.get("client") or ("unknown",))[0])


async def refuse(scope: Scope, send: Any) -> None:
    of_api = scope.get("path", "").startswith("/v1/")
    body = json.dumps({"api_id": str(uuid4()), "error": WORDS}) if of_api else f"{WORDS}\n"
    kind = b"application/json" if of_api else b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"x-content-type-options", b"nosniff"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
