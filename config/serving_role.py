"""What one web process serves: gateways and their calls (media), people and programs (console), or both.

Owns which address is whose, and what an address of the other's is told: a page that hangs a console cannot touch audio where a process of
its own has the calls. Must not know what stands behind an address."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from streams.pure.foreign_text import cleaned

log = logging.getLogger(__name__)

ALL, CONSOLE, MEDIA = "all", "console", "media"
SERVING_ROLES = (ALL, CONSOLE, MEDIA)
IN_SCOPE = "serving_role"
"""Where of a request's scope its process's role stands, for who has to know: readiness."""
ALIVE, READY, STATUS = PROBES = ("/healthz", "/readyz", "/status")
METRICS = "/metrics"
ANSWERED_FIRST = (*PROBES, METRICS)
"""They have a turn before pages and gateways: in a storm it is most wanted to know how the process is."""
CONSOLE_SOCKETS = ("/admin/live/", "/desk/live/")
CLOSE_ELSEWHERE, CLOSE_REFUSED = 4404, 4403
NO_PAGES = "This process takes gateways' calls only (--role media). Console and API: a process with --role console."
NO_CALLS = "This process serves console and API only (--role console). Gateways connect to a process with --role media."

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


def in_role(role: str, application: AsgiApplication) -> AsgiApplication:
    """`application`, of which a process of this role serves its part."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        kind, path = scope["type"], scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if kind == "http" and role == MEDIA and path not in PROBES:
            await refuse_request(send)
        elif kind == "websocket" and role == MEDIA and path.startswith(CONSOLE_SOCKETS):
            await refuse_page(receive, send)
        elif kind == "websocket" and role == CONSOLE and not path.startswith(CONSOLE_SOCKETS):
            await refuse_gateway(path, receive, send)
        else:
            await application({**scope, IN_SCOPE: role}, receive, send)

    return serve


async def refuse_request(send: Send) -> None:
    """Answered before the request is read: not even a form of a megabyte costs the calls of this process anything."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": f"{NO_PAGES}\n".encode()})


async def refuse_page(receive: Receive, send: Send) -> None:
    """Accepted first: a browser is told code and reason of no socket that was never open."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": CLOSE_ELSEWHERE, "reason": NO_PAGES})


async def refuse_gateway(path: str, receive: Receive, send: Send) -> None:
    """Not accepted: a gateway that was would believe that its call is taken."""
    await receive()  # websocket.connect
    beginning = "/".join(path.split("/")[:4])  # up to the gateway's name: what stands behind it may be its password
    log.warning("WebSocket refused at %s. %s", cleaned(beginning, 100), NO_CALLS)
    await send({"type": "websocket.close", "code": CLOSE_REFUSED})
