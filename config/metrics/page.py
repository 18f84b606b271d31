"""/metrics of a web process: an ASGI application around another one, which answers that one path.

Owns the page: made once for all who ask within a second, in slices, so that no number of scrapes costs audio anything. It waits for nothing
that hangs longer than /status does. Must not know what the figures are of."""

import asyncio
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from config import readiness, status
from config.background_checks import LIMIT_SECONDS
from config.behind_proxies import PASSED_ON
from config.metrics.families import of_every_process
from config.metrics.figures import FRESH_SECONDS, NOTHING, backlog
from config.metrics.of_calls import of_database, of_process, of_switchboard
from config.metrics.readers import REFUSED, may_see_figures
from config.metrics.rendering import CONTENT_TYPE_LATEST, rendered
from config.metrics.version import version
from config.serving_role import METRICS
from streams.calls import switchboard
from streams.outages import what_is_away

KEPT_SECONDS = 1.0
ON_ITS_OWN_PORT = "Several processes serve this port. Each shows its own figures on a port of its own: --own-port.\n"

Scope = dict[str, Any]


class MetricsPage:
    """`role`: of the process, as readiness judges by it. `port`: the only one on which it shows its figures; None: any."""

    def __init__(self, application: Callable[..., Awaitable[Any]], role: str, port: int | None = None) -> None:
        self.application, self.role, self.port = application, role, port
        self._pages: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[float, asyncio.Task[bytes]]] = weakref.WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        if scope["type"] != "http" or scope.get("path") != METRICS:
            return await self.application(scope, receive, send)
        authorization = b"".join(value for name, value in scope["headers"] if name == b"authorization").decode("latin-1")
        address = str((scope.get("client") or ("",))[0])
        if not may_see_figures(address, authorization, passed_on=bool(scope.get(PASSED_ON))):
            return await send_text(send, 403, "text/plain; charset=utf-8", REFUSED.encode())
        if self.port is not None and (scope.get("server") or ("", None))[1] != self.port:
            return await send_text(send, 404, "text/plain; charset=utf-8", ON_ITS_OWN_PORT.encode())
        if scope["method"] not in ("GET", "HEAD"):
            return await send_text(send, 405, "text/plain; charset=utf-8", b"Only GET.\n")
        body = await asyncio.shield(self.page())
        return await send_text(send, 200, CONTENT_TYPE_LATEST, body if scope["method"] == "GET" else b"")

    def page(self) -> "asyncio.Task[bytes]":
        """That which is being made, or was just now; shielded from whoever asks and goes away."""
        loop = asyncio.get_running_loop()
        made_at, task = self._pages.get(loop, (0.0, None))
        if task is None or (task.done() and (time.monotonic() - made_at > KEPT_SECONDS or task.exception() is not None)):
            task = loop.create_task(self._make())
            self._pages[loop] = (time.monotonic(), task)
        return task

    async def _make(self) -> bytes:
        checks = [*status.ask_all(), backlog.begin(FRESH_SECONDS)]
        await asyncio.wait([asyncio.wrap_future(check) for check in checks], timeout=LIMIT_SECONDS)
        board = switchboard.of_running_loop()
        of_calls = await of_switchboard(board) if board is not None else []
        found = readiness.findings(self.role, readiness.database.last() or readiness.OK)
        ready = all(words == readiness.OK for words in found.values())
        of_this = of_process(ready=ready, stopping=switchboard.stopping, troubles=status.troubles())
        known = backlog.last() or NOTHING
        return rendered([*of_every_process(version(), what_is_away()), *of_this, *of_calls, *of_database(known)])


async def send_text(send: Any, status_code: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status_code, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
