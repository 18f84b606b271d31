"""Lets browsers open a WebSocket only from our own pages: scheme, host and port of the Origin have to be those of the request, or stand in
TRUSTED_ORIGINS, as Django asks of forms.

Owns that comparison. A cookie is no proof: a page of another site, of another service on this host, or of ours without TLS sends it."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

CLOSE_FOREIGN = 4403
DEFAULT_PORTS = {"http": 80, "https": 443}

Scope = dict[str, Any]
Place = tuple[str, str, int | None]


class SameOrigin:
    """An ASGI application around another one, for WebSockets."""

    def __init__(self, application: Callable[..., Awaitable[Any]]) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        if comes_from_us(scope, settings.ALLOWED_HOSTS, settings.TRUSTED_ORIGINS):
            return await self.application(scope, receive, send)
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": CLOSE_FOREIGN})


def comes_from_us(scope: Scope, hosts: Collection[str], trusted: Collection[str]) -> bool:
    origins, named = _values(scope, b"origin"), _values(scope, b"host")
    if len(origins) != 1 or len(named) != 1:
        return False
    origin = _place(origins[0])
    if origin is None:
        return False
    if any(_place(one) == origin for one in trusted):
        return True
    scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
    domain, _ = split_domain_port(named[0])
    return bool(domain) and validate_host(domain, hosts) and _place(f"{scheme}://{named[0]}") == origin


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _place(origin: str) -> Place | None:
    """Scheme, host and port; None for what is no origin, such as `null`."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or _has_more(parts):
        return None
    return parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme]


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.path or parts.query or parts.fragment or "@" in parts.netloc)
