"""Puts the visitor in the place of the proxy that passed him on, before anything looks: his address, his scheme, the host he asked for.

Owns the reading of X-Forwarded-For, -Proto and -Host: believed from the networks of TRUSTED_PROXIES alone, and taken out of every request,
so that nothing behind this can believe them by mistake. Must not know what is asked for."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from streams.pure.foreign_text import cleaned
from streams.pure.peer_address import Networks, forwarded_for, is_trusted, peer_address

log = logging.getLogger(__name__)

FOR, PROTO, HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
SECURE = {"http": "https", "websocket": "wss"}
PLAIN = {"http": "http", "websocket": "ws"}
PASSED_ON = "passed_on"
"""Where of a request's scope it stands that somebody passed it on whose word about the visitor is not believed."""
OF_OTHER_PROXIES = (b"forwarded", b"via", b"x-real-ip")
HINT_SECONDS = 600
"""Between two lines of the log about a peer that is not believed: any stranger may send these headers."""

Scope = dict[str, Any]
Application = Callable[..., Awaitable[Any]]


class BehindProxies:
    """An ASGI application around another one. `hints`: say in the log when a proxy seems to have been forgotten."""

    def __init__(self, application: Application, proxies: Networks, *, hints: bool) -> None:
        self.application, self.proxies, self.hints = application, proxies, hints
        self._hinted_at = -float(HINT_SECONDS)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        return await self.application(self.seen_through(scope) if scope["type"] in SECURE else scope, receive, send)

    def seen_through(self, scope: Scope) -> Scope:
        host, port = (scope.get("client") or ("", 0))[:2]
        said = {name: _lines(scope, name) for name in (FOR, PROTO, HOST)}
        kept = [(name, value) for name, value in scope["headers"] if name not in said]
        seen = {**scope, "headers": kept, "client": (peer_address(str(host)) or "", port)}
        if not is_trusted(str(host), self.proxies):
            if any(said.values()):
                self._hint(str(host))
            return {**seen, PASSED_ON: any(said.values()) or any(name in OF_OTHER_PROXIES for name, _ in kept)}
        if said[FOR]:
            seen["client"] = (forwarded_for(str(host), said[FOR], self.proxies) or "", 0)
        if said[PROTO]:
            seen["scheme"] = (SECURE if _last(said[PROTO]).lower() in ("https", "wss") else PLAIN)[scope["type"]]
        if said[HOST]:
            seen["headers"] = [*((name, value) for name, value in kept if name != b"host"), (b"host", _last(said[HOST]).encode("latin-1"))]
        return seen

    def _hint(self, peer: str) -> None:
        if not self.hints or time.monotonic() - self._hinted_at < HINT_SECONDS:
            return
        self._hinted_at = time.monotonic()
        log.warning(
            "%s sent X-Forwarded headers and is not in TRUSTED_PROXIES: they are not believed. If it is your proxy, name it there.",
            cleaned(peer, 60) or "A peer without an address",
        )


def _lines(scope: Scope, name: bytes) -> str:
    """All lines of a header as one, in order: some proxies add a line of their own below the one that a stranger sent."""
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


def _last(text: str) -> str:
    return text.rpartition(",")[2].strip()
