"""A debug log that grows while somebody looks at it: a WebSocket that brings what the page does not have yet.

Owns that conversation. It reads the rows the page reads, once a second, on threads of its own: no call waits for it, and it needs
no Redis. Whether the reader may still look is asked again every 30 s."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from itertools import zip_longest
from typing import Any

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import Error as DatabaseError
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import re_path

from cdr import second_factor
from cdr.pages.debug_log import DebugLogPage, call_log, stream_log
from cdr.pages.hiding import without_numbers
from cdr.pure.debuglog import Line
from streams.database_threads import DatabaseThreads

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
BEATS_AFTER_THE_END = 5
"""A call that has ended is looked at this many times less often: only its callbacks still change."""
RECHECK_BEATS = 30
HELLO_SECONDS = 10
MOST_ANCHORS = 10_000
CLOSE_REFUSED, CLOSE_NO_LONGER = 4403, 4401

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
LOGS = {"call": (call_log, "cdr.view_calldetail"), "stream": (stream_log, "cdr.view_streamdetail")}

_threads = DatabaseThreads(2, "live-log")


@dataclass(slots=True)
class Reading:
    """One open page: which log, whose session, and what it has of each line (anchor -> digest, "" for a line it shows)."""

    kind: str
    key: str
    session_key: str
    problems_only: bool
    known: dict[str, str] = field(default_factory=dict)


class LiveLogConsumer(AsyncConsumer):
    """Attached to no channel layer: it outlives Redis."""

    channel_layer_alias = "none"

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        reading = reading_of(scope)
        if not await _threads.run(may_read, reading):
            await send({"type": "websocket.close", "code": CLOSE_REFUSED})
            return
        await send({"type": "websocket.accept"})
        seen = await _hello(receive)
        if seen is None:
            return
        reading.known = dict.fromkeys(seen, "")
        await _until_left(receive, _push(reading, send))


def reading_of(scope: dict[str, Any]) -> Reading:
    words = scope["url_route"]["kwargs"]
    problems_only = b"level=problems" in scope.get("query_string", b"").split(b"&")
    return Reading(words["kind"], words["key"], _session_key(scope), problems_only)


def may_read(reading: Reading) -> bool:
    """Whether the session still belongs to somebody who may see this log, and has passed the second factor."""
    user = _user(reading)
    allowed = user.is_active and user.is_staff and user.has_perm(LOGS[reading.kind][1])
    return bool(allowed and second_factor.passed(user, SessionStore(reading.session_key)))


def news(reading: Reading) -> tuple[list[dict[str, str]], bool]:
    """The lines that the page does not have, or has otherwise, each with the anchor it stands before; and whether the call lives."""
    page = LOGS[reading.kind][0](reading.key, problems_only=reading.problems_only)
    if page is None:
        return [], False
    shown = page if _user(reading).has_perm("cdr.see_numbers") else without_numbers(page)
    return list(_new_lines(shown, reading.known)), page.live


def _new_lines(page: DebugLogPage, known: dict[str, str]) -> list[dict[str, str]]:
    found = []
    for line, following in zip_longest(page.lines, page.lines[1:]):
        digest = hashlib.sha256(repr(line).encode()).hexdigest()
        if known.get(line.anchor) == digest or (line.anchor in known and not known[line.anchor] and not _changes(line)):
            known[line.anchor] = digest
            continue
        known[line.anchor] = digest
        found.append({"anchor": line.anchor, "before": following.anchor if following else "", "html": _html(line)})
    # Backwards, so that the line which one stands before is on the page when it comes.
    return found[::-1]


def _html(line: Line) -> str:
    return render_to_string("admin/cdr/_line.html", {"line": line})


def _changes(line: Line) -> bool:
    """A callback's line says when the next try is; every other line is written once."""
    return line.anchor.startswith("c") and line.anchor[1:].isdigit()


async def _push(reading: Reading, send: Send) -> None:
    """Every second what is new, or that there is nothing: a page that hears neither says that it is stale."""
    live, beat = True, 0
    while True:
        lines: list[dict[str, str]] = []
        try:
            if beat % RECHECK_BEATS == RECHECK_BEATS - 1 and not await _threads.run(may_read, reading):
                await send({"type": "websocket.close", "code": CLOSE_NO_LONGER})
                return
            if live or beat % BEATS_AFTER_THE_END == 0:
                lines, live = await _threads.run(news, reading)
            await send({"type": "websocket.send", "text": json.dumps({"lines": lines, "live": live})})
        except DatabaseError as error:
            log.warning("A live log could not be read (%s); the page says that it is stale until it can.", error)
        beat += 1
        await asyncio.sleep(BEAT_SECONDS)


async def _until_left(receive: Receive, pushing: Any) -> None:
    """Pushes until the browser has gone; what else it says is passed over."""
    push = asyncio.ensure_future(pushing)
    leave = asyncio.ensure_future(_left(receive))
    try:
        done, _ = await asyncio.wait({push, leave}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a fault of ours closes the socket, and is logged by the server
    finally:
        for task in (push, leave):
            task.cancel()
        await asyncio.gather(push, leave, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _hello(receive: Receive) -> list[str] | None:
    """The anchors that the page shows: its first message. None when it said something else, or left."""
    try:
        message = await asyncio.wait_for(receive(), HELLO_SECONDS)
        said = json.loads(message.get("text") or "null")
    except (TimeoutError, ValueError):
        return None
    seen = said.get("seen") if isinstance(said, dict) else None
    return [str(anchor)[:30] for anchor in seen[:MOST_ANCHORS]] if isinstance(seen, list) else None


def _user(reading: Reading) -> Any:
    """As Django's own middleware finds it: an ended session and a changed password count at once."""
    request = HttpRequest()
    request.session = SessionStore(reading.session_key)
    return get_user(request)


def _session_key(scope: dict[str, Any]) -> str:
    cookie = next((value for name, value in scope.get("headers", []) if name == b"cookie"), b"")
    try:
        jar = SimpleCookie(cookie.decode("latin-1"))
    except CookieError:
        return ""
    return jar[settings.SESSION_COOKIE_NAME].value if settings.SESSION_COOKIE_NAME in jar else ""


live_urlpatterns = [re_path(r"^admin/live/(?P<kind>call|stream)/(?P<key>[-0-9a-f]+)/$", LiveLogConsumer.as_asgi())]
